// SPDX-License-Identifier: Apache-2.0
// Who waits for the disk while the node stops is told that it was not written, and never that it was.
#include "queue/awaited.h"

#include <future>

#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/pledges.h"

using namespace sampan;
using namespace sampan::test;
using namespace std::chrono_literals;
using queue::Awaited;

TEST_SUITE_BEGIN("queue awaited" * doctest::description("contract 1"));

TEST_CASE("a_word_that_is_given_is_a_word_one_that_is_late_comes_later_and_one_that_nobody_can_give_any_more_is_none") {
  Awaited awaited;
  auto then = awaited.then();
  SUBCASE("given") {
    then();
    CHECK(awaited.wait(0ms, "it").ok());
  }
  SUBCASE("given by one who goes at once") {
    std::exchange(then, nullptr)();
    CHECK(awaited.wait(0ms, "it").ok());
  }
  SUBCASE("late") { CHECK(awaited.wait(0ms, "it").error().code == Errc::timeout); }
  SUBCASE("dropped") {
    then = nullptr;
    CHECK(awaited.wait(10s, "it").error().code == Errc::stopped);
  }
}

namespace {

struct Stopping : QueueFixture {
  // Ordered while the disk takes nothing; the queue stops once it has tried.
  template <class Order>
  Status ordered_while_it_stops(Order order) {
    queue->drain();
    const int before = files.syncs;
    files.sync_fails = true;
    auto answer = std::async(std::launch::async, order);
    REQUIRE(within(10s, [&] { return files.syncs > before; }));
    stop();
    files.sync_fails = false;
    return answer.get();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Stopping, "an_order_that_was_not_written_when_the_node_stopped_is_not_told_as_done") {
  REQUIRE(put(pattern(500, 1), image_facts("1.9.1", "1.2.3")).ok());
  queue->drain();
  const auto match = queue->lookup().find("1.2.3", 1).at(0);
  auto& orders = queue->orders();
  const Status told = ordered_while_it_stops([&]() -> Status {
    auto held = orders.hold(match, "");
    return held ? Status() : Status(held.error());
  });
  REQUIRE_FALSE(told.ok());
  CHECK(told.error().code == Errc::stopped);
}

TEST_CASE_FIXTURE(Stopping, "a_request_for_commitment_that_was_not_written_when_the_node_stopped_is_not_taken") {
  auto& pledges = queue->pledges();
  const Status told = ordered_while_it_stops(
      [&] { return pledges.keep({"2.25.1", "CT1", "SAMPAN", "192.0.2.7", {{"1.2.840.10008.5.1.4.1.1.2", "1.9.1"}}}); });
  REQUIRE_FALSE(told.ok());
  CHECK(told.error().code == Errc::stopped);
}
