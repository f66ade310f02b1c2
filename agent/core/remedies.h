// SPDX-License-Identifier: Apache-2.0
// Remedies: who is at fault when a destination takes nothing, by the reason of it, and what a person does. Status and events say the same.
//
// Sentences hold {dest}. Threads: any; the tables are constant.
#pragma once

#include <string>
#include <string_view>

namespace sampan::core {

struct Remedy {
  std::string_view reason;  // what the reason holds
  std::string_view en, zh, action_en, action_zh;
};

// Of a destination that is stopped until a person does something.
const Remedy& remedy_stopped(std::string_view reason);
// Of one that is tried again by itself. answers: it was heard of since.
const Remedy& remedy_away(std::string_view reason, bool answers);
// Whether the reason is a word of the destination, and not its silence.
bool is_answer(std::string_view reason);
// A sentence of a remedy with the name in it.
std::string about(std::string_view sentence, std::string_view destination);

}  // namespace sampan::core
