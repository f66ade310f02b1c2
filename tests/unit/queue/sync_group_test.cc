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

TEST_CASE("a sync of a slow disk waits for those that the last one served") {
  SyncGroup group(for_ever);
  SyncGroup::Waiting one(group);
  {
    SyncGroup::Waiting other(group);
    group.done(4 * for_ever);
  }
  std::atomic<bool> back{false};
  std::thread other([&] {
    back = true;
    SyncGroup::Waiting again(group);
    while (back) std::this_thread::yield();
  });
  CHECK(group.gather());
  CHECK(back);
  back = false;
  other.join();
}

TEST_CASE("who is alone on a slow disk waits for nobody") {
  SyncGroup group(for_ever);
  SyncGroup::Waiting one(group);
  group.done(4 * for_ever);
  CHECK_FALSE(group.gather());
}

TEST_CASE("nobody waits on a quick disk") {
  SyncGroup group(for_ever);
  SyncGroup::Waiting one(group);
  {
    SyncGroup::Waiting other(group);
    group.done(SyncGroup::quick / 2);
  }
  CHECK_FALSE(group.gather());
}

TEST_CASE("who does not come back is waited for once, and not longer than patience lasts") {
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
