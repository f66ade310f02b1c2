// SPDX-License-Identifier: Apache-2.0
#include "scheduler/breaker.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::scheduler;
using namespace std::chrono_literals;
using State = Breaker::State;

namespace {
constexpr MonoTime now{5000};
Breaker fresh() { return Breaker({2s, 15min}, 20min); }
}  // namespace

TEST_CASE("a_breaker_says_when_its_state_is_news") {
  Breaker breaker = fresh();
  CHECK(breaker.state() == State::unknown);
  CHECK_FALSE(breaker.open());
  CHECK(breaker.succeeded());
  CHECK_FALSE(breaker.succeeded());
  CHECK(breaker.failed(now, 0.5, std::nullopt));
  CHECK_FALSE(breaker.failed(now, 0.5, std::nullopt));
  CHECK(breaker.open());
  CHECK(breaker.refused(now));
  CHECK_FALSE(breaker.refused(now));
  CHECK(breaker.open());
  CHECK(breaker.succeeded());
  CHECK(breaker.state() == State::up);
}

TEST_CASE("each_failure_doubles_the_wait_and_a_success_begins_anew") {
  Breaker breaker = fresh();
  breaker.failed(now, 1.0, std::nullopt);
  CHECK(breaker.probe_at() == now + 4s);
  breaker.failed(now, 1.0, std::nullopt);
  CHECK(breaker.probe_at() == now + 8s);
  breaker.succeeded();
  breaker.failed(now, 1.0, std::nullopt);
  CHECK(breaker.probe_at() == now + 4s);
}

TEST_CASE("a_stopped_destination_is_probed_slowly_and_at_once_when_asked") {
  Breaker breaker = fresh();
  breaker.refused(now);
  CHECK(breaker.probe_at() == now + 20min);
  breaker.probe_now(now + 1s);
  CHECK(breaker.probe_at() == now + 1s);
  CHECK(breaker.state() == State::stopped);
}
