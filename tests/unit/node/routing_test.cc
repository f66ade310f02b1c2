// SPDX-License-Identifier: Apache-2.0
#include "node/routing.h"

#include <doctest/doctest.h>

#include "support/zone.h"

using namespace sampan;
using core::Fact;
using core::Kind;
using core::Priority;
using settings::Cargo;

namespace {

// Rules by the hour are about local time.
struct InChina : test::Zone {
  InChina() : Zone("CST-8") {}
};

settings::Settings two_destinations() {
  settings::Settings settings;
  settings.destinations.resize(2);
  settings.destinations[0].name = "lead";
  settings.destinations[1].name = "copy";
  settings.destinations[1].folder = "/copy";
  return settings;
}

core::Item item_of(Kind kind, std::vector<std::pair<Fact, std::string>> values = {}) {
  core::Item item;
  item.kind = kind;
  for (auto& [fact, value] : values) item.facts.set(fact, std::move(value));
  return item;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a_destination_takes_images_and_a_folder_plain_files_too_unless_it_says_otherwise") {
  auto settings = two_destinations();
  CHECK(node::route_by(settings)(item_of(Kind::image)) == Names{"lead", "copy"});
  CHECK(node::route_by(settings)(item_of(Kind::message)) == Names{"copy"});
  CHECK(node::route_by(settings)(item_of(Kind::event)).empty());
  settings.destinations[1].takes = {Cargo::telemetry};
  CHECK(node::route_by(settings)(item_of(Kind::image)) == Names{"lead"});
  CHECK(node::route_by(settings)(item_of(Kind::message)).empty());
  CHECK(node::route_by(settings)(item_of(Kind::event)) == Names{"copy"});
  CHECK(node::route_by(settings)(item_of(Kind::sample)) == Names{"copy"});
}

TEST_CASE("a_rule_by_the_hour_means_the_local_hour_of_reception") {
  const InChina here;
  auto settings = two_destinations();
  settings.routes.push_back({{}, {"lead"}, {}, false});
  settings.routes.push_back({{}, {"copy"}, {}, false});
  settings.routes[1].when.hours = {{1080, 480}};
  auto item = item_of(Kind::image);
  item.received = WallTime{1'700'000'000'000};  // 2023-11-15 06:13 in China
  CHECK(node::route_by(settings)(item) == Names{"lead", "copy"});
  item.received.ms += 2 * 3600 * 1000;  // 08:13
  CHECK(node::route_by(settings)(item) == Names{"lead"});
  item.received.ms += 10 * 3600 * 1000;  // 18:13
  CHECK(node::route_by(settings)(item) == Names{"lead", "copy"});
}

TEST_CASE("a_station_is_compared_as_people_read_it") {
  auto settings = two_destinations();
  settings.routes.push_back({{}, {"lead"}, {}, false});
  settings.routes[0].when.station = {"一号机"};
  const auto route = node::route_by(settings);
  CHECK(route(item_of(Kind::image, {{Fact::station_name, "\xd2\xbb\xba\xc5\xbb\xfa"}, {Fact::character_set, "GB18030"}})) ==
        Names{"lead"});
  CHECK(route(item_of(Kind::image, {{Fact::station_name, "一号机"}, {Fact::character_set, "ISO_IR 192"}})) == Names{"lead"});
  CHECK(route(item_of(Kind::image, {{Fact::station_name, "二号机"}, {Fact::character_set, "ISO_IR 192"}})).empty());
}

TEST_CASE("a_rule_names_the_priority_where_one_is_wanted_and_costs_nothing_where_none_is") {
  auto settings = two_destinations();
  settings.routes.push_back({{}, {"lead"}, {}, false});
  CHECK_FALSE(node::priority_by(settings));
  settings.routes.push_back({{}, {}, Priority::emergency, false});
  settings.routes[1].when.called_ae = {"STAT"};
  const auto priority = node::priority_by(settings);
  REQUIRE(priority);
  CHECK(priority(item_of(Kind::image, {{Fact::called_ae, "STAT"}})) == Priority::emergency);
  CHECK(priority(item_of(Kind::image, {{Fact::called_ae, "OTHER"}})) == Priority::routine);
}
