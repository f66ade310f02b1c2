// SPDX-License-Identifier: Apache-2.0
// HTTP body: an answer's JSON, whoever sent it: not so deep that copying and walking it could run out of stack.
//
// Threads: a pure function.
// Fails:   text that is no JSON, or too deep -> a value that is discarded: no object, no array, no string.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace sampan::uplink {

nlohmann::json read_json_body(std::string_view text);
// Whether a service answers, whatever it says: a page of whoever stands in its place is no JSON.
bool is_json_answer(std::string_view content_type, std::string_view body);

}  // namespace sampan::uplink
