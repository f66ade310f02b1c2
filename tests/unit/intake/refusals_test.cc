// SPDX-License-Identifier: Apache-2.0
#include "intake/refusals.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

Refusal from(const std::string& address, std::int64_t ms = 0) {
  Refusal refusal;
  refusal.time = WallTime{ms};
  refusal.peer_address = address;
  refusal.reason = "why";
  return refusal;
}

}  // namespace

TEST_CASE("keeps_the_last_refusals_newest_first") {
  Refusals refusals;
  refusals.remember(from("192.0.2.1"));
  refusals.remember(from("192.0.2.2"));
  const auto seen = refusals.snapshot();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].peer_address == "192.0.2.2");
  CHECK(seen[1].peer_address == "192.0.2.1");
}

TEST_CASE("forgets_the_oldest_refusal_beyond_the_limit") {
  Refusals refusals;
  for (unsigned i = 0; i < core::limits::refused_callers_kept + 3; ++i) refusals.remember(from(std::to_string(i)));
  const auto seen = refusals.snapshot();
  CHECK(seen.size() == core::limits::refused_callers_kept);
  CHECK(seen.back().peer_address == "3");
  CHECK(refusals.total() == core::limits::refused_callers_kept + 3);
}

TEST_CASE("a_caller_that_tries_again_is_one_refusal_with_a_count") {
  Refusals refusals;
  CHECK(refusals.remember(from("192.0.2.1", 1)) == 1);
  CHECK(refusals.remember(from("192.0.2.2", 2)) == 1);
  CHECK(refusals.remember(from("192.0.2.1", 3)) == 2);
  const auto seen = refusals.snapshot();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].peer_address == "192.0.2.1");
  CHECK(seen[0].times == 2);
  CHECK(seen[0].time.ms == 3);
}
