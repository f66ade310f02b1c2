// SPDX-License-Identifier: Apache-2.0
// When a payload may go, by what the settings say of each destination, and of one they do not name any more.
#include "node/plans.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::node;
using core::DeliveryState;
using core::Level;

namespace {

constexpr Millis year = std::chrono::hours(24 * 365);

queue::DeliveryStanding standing(const char* name, DeliveryState state, Level level, core::Kind kind = core::Kind::image) {
  return {name, state, level, year, kind};
}

// A copy that nobody needs and that is trusted, beside a lead of this name.
settings::Settings beside(const char* lead) {
  settings::Settings settings;
  settings.destinations.resize(2);
  settings.destinations[0].name = lead;
  settings.destinations[1].name = "copy";
  settings.destinations[1].required = false;
  settings.destinations[1].reclaim_after = settings::ReclaimAfter::accepted;
  settings.destinations[1].retention_days = 0;
  return settings;
}

}  // namespace

TEST_CASE("what_a_destination_took_and_did_not_prove_stays_also_when_its_name_left_the_settings" * doctest::description("contract 4")) {
  const auto copied = standing("copy", DeliveryState::delivered, Level::accepted);
  for (const auto state : {DeliveryState::delivered, DeliveryState::waiting, DeliveryState::on_hold, DeliveryState::rejected}) {
    const std::vector both{standing("lead", state, Level::accepted), copied};
    CHECK_FALSE(reclaim_by(beside("lead"))(both, true));
    CHECK_FALSE(reclaim_by(beside("leda"))(both, false));
    CHECK_FALSE(reclaim_by(beside("leda"))(both, true));
    CHECK_FALSE(proven_by(beside("leda"))(both));
  }
  const std::vector proven{standing("lead", DeliveryState::delivered, Level::archived), copied};
  CHECK(reclaim_by(beside("leda"))(proven, false));
  CHECK(proven_by(beside("leda"))(proven));
}

TEST_CASE("a_copy_does_not_go_because_another_node_accepted_it_and_goes_when_that_one_says_that_it_is_archived" * doctest::description("contract 4")) {
  settings::Settings trusting = beside("lead");
  trusting.destinations[0].reclaim_after = settings::ReclaimAfter::accepted;
  trusting.destinations[0].retention_days = 0;
  std::vector one{standing("lead", DeliveryState::delivered, Level::accepted)};
  CHECK(reclaim_by(trusting)(one, false));
  for (const char* name : {"lead", "gone"}) {
    one[0].destination = name;
    one[0].by_node = true;
    one[0].level = Level::accepted;
    CHECK_FALSE(reclaim_by(trusting)(one, false));
    CHECK_FALSE(reclaim_by(trusting)(one, true));
    CHECK_FALSE(proven_by(trusting)(one));
    one[0].level = Level::archived;
    CHECK(reclaim_by(trusting)(one, false));
    CHECK(proven_by(trusting)(one));
  }
}

TEST_CASE("events_that_a_destination_took_go_also_when_its_name_left_the_settings") {
  const std::vector news{standing("lead", DeliveryState::delivered, Level::accepted, core::Kind::event),
                         standing("copy", DeliveryState::delivered, Level::accepted, core::Kind::event)};
  CHECK(reclaim_by(beside("leda"))(news, false));
}
