// SPDX-License-Identifier: Apache-2.0
#include "scheduler/throttle.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

using namespace sampan;
using namespace sampan::scheduler;
using namespace std::chrono_literals;

namespace {

// Stands still, and tells that it was read.
struct StandingClock final : Clock {
  MonoTime mono() const override { return ++reads, MonoTime{1'000'000}; }
  WallTime wall() const override { return {}; }
  mutable std::atomic<int> reads = 0;
};

using Real = std::chrono::steady_clock;

// 1000 bytes a second, and the next ones wait for more than a minute.
struct Full {
  Full() {
    throttle.cap(1000);
    throttle.pass(100'000, nullptr);
  }
  // How long somebody waits who is there already when this happens.
  Real::duration wait(const std::function<void()>& happens) {
    const int before = clock.reads;
    const auto begun = Real::now();
    std::thread waits([&] { throttle.pass(1000, &hurry); });
    while (clock.reads == before) std::this_thread::yield();
    throttle.look_again();  // not before it waits
    happens();
    waits.join();
    return Real::now() - begun;
  }
  StandingClock clock;
  Throttle throttle{clock};
  std::atomic<bool> hurry = false;
};

}  // namespace

TEST_CASE_FIXTURE(Full, "a_wait_ends_at_once_when_an_emergency_comes" * doctest::description("contract 7")) {
  CHECK(wait([&] { hurry = true, throttle.look_again(); }) < 20s);
}

TEST_CASE_FIXTURE(Full, "a_wait_ends_at_once_with_the_destination" * doctest::description("contract 7")) {
  CHECK(wait([&] { throttle.release(); }) < 20s);
}

TEST_CASE_FIXTURE(Full, "a_wait_ends_at_once_when_the_cap_changes") {
  CHECK(wait([&] { throttle.cap({}); }) < 20s);
}

TEST_CASE("a_large_emergency_holds_back_what_follows_for_a_burst_at_most" * doctest::description("contract 7")) {
  StandingClock clock;
  Throttle throttle(clock);
  throttle.cap(200'000);
  const std::atomic<bool> hurry = true;
  for (int i = 0; i < 500; ++i) throttle.pass(1'000'000, &hurry);
  const auto begun = Real::now();
  throttle.pass(1000, nullptr);
  CHECK(Real::now() - begun >= 900ms);
  CHECK(Real::now() - begun < 20s);  // 2497 s
}
