// SPDX-License-Identifier: Apache-2.0
// Limit table: every constant of core/limits.h in words, for the reference. A test finds the one that is missing here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sampan::core {

struct Limit {
  std::string_view name;
  std::string value;  // "8 MiB", "30 s", "64"
  std::string_view en, zh;
};

const std::vector<Limit>& limit_table();

}  // namespace sampan::core
