// SPDX-License-Identifier: Apache-2.0
#include "queue/sync_group.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace sampan::queue {
namespace {

using namespace std::chrono_literals;

// Whoever waits in vain waits as long as the test may take.
constexpr auto for_ever = 24h;

// Whether it waited: who comes back before it is asked is not waited for.
bool gathers_one_who_comes_back() {
  SyncGroup group(for_ever);
  SyncGroup::Waiting one(group);
  {
    SyncGroup::Waiting other(group);
    group.done(4 * for_ever);
  }
  std::atomic<bool> asks{false}, back{false}, served{false};
  std::thread other([&] {
    while (!asks) std::this_thread::yield();
    back = true;
    SyncGroup::Waiting again(group);
    while (!served) std::this_thread::yield();
  });
  asks = true;
  const bool waited = group.gather();
  CHECK(back);
  served = true;
  other.join();
  return waited;
}

TEST_CASE("a_sync_of_a_slow_disk_waits_for_those_that_the_last_one_served") {
  bool waited = false;
  for (int round = 0; round < 1000 && !waited; ++round) waited = gathers_one_who_comes_back();
  CHECK(waited);
}

TEST_CASE("who_is_alone_on_a_slow_disk_waits_for_nobody") {
  SyncGroup group(for_ever);
  SyncGroup::Waiting one(group);
  group.done(4 * for_ever);
  CHECK_FALSE(group.gather());
}

TEST_CASE("nobody_waits_on_a_quick_disk") {
  SyncGroup group(for_ever);
  SyncGroup::Waiting one(group);
  {
    SyncGroup::Waiting other(group);
    group.done(SyncGroup::quick / 2);
  }
  CHECK_FALSE(group.gather());
}

TEST_CASE("who_does_not_come_back_is_waited_for_once_and_not_longer_than_patience_lasts") {
  SyncGroup group(1ms);
  SyncGroup::Waiting one(group);
  {
    SyncGroup::Waiting other(group);
    group.done(1s);
  }
  CHECK(group.gather());
  group.done(4 * for_ever);
  CHECK_FALSE(group.gather());
}

}  // namespace
}  // namespace sampan::queue
