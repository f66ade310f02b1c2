// SPDX-License-Identifier: Apache-2.0
// Seen: which damage a person has looked at, as the ledger knows it: a line of meta for each place (FORMAT.md, Ledger).
//
// Fails:  nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "queue/twenty_digits.h"

namespace sampan::queue {

// meta.name of a place; its value is how many bytes were damaged there when it was looked at.
inline std::string seen_name(std::uint64_t segment, std::uint64_t offset) {
  return "seen " + twenty_digits(segment) + " " + twenty_digits(offset);
}

// Conditions of SQL, on rows of quarantine and of item: nobody has looked at it.
inline constexpr std::string_view unseen_range =
    "NOT EXISTS(SELECT 1 FROM meta m WHERE m.name=printf('seen %020d %020d',quarantine.segment,quarantine.offset) AND m.value>=quarantine.bytes)";
inline constexpr std::string_view unseen_item =
    "NOT EXISTS(SELECT 1 FROM meta m WHERE m.name=printf('seen %020d %020d',item.seq>>20,(item.seq&1048575)*4096) AND m.value>=item.record_bytes)";

}  // namespace sampan::queue
