// SPDX-License-Identifier: Apache-2.0
#include "node/loop_picture.h"

#include <doctest/doctest.h>

#include <future>

using namespace sampan;
using namespace sampan::node;
using namespace std::chrono_literals;

namespace {

struct HandClock final : Clock {
  MonoTime mono() const override { return {mono_ms}; }
  WallTime wall() const override { return {0}; }
  std::atomic<std::int64_t> mono_ms{1000};
};

// A loop that says how often it was looked at, and can be kept from answering.
struct LoopFixture {
  HandClock clock;
  std::atomic<int> looks{0};
  Loop loop{clock};
  LoopPicture picture{loop, clock, [this] { return look(); }};
  std::promise<void> go_on;

  ToldByLoop look() {
    ToldByLoop told;
    told.destinations.resize(1);
    told.destinations[0].sending_now = static_cast<std::size_t>(++looks);
    return told;
  }
  void start() {
    loop.start([] { return scheduler::never; }, [] {}, Millis(3'600'000));
  }
  void keep_busy() {
    std::promise<void> busy;
    loop.post([&busy, may_go = go_on.get_future().share()] { busy.set_value(), may_go.wait(); });
    busy.get_future().wait();
  }
  static std::size_t number(const ToldByLoop& told) { return told.destinations.empty() ? 0 : told.destinations[0].sending_now; }
};

}  // namespace

TEST_CASE_FIXTURE(LoopFixture, "a_loop_that_answers_is_shown_as_it_is_now") {
  start();
  for (std::size_t i = 1; i < 4; ++i) {
    const auto seen = picture.take(10s);
    CHECK(number(seen) == i);
    CHECK_FALSE(seen.age.has_value());
  }
  loop.stop();
}

TEST_CASE_FIXTURE(LoopFixture, "of_a_loop_that_does_not_answer_the_last_picture_is_shown_with_its_age" * doctest::description("contract 8")) {
  start();
  CHECK(number(picture.take(10s)) == 1);
  keep_busy();
  clock.mono_ms += 7000;
  for (int i = 0; i < 3; ++i) {
    const auto seen = picture.take(10ms);
    CHECK(number(seen) == 1);
    CHECK(seen.age == Millis(7000));
  }
  go_on.set_value();
  const auto seen = picture.take(10s);
  CHECK_FALSE(seen.age.has_value());
  loop.call([] {});
  CHECK(looks <= 3);  // the three that were not answered lay with it as one
  loop.stop();
  CHECK(picture.take(10s).age == Millis(0));
}

TEST_CASE_FIXTURE(LoopFixture, "a_loop_that_never_answered_has_an_empty_picture") {
  clock.mono_ms += 500;
  CHECK(picture.take(10s).destinations.empty());
  start();
  keep_busy();
  const auto seen = picture.take(10ms);
  CHECK(seen.destinations.empty());
  CHECK(seen.age == Millis(500));
  go_on.set_value();
  CHECK(number(picture.take(10s)) > 0);
  loop.stop();
}
