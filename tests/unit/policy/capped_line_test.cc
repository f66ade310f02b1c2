// SPDX-License-Identifier: Apache-2.0
#include "policy/capped_line.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::policy;

TEST_CASE("over_any_longer_time_no_more_goes_than_the_cap_says") {
  for (const std::uint64_t cap : {1'000u, 64'000u, 1'000'003u, 125'000'000u})
    for (const std::uint64_t piece : {1u, 1000u, 131'072u, 1'048'576u}) {
      CappedLine line(cap, Millis(1000));
      MonoTime now{5000};
      std::uint64_t sent = 0;
      for (int i = 0; i < 2000; ++i) {
        now = std::max(now, line.book(piece, now));
        const std::uint64_t allowed = cap * static_cast<std::uint64_t>(now.ms - 5000 + 1000 + 1) / 1000;
        REQUIRE(sent <= allowed);  // before this piece; it is begun when those before it are through
        sent += piece;
      }
      // Nor much less: the line is not left idle.
      const auto needed = static_cast<std::int64_t>(sent * 1000 / cap);
      CHECK(now.ms - 5000 <= needed);
      CHECK(now.ms - 5000 >= needed - 1000 - static_cast<std::int64_t>(piece * 1000 / cap) - 1);
    }
}

TEST_CASE("what_does_not_wait_counts_and_delays_what_follows_by_a_burst_at_most" * doctest::description("contract 7")) {
  CappedLine line(200'000, Millis(1000));
  const MonoTime now{1'000'000};
  line.note(500'000'000, now);
  CHECK(line.book(100'000, now) == MonoTime{now.ms + 1000});
  for (int i = 0; i < 100; ++i) line.note(1'000'000, now);
  CHECK(line.book(1, now) == MonoTime{now.ms + 1500});  // after what was booked and waits, which nothing takes back or puts off
  CappedLine small(1000, Millis(1000));
  small.note(1400, now);
  CHECK(small.book(1000, now) == MonoTime{now.ms + 400});
}

TEST_CASE("after_a_pause_only_a_burst_goes_at_once") {
  CappedLine line(1000, Millis(1000));
  MonoTime now{0};
  CHECK(line.book(1000, now) == now);
  CHECK(line.book(1000, now) == now);  // the burst is used up with it
  CHECK(line.book(1000, now) == MonoTime{1000});
  now = MonoTime{1'000'000};
  CHECK(line.book(2000, now) == now);
  CHECK(line.book(1, now) == MonoTime{1'001'000});
}
