// SPDX-License-Identifier: Apache-2.0
#include "policy/fallback.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::policy;

TEST_CASE("the_detour_begins_after_the_set_time_of_silence_and_ends_with_the_first_answer") {
  for (const std::int64_t after : {1, 1000, 60'000, 1'800'000}) {
    CHECK_FALSE(takes_detour(std::nullopt, Millis(after)));
    CHECK_FALSE(detour_in(std::nullopt, Millis(after)).has_value());
    for (std::int64_t silent = 0; silent <= 2 * after; silent += (after + 6) / 7) {
      const bool taken = takes_detour(Millis(silent), Millis(after));
      const auto in = detour_in(Millis(silent), Millis(after));
      REQUIRE(taken == (silent >= after));
      REQUIRE(in.has_value() == !taken);
      if (in) REQUIRE(in->count() + silent == after);
    }
    CHECK_FALSE(takes_detour(Millis(after - 1), Millis(after)));
    CHECK(takes_detour(Millis(after), Millis(after)));
  }
}
