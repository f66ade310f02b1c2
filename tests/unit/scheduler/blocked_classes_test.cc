// SPDX-License-Identifier: Apache-2.0
#include "scheduler/blocked_classes.h"

#include <doctest/doctest.h>

#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using sim::id_of;

TEST_SUITE_BEGIN("blocked classes");

namespace {

const ClassKey us{"us", "explicit"}, ct{"ct", "explicit"}, mr{"mr", "explicit"};

struct TwoOfThem {
  BlockedClasses blocked{2, 2};
  TwoOfThem() { REQUIRE(blocked.refuse(us, "not supported", WallTime{10}, MonoTime{100})); }
};

}  // namespace

TEST_CASE_FIXTURE(TwoOfThem, "a_class_that_is_refused_again_is_no_news_and_is_blocked_since_the_first_time") {
  CHECK_FALSE(blocked.refuse(us, "still not supported", WallTime{20}, MonoTime{200}));
  CHECK(blocked.refusals(us) == 2);
  CHECK(blocked.refusals(ct) == 0);
  const BlockedClass& shown = blocked.all().at(us);
  CHECK(shown.since.ms == 10);
  CHECK(shown.reason == "still not supported");
  CHECK_FALSE(blocked.due(MonoTime{199}));
  CHECK(blocked.due(MonoTime{200}) == us);
  CHECK(blocked.next_probe_at() == MonoTime{200});
}

TEST_CASE_FIXTURE(TwoOfThem, "a_class_is_probed_by_one_item_at_a_time") {
  blocked.probe_begins(us, id_of(1));
  CHECK_FALSE(blocked.due(MonoTime{1000}));
  CHECK(blocked.next_probe_at() == never);
  blocked.probe_ends(us);
  CHECK(blocked.due(MonoTime{1000}) == us);
  CHECK(blocked.pass(us));
  CHECK_FALSE(blocked.pass(us));
  CHECK_FALSE(blocked.due(MonoTime{1000}));
}

TEST_CASE_FIXTURE(TwoOfThem, "a_class_of_which_nothing_waits_is_probed_when_something_is_due_or_comes_in") {
  blocked.probe_found_nothing(us, MonoTime{5000});
  CHECK_FALSE(blocked.due(MonoTime{4999}));
  CHECK(blocked.due(MonoTime{5000}) == us);
  blocked.probe_found_nothing(us, never);
  blocked.something_new(MonoTime{6000});
  CHECK(blocked.due(MonoTime{6000}) == us);
  // What is new is no reason to probe one of which something waits: that was refused just now.
  blocked.refuse(us, "not supported", WallTime{20}, MonoTime{9000});
  blocked.something_new(MonoTime{7000});
  CHECK_FALSE(blocked.due(MonoTime{8999}));
}

TEST_CASE_FIXTURE(TwoOfThem, "classes_and_what_they_were_probed_with_are_bounded") {
  CHECK(blocked.refuse(ct, "not supported", WallTime{20}, MonoTime{100}));
  CHECK_FALSE(blocked.refuse(mr, "not supported", WallTime{20}, MonoTime{100}));
  CHECK(blocked.keys() == std::set<ClassKey>{us, ct});
  CHECK(blocked.refusals(mr) == 0);
  blocked.refuse(us, "not supported", WallTime{20}, MonoTime{300});
  CHECK(blocked.refusals(us) == 2);
  for (unsigned item = 1; item <= 2; ++item) blocked.probe_begins(us, id_of(item));
  CHECK(blocked.tried(us) == std::set<Uuid>{id_of(1), id_of(2)});
  blocked.probe_begins(us, id_of(3));
  CHECK(blocked.tried(us) == std::set<Uuid>{id_of(3)});
  blocked.new_round(us);
  CHECK(blocked.tried(us).empty());
}

TEST_CASE("a_class_that_nobody_blocked_is_left_alone") {
  BlockedClasses none(2, 2);
  none.probe_begins(us, id_of(1));
  none.probe_ends(us);
  none.probe_found_nothing(us, MonoTime{100});
  none.new_round(us);
  none.something_new(MonoTime{100});
  CHECK(none.tried(us).empty());
  CHECK(none.keys().empty());
}

TEST_CASE("a_blocked_class_of_which_nothing_waits_any_more_is_asked_for_when_it_comes_again_and_flows") {
  sim::World world;
  sim::Peer& pacs = world.add("pacs", 1);
  bool takes_us = false;
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (class_of(item).sop_class != "us" || takes_us) return sim::delivered(item);
    return sim::retry(core::Scope::sop_class, "not supported");
  };
  world.put("pacs", 1, 1, "us");
  world.run_for(std::chrono::seconds(1));
  REQUIRE(world.shown("pacs").blocked.size() == 1);
  world.queue.at("pacs", 1).state = sim::Queue::State::rejected;  // a person took it away
  world.run_for(std::chrono::hours(1));
  takes_us = true;
  world.put("pacs", 2, 5, "us");
  world.run_for(std::chrono::seconds(1));
  CHECK(world.done("pacs") == 4);
  CHECK(world.shown("pacs").blocked.empty());
}
