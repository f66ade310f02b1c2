// SPDX-License-Identifier: Apache-2.0
// Exam verbs: what became of an exam, the exams of today, and what a person orders.
#pragma once

#include "cli/verb.h"

namespace sampan::cli {

int run_trace(Session& session);
int run_today(Session& session);
int run_hold(Session& session);
int run_resume(Session& session);
int run_resend(Session& session);
int run_push(Session& session);

}  // namespace sampan::cli
