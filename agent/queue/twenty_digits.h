// SPDX-License-Identifier: Apache-2.0
// Twenty digits: a number as names of meta have it, so that they stand in the order of the spool (FORMAT.md, Ledger).
//
// Fails:  nothing.
#pragma once

#include <cstdint>
#include <string>

namespace sampan::queue {

inline std::string twenty_digits(std::uint64_t number) {
  const std::string text = std::to_string(number);
  return std::string(20 - text.size(), '0') + text;
}

}  // namespace sampan::queue
