// SPDX-License-Identifier: Apache-2.0
#include "http/aside.h"

#include <doctest/doctest.h>

#include <future>
#include <vector>

using namespace sampan::http;

namespace {

// A job that runs until it is let go.
struct Held {
  std::promise<void> runs, go_on;
  Aside::Job job() {
    return [this](bool) { runs.set_value(), go_on.get_future().wait(); };
  }
};

}  // namespace

TEST_CASE("what_takes_its_time_is_done_in_turn_and_one_too_many_is_not_taken") {
  Held first;
  std::vector<int> done;
  std::promise<void> last;
  Aside aside(2);
  REQUIRE(aside.take(first.job()));
  first.runs.get_future().wait();
  CHECK(aside.take([&](bool turn) { done.push_back(turn ? 1 : -1); }));
  CHECK(aside.take([&](bool turn) { done.push_back(turn ? 2 : -2), last.set_value(); }));
  CHECK_FALSE(aside.take([&](bool) { done.push_back(3); }));
  first.go_on.set_value();
  last.get_future().wait();
  CHECK(done == std::vector{1, 2});
  CHECK(aside.take([](bool) {}));
}

TEST_CASE("who_stops_it_tells_those_that_wait_at_once_and_waits_for_the_one_that_runs") {
  Held first;
  std::promise<bool> waiting, stopped;
  Aside aside(2);
  REQUIRE(aside.take(first.job()));
  first.runs.get_future().wait();
  REQUIRE(aside.take([&](bool turn) { waiting.set_value(turn); }));
  std::thread stopping([&] { aside.stop(), stopped.set_value(true); });
  CHECK_FALSE(waiting.get_future().get());
  auto end = stopped.get_future();
  CHECK(end.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout);
  CHECK_FALSE(aside.take([](bool) {}));
  first.go_on.set_value();
  end.wait();
  stopping.join();
}
