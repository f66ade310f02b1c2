// SPDX-License-Identifier: Apache-2.0
// Custody: what the API tells of damage here and of duties that a person ends, as JSON.
//
// Part of the client half: stands on base alone.
// Fails:   an answer this version does not understand -> Errc::damaged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sampan::control {

struct DamagedPlace {
  std::string place;  // its name
  std::uint64_t bytes = 0;
  bool doubtful = false;  // it may have been acknowledged: nobody knows
  std::string reason;
  std::string study_uid;          // of a known image; else empty
  std::optional<WallTime> about;  // when it came
};
struct DamageList {
  WallTime now;
  bool more = false;
  bool incomplete = false;  // the spool is not read to its end, or the index did not answer
  std::vector<DamagedPlace> places;
};
struct DamageSeen {
  std::uint64_t places = 0;
};

struct DropAnswer {
  std::string destination;
  bool done = false;            // else this is what would be done
  bool more = false;            // asked for once more, it goes on with the rest; of a count: at least so many
  std::uint64_t elsewhere = 0;  // images another destination that counts is owed, or has
  std::uint64_t kept = 0;       // that nobody else is owed, and that stay
  std::uint64_t given_up = 0;   // the same, and they do not
  std::uint64_t damaged = 0;
  std::uint64_t telemetry = 0;
  std::uint64_t all() const { return elsewhere + kept + given_up + damaged + telemetry; }
};

std::string damage_json(const DamageList& list);
Result<DamageList> parse_damage(std::string_view json);
std::string seen_json(const DamageSeen& seen);
Result<DamageSeen> parse_seen(std::string_view json);
std::string drop_json(const DropAnswer& drop);
Result<DropAnswer> parse_drop(std::string_view json);

}  // namespace sampan::control
