// SPDX-License-Identifier: Apache-2.0
// Status view: one screen that answers "are my images arriving?".
//
// The first line is the answer in words, the last ones say what to do. Pure: the same status gives the same text.
#pragma once

#include <string>

#include "control/node_status.h"
#include "control/words.h"

namespace sampan::cli {

std::string show_status(const control::NodeStatus& status, control::Lang lang);
// A line or two: what protects the keys, and whether a person could still open them.
std::string key_words(const control::KeyStatus& key, control::Lang lang);
// "good", "正常"
const char* verdict_word(control::Verdict verdict, control::Lang lang);
const char* state_word(control::DestinationState state, control::Lang lang);

}  // namespace sampan::cli
