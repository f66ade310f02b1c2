// SPDX-License-Identifier: Apache-2.0
// Exam view: one exam's story in its order, and a line per exam. Pure: the same values give the same text.
#pragma once

#include <string>

#include "control/exam.h"
#include "control/words.h"

namespace sampan::cli {

std::string show_trace(const control::ExamList& list, control::Lang lang);
std::string show_today(const control::ExamList& list, control::Lang lang);
// Something of it is rejected or on hold: a person should look.
bool needs_a_person(const control::ExamList& list);

}  // namespace sampan::cli
