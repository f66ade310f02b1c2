// SPDX-License-Identifier: Apache-2.0
// A lane whose bytes go out vouches for the others, once: bytes that went out and came to nothing say nothing more.
#include <condition_variable>
#include <set>
#include <thread>

#include "scheduler/movement.h"
#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;

namespace {

struct Zeroes final : core::Payload {
  std::uint64_t size() const override { return 1u << 30; }
  Result<std::size_t> read(std::uint64_t, ByteSpan into) override { return into.size(); }
};

// Trips on threads of their own that stop while their first image is on its way, so that several are under way at once.
struct Way {
  World world;
  Peer& pacs;
  std::mutex mutex;
  std::condition_variable changed;
  int stopped = 0;
  std::set<int> may_end;

  explicit Way(unsigned lanes) : pacs(world.add("pacs", lanes)) {
    world.queue.payload = std::make_shared<Zeroes>();
    pacs.answer = always(retry(Scope::destination, "no answer in time"));
    world.put("pacs", 1, 1000);
    world.step();
  }
  struct Trip {
    std::thread thread;
    int number;
    core::Payload* payload;
  };
  // Runs the next job until its image is on its way.
  Trip begin() {
    core::Payload* payload = nullptr;
    const int number = stopped + 1;
    pacs.reads = [this, number, &payload, first = std::make_shared<bool>(true)](core::Payload& read) {
      if (!std::exchange(*first, false)) return;
      std::unique_lock lock(mutex);
      payload = &read;
      stopped = number;
      changed.notify_all();
      changed.wait(lock, [&] { return may_end.contains(number); });
    };
    std::thread thread([this] { world.lanes.run_next(); });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stopped == number; });
    pacs.reads = nullptr;
    return {std::move(thread), number, payload};
  }
  void end(Trip& trip) {
    {
      const std::lock_guard lock(mutex);
      may_end.insert(trip.number);
    }
    changed.notify_all();
    trip.thread.join();
    world.step();
  }
  void move(Trip& trip, Millis time) {
    std::uint8_t some[16];
    for (Millis passed{0}; passed <= time; passed += 10s) {
      REQUIRE(trip.payload->read(0, some).ok());
      world.clock.advance(10s);
    }
  }
  void fail_next() {
    world.lanes.run_next();
    world.step();
  }
  // Until the lane that failed tries again.
  void wait() {
    world.clock.advance(20min);
    world.step();
  }
};

}  // namespace

TEST_CASE("a_lane_that_failed_once_vouches_for_the_others_while_its_large_image_goes_out") {
  Way way(2);
  REQUIRE(way.world.lanes.jobs.size() == 2);
  way.fail_next();  // the first lane; the second has not failed yet
  way.wait();
  std::swap(way.world.lanes.jobs.front(), way.world.lanes.jobs.back());
  auto large = way.begin();
  SUBCASE("it goes out") {
    way.move(large, 10min);
    way.fail_next();
    CHECK(way.world.events.lines.empty());
    way.pacs.answer = delivered;
    way.end(large);
    CHECK(way.world.events.lines == std::vector<std::string>{"pacs up"});
  }
  SUBCASE("all that buffers took of it went out at once") {
    way.move(large, 20s);
    way.world.clock.advance(4min);
    way.fail_next();
    CHECK(way.world.events.lines == std::vector<std::string>{"pacs down: no answer in time"});
    way.end(large);
  }
  SUBCASE("it went out long ago, and no answer comes") {
    way.move(large, 5min);
    way.world.clock.advance(6min);
    way.fail_next();
    CHECK(way.world.events.lines == std::vector<std::string>{"pacs down: no answer in time"});
    way.end(large);
  }
}

TEST_CASE("bytes_that_came_to_something_and_those_of_an_outage_that_ended_do_not_count_against_the_next_large_image") {
  Way way(2);
  auto& jobs = way.world.lanes.jobs;
  const auto deliver_next = [&] {
    way.pacs.answer = delivered;
    way.world.clock.advance(1s);
    way.fail_next();
    way.pacs.answer = always(retry(Scope::destination, "no answer in time"));
  };
  SUBCASE("delivered") {
    auto large = way.begin();
    way.move(large, 2min);
    way.pacs.answer = delivered;
    way.end(large);
    deliver_next();
  }
  SUBCASE("in an outage") {
    way.fail_next();
    way.fail_next();
    CHECK(way.world.events.lines.size() == 1);
    way.wait();
    deliver_next();
    REQUIRE(jobs.size() == 2);
    std::swap(jobs.front(), jobs.back());
    deliver_next();
  }
  REQUIRE(jobs.size() == 2);
  const auto told = way.world.events.lines;
  CHECK(told.back() == "pacs up");
  way.fail_next();  // alone
  way.wait();
  REQUIRE(jobs.size() == 2);
  std::swap(jobs.front(), jobs.back());
  auto large = way.begin();
  way.move(large, 10min);
  way.fail_next();
  CHECK(way.world.events.lines == told);
  way.pacs.answer = delivered;
  way.end(large);
}

TEST_CASE("lanes_whose_bytes_go_out_in_turn_and_come_to_nothing_do_not_vouch_for_each_other_for_ever") {
  Way way(2);
  auto one = way.begin();
  int failed = 0;
  for (; failed < 20 && way.world.events.lines.empty(); ++failed) {
    way.move(one, 3min);
    auto other = way.begin();
    way.move(other, 3min);
    way.end(one);
    if (way.world.events.lines.empty()) way.wait();
    one = std::move(other);
  }
  CHECK(failed <= 4);
  CHECK(way.world.events.lines == std::vector<std::string>{"pacs down: no answer in time"});
  way.end(one);
}

TEST_CASE("who_looks_at_a_payload_here_is_held_back_by_no_cap_and_moves_nothing") {
  World world;
  const auto throttle = std::make_shared<Throttle>(world.clock);
  throttle->cap(1);
  const auto movement = std::make_shared<Movement>();
  WatchedPayload watched(std::make_shared<Zeroes>(), movement, world.clock, throttle);
  Bytes some(1 << 20);
  for (int i = 0; i < 3; ++i) {
    CHECK(watched.here().read(0, some).ok());
    world.clock.advance(1h);
  }
  CHECK_FALSE(movement->was_seen());
}
