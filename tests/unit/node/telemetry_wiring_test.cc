// SPDX-License-Identifier: Apache-2.0
// What of the node telemetry measures: every number from where it is, by the name of the destination.
#include "node/telemetry_wiring.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::node;
using namespace std::chrono_literals;
using State = telemetry::DestinationGauges::State;

namespace {

constexpr WallTime now{1'800'000'000'000};

settings::Settings to(std::initializer_list<const char*> names) {
  settings::Settings settings;
  for (const char* name : names) settings.destinations.emplace_back().name = name;
  return settings;
}

}  // namespace

TEST_CASE("gauges_say_of_each_destination_what_it_proves_and_loses") {
  using Proof = telemetry::DestinationGauges::Proof;
  auto settings = to({"proves", "does not", "is not known", "is not asked", "is trusted"});
  settings.destinations[3].proof = settings::ProofBy::none;
  settings.destinations[3].stow = "https://pacs/dicom-web";
  settings.destinations[4].reclaim_after = settings::ReclaimAfter::accepted;
  Gauged gauged;
  gauged.proofs.ways = {{"proves", core::ProofWay::query}, {"does not", core::ProofWay::none}, {"is not known", core::ProofWay::unknown},
                        {"is trusted", core::ProofWay::none}};
  gauged.proofs.unproven_long = {"proves", "is trusted"};
  gauged.proofs.lost_often = {{"proves", 3}, {"is trusted", 4}};
  const auto all = gauges_of(settings, gauged).destinations;
  REQUIRE(all.size() == 5);
  const Proof expected[] = {Proof::given, Proof::none, Proof::unknown, Proof::none, Proof::given};
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK_MESSAGE(all[i].proof == expected[i], all[i].name);
    CHECK(all[i].unproven_long == (i == 0));
    CHECK(all[i].lost_often == (i == 0 ? 3u : 0u));
  }
  gauged.proofs.nodes = {"is trusted"};  // as no node is
  CHECK(gauges_of(settings, gauged).destinations[4].unproven_long);
}

TEST_CASE("gauges_are_what_queue_scheduler_and_disk_say_of_each_destination_of_the_settings") {
  Gauged gauged;
  gauged.now = now;
  gauged.queue.ran = 24h;
  gauged.uptime = 90s;
  gauged.queue.quarantined = 1, gauged.queue.doubtful = 6, gauged.queue.duplicates = 2, gauged.queue.conflicts = 3, gauged.queue.shed = 4;
  gauged.disk = {{30, 100, 5, 0}, policy::DiskState::low, {1000, Millis(2h), false}};
  queue::DestinationCount lead;
  lead.destination = "lead";
  lead.waiting = 10, lead.waiting_bytes = 11, lead.on_hold = 12, lead.rejected = 13, lead.delivered = 14, lead.news_waiting = 15;
  lead.oldest_waiting = WallTime{now.ms - 60'000};
  gauged.queue.destinations = {lead};
  scheduler::DestinationSnapshot shown;
  shown.name = "lead";
  shown.state = scheduler::Breaker::State::backing_off;
  shown.delivered = 21, shown.put_back = 22, shown.rejected = 23;
  shown.blocked.push_back({{"1.2.3", "1.2.4"}, "no", now});
  shown.detour_to = "copy";
  gauged.destinations = {shown};
  const auto gauges = gauges_of(to({"lead", "copy"}), gauged);
  CHECK(gauges.uptime_s == 90);
  CHECK(gauges.quarantined == 1);
  CHECK(gauges.doubtful == 6);
  CHECK(gauges.duplicates == 2);
  CHECK(gauges.conflicts == 3);
  CHECK(gauges.samples_shed == 4);
  CHECK(gauges.disk_free_bytes == 30);
  CHECK(gauges.disk_total_bytes == 100);
  CHECK(gauges.disk == telemetry::Gauges::Disk::low);
  CHECK(gauges.disk_lasts_s == 7200);
  REQUIRE(gauges.destinations.size() == 2);
  const auto& one = gauges.destinations[0];
  CHECK(one.name == "lead");
  CHECK(one.state == State::down);
  CHECK(one.waiting == 10);
  CHECK(one.waiting_bytes == 11);
  CHECK(one.on_hold == 12);
  CHECK(one.rejected == 13);
  CHECK(one.delivered == 14);
  CHECK(one.news_waiting == 15);
  CHECK(one.oldest_s == 60);
  CHECK(one.attempts_delivered == 21);
  CHECK(one.attempts_put_back == 22);
  CHECK(one.attempts_rejected == 23);
  CHECK(one.blocked == std::vector{std::pair<std::string, std::string>("1.2.3", "1.2.4")});
  CHECK(one.detour_to == "copy");
  CHECK(gauges.destinations[1].name == "copy");
  CHECK(gauges.destinations[1].state == State::unknown);
  CHECK(gauges.destinations[1].waiting == 0);
  CHECK(gauges.stranded.empty());
}

TEST_CASE("what_waits_and_goes_nowhere_is_measured_by_the_name_it_waits_for") {
  Gauged gauged;
  gauged.now = now;
  gauged.queue.ran = 24h;
  for (const char* name : {"lead", "", "old", "older"}) {
    auto& count = gauged.queue.destinations.emplace_back();
    count.destination = name;
    count.waiting = count.destination == "older" ? 0 : 7;
    count.waiting_bytes = 70;
    count.oldest_waiting = WallTime{now.ms - 5'000};
  }
  const auto gauges = gauges_of(to({"lead"}), gauged);
  REQUIRE(gauges.stranded.size() == 2);
  CHECK(gauges.stranded[0].destination.empty());
  CHECK(gauges.stranded[0].waiting == 7);
  CHECK(gauges.stranded[0].waiting_bytes == 70);
  CHECK(gauges.stranded[0].oldest_s == 5);
  CHECK(gauges.stranded[1].destination == "old");
}

TEST_CASE("the_states_of_a_destination_and_of_the_disk_keep_their_meaning_on_the_way_to_telemetry") {
  using Breaker = scheduler::Breaker::State;
  for (const auto& [from, is] : {std::pair{Breaker::unknown, State::unknown}, {Breaker::up, State::up}, {Breaker::backing_off, State::down}, {Breaker::stopped, State::refuses}}) {
    Gauged gauged;
    gauged.destinations.emplace_back().name = "lead";
    gauged.destinations[0].state = from;
    CHECK(gauges_of(to({"lead"}), gauged).destinations[0].state == is);
  }
  using Disk = telemetry::Gauges::Disk;
  for (const auto& [from, is] : {std::pair{policy::DiskState::well, Disk::well}, {policy::DiskState::low, Disk::low}, {policy::DiskState::critical, Disk::critical}}) {
    Gauged gauged;
    gauged.disk.state = from;
    CHECK(gauges_of(to({}), gauged).disk == is);
  }
}
