// SPDX-License-Identifier: Apache-2.0
// Refusal: why a request was not done, as a word for scripts and a sentence for people, in both languages.
//
// {"code": "not_found", "error": "...", "zh": "..."} with a fitting HTTP status.
// Part of the client half: stands on base alone.
// Fails:   text that is no refusal -> Errc::damaged.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sampan::control {

struct Refusal {
  int status = 400;  // of HTTP
  std::string code;  // stable
  std::string en, zh;
};

// 503: what is looked for may be here, and not in the index yet.
Refusal not_found_yet();

std::string refusal_json(const Refusal& refusal);
// status is left as it is.
Result<Refusal> parse_refusal(std::string_view json);

}  // namespace sampan::control
