// SPDX-License-Identifier: Apache-2.0
// Reload answer: what came of reading the settings again, as JSON.
//
// {"applied": true, "problems": [{"en": "file:line:column: ...", "zh": "..."}], "after_restart": ["state_directory"]}
// Part of the client half: stands on base alone.
// Fails:   text that is no such answer -> Errc::damaged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sampan::control {

struct ReloadAnswer {
  struct Problem {
    std::string en, zh;
    friend bool operator==(const Problem&, const Problem&) = default;
  };
  bool applied = false;
  std::vector<Problem> problems;           // why not; everything is as it was
  std::vector<std::string> after_restart;  // options that were not applied with the others
};

std::string reload_json(const ReloadAnswer& answer);
Result<ReloadAnswer> parse_reload(std::string_view json);

}  // namespace sampan::control
