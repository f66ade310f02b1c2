// SPDX-License-Identifier: Apache-2.0
// HTTP body: an answer's JSON, whoever sent it: no deeper than anything that is looked for, so that copying and walking it never
// runs out of stack.
//
// Threads: a pure function.
// Fails:   text that is no JSON -> a value that is discarded: no object, no array, no string. What lies deeper is left out.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace sampan::uplink {

nlohmann::json read_json_body(std::string_view text);

}  // namespace sampan::uplink
