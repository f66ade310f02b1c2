// SPDX-License-Identifier: Apache-2.0
#include "node/report.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::node;

namespace {

queue::DestinationCount count_of(const std::string& destination, std::uint64_t on_hold, std::uint64_t rejected) {
  queue::DestinationCount count;
  count.destination = destination;
  count.on_hold = on_hold;
  count.rejected = rejected;
  return count;
}

control::NodeStatus told(std::vector<queue::DestinationCount> counts) {
  settings::Settings settings;
  settings.destinations.emplace_back().name = "lead";
  Findings findings;
  findings.queue.destinations = std::move(counts);
  findings.for_a_person["old"] = {{"1.2.3", "1.2.4"}, {"1.2.4", "1.2.5"}};
  return report(settings, findings);
}

}  // namespace

TEST_CASE("what_a_destination_that_left_the_settings_refused_is_not_told_as_delivered" * doctest::description("contract 7")) {
  const auto status = told({count_of("lead", 1, 1), count_of("old", 0, 2), count_of("older", 0, 0), count_of("", 3, 0)});
  REQUIRE(status.stranded.size() == 2);
  CHECK(status.stranded[0].destination == "old");
  CHECK(status.stranded[0].rejected == 2);
  CHECK(status.stranded[0].exams == std::vector<std::string>{"1.2.3", "1.2.4", "1.2.5"});
  CHECK(status.stranded[1].destination.empty());
  CHECK(status.stranded[1].on_hold == 3);
}

TEST_CASE("what_is_damaged_here_needs_no_person_to_let_it_go_on" * doctest::description("contract 9")) {
  auto count = count_of("old", 3, 0);
  count.on_hold_reasons = {{"the stored copy does not verify", 2}, {"held by a person", 1}};
  REQUIRE(told({count}).stranded.size() == 1);
  CHECK(told({count}).stranded[0].on_hold == 1);
  count.on_hold_reasons = {{"the stored copy does not verify", 3}};
  CHECK(told({count}).stranded.empty());
}
