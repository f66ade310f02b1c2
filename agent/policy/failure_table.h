// SPDX-License-Identifier: Apache-2.0
// Failure table: every answer a next hop can give, what it means and how to say it (DESIGN §6, classes of failure).
//
// One row per code or range; the first row that fits wins, and the last row of a family fits every code, so that a
// lookup always finds an answer. Sources: PS3.4 B.2.3, PS3.7 annex C, PS3.8 9.3.3.2 and 9.3.4,
// PS3.18 I.2.2, RFC 9110.
// Threads: any; the table is constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sampan::policy {

enum class Family : std::uint8_t {
  dimse,        // status of a C-STORE response
  association,  // source << 8 | reason of an A-ASSOCIATE-RJ
  context,      // result of one presentation context
  http,         // status code of an answer that did not speak for the instance itself
  stow,         // Failure Reason of an instance in a Failed SOP Sequence
  finding       // Finding: what was seen without a code
};

enum class Finding : std::uint16_t {
  no_connection = 1,
  timeout = 2,
  certificate = 3,         // the peer's, or ours as the peer sees it
  captive_portal = 4,      // somebody else answered in the peer's place
  found_there = 5,         // a conflict without another word, and what is there is byte for byte the same
  found_unlike = 6         // the same, and nobody can say that
};

enum class Verdict : std::uint8_t {
  delivered,
  already_there,  // delivered, some time ago
  transient,      // the destination backs off
  doubtful,       // nobody can tell: a few spaced tries of this item, then rejected
  sop_class,      // this class is not taken here: blocked and probed
  permanent,      // this item is refused for good
  configuration   // this node is refused: the destination is stopped and probed slowly
};

struct FailureRow {
  Family family;
  std::uint16_t first;
  std::uint16_t last;
  Verdict verdict;
  std::string_view en;
  std::string_view zh;
};

// In order of lookup.
std::span<const FailureRow> failure_table();
const FailureRow& find_failure(Family family, std::uint16_t code);
inline const FailureRow& find_failure(Finding finding) {
  return find_failure(Family::finding, static_cast<std::uint16_t>(finding));
}

}  // namespace sampan::policy
