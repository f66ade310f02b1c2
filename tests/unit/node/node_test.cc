// SPDX-License-Identifier: Apache-2.0
#include "node/node.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "node/plans.h"
#include "support/process.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("node");

namespace {

settings::Settings settings_in(const std::filesystem::path& home, std::vector<settings::Destination> destinations) {
  settings::Settings settings;
  settings.site = "Test";
  settings.ae_title = "SAMPAN";
  settings.state_directory = home / "state";
  settings.control_socket = home / "control.sock";
  settings.intake.listen = "127.0.0.1";
  settings.intake.port = 0;
  settings.intake.ae_titles = {{"SAMPAN", {}}};
  settings.destinations = std::move(destinations);
  return settings;
}

settings::Destination nobody_there() {
  settings::Destination destination;
  destination.name = "lead";
  destination.dimse = settings::DimseAddress{"PACS", "127.0.0.1", 1};
  destination.calling_ae = "SAMPAN";
  return destination;
}

queue::DeliveryStanding standing(const char* name, core::DeliveryState state, core::Level level, std::chrono::hours age) {
  return {name, state, level, age, core::Kind::image};
}

}  // namespace

TEST_CASE("an_intake_takes_images_while_no_destination_answers" * doctest::description("contract 12")) {
  const TemporaryDirectory home;
  node::Node node(settings_in(home.path(), {nobody_there()}), node::system_env());
  REQUIRE(node.start().ok());
  CHECK(node.intake_port() != 0);
  const auto status = node.status();
  CHECK(status.intake.accepting);
  CHECK(status.intake.port == node.intake_port());
  REQUIRE(status.destinations.size() == 1);
  CHECK(status.destinations[0].address == "PACS@127.0.0.1:1");
  node.stop();
  CHECK_FALSE(std::filesystem::exists(home.path() / "control.sock"));
}

TEST_CASE("a_destination_that_is_not_to_be_asked_for_proof_is_said_to_have_none" * doctest::description("contract 4")) {
  const TemporaryDirectory home;
  settings::Destination unasked = nobody_there(), asked = nobody_there(), folder;
  unasked.proof = settings::ProofBy::none;
  asked.name = "other";
  folder.name = "shelf";
  folder.folder = home.path() / "shelf";
  node::Node node(settings_in(home.path(), {unasked, asked, folder}), node::system_env());
  REQUIRE(node.start().ok());
  const auto status = node.status();
  CHECK(status.destinations[0].proof == "none");
  CHECK(status.destinations[1].proof == "unknown");
  CHECK(status.destinations[2].proof.empty());
}

TEST_CASE("a_second_node_cannot_take_the_port_or_the_socket_of_the_first_and_leaves_it_alone") {
  const TemporaryDirectory home, other;
  node::Node first(settings_in(home.path(), {nobody_there()}), node::system_env());
  REQUIRE(first.start().ok());
  auto same_port = settings_in(other.path(), {nobody_there()});
  same_port.intake.port = first.intake_port();
  node::Node second(same_port, node::system_env());
  CHECK(second.start().error().code == Errc::io);
  auto same_socket = settings_in(other.path() / "b", {nobody_there()});
  same_socket.control_socket = home.path() / "control.sock";
  node::Node third(same_socket, node::system_env());
  CHECK(third.start().error().code == Errc::duplicate);
  CHECK(first.status().intake.accepting);
}

TEST_CASE("what_a_spool_holds_and_does_not_read_is_not_counted_as_delivered" * doctest::description("contract 2, 10")) {
  const TemporaryDirectory home;
  const auto undelivered = [&] { return node::Node(settings_in(home.path(), {nobody_there()}), node::system_env()).undelivered(); };
  REQUIRE(undelivered().ok());
  CHECK(*undelivered() == 0);
  std::ofstream(home.path() / "state/spool/i0000000000000001.seg", std::ios::binary) << std::string(8192, 'x');
  const auto counted = undelivered();
  REQUIRE_FALSE(counted.ok());
  CHECK(counted.error().message.find("were not read, and may hold images: 1") != std::string::npos);
}

TEST_CASE("a_payload_goes_only_when_every_required_destination_proved_it_for_long_enough" * doctest::description("contract 4")) {
  using core::DeliveryState;
  using core::Level;
  using std::chrono::hours;
  settings::Destination proven = nobody_there(), trusted = nobody_there();
  trusted.name = "cloud";
  trusted.reclaim_after = settings::ReclaimAfter::accepted;
  trusted.retention_days = 10;
  const auto may = node::reclaim_by(settings_in("/nowhere", {proven, trusted}));
  const auto ask = [&](DeliveryState lead, Level lead_level, hours lead_age, hours cloud_age, bool tight) {
    const std::vector<queue::DeliveryStanding> all{standing("lead", lead, lead_level, lead_age),
                                                   standing("cloud", DeliveryState::delivered, Level::accepted, cloud_age)};
    return may(all, tight);
  };
  CHECK_FALSE(ask(DeliveryState::delivered, Level::accepted, hours(10000), hours(10000), true));
  CHECK_FALSE(ask(DeliveryState::waiting, Level::archived, hours(10000), hours(10000), true));
  CHECK_FALSE(ask(DeliveryState::delivered, Level::archived, hours(10000), hours(239), true));
  CHECK_FALSE(ask(DeliveryState::delivered, Level::archived, hours(24), hours(241), false));
  CHECK(ask(DeliveryState::delivered, Level::archived, hours(24), hours(241), true));
  CHECK(ask(DeliveryState::delivered, Level::archived, hours(24 * 31), hours(241), false));
  CHECK_FALSE(may(std::vector<queue::DeliveryStanding>{}, true));
}

TEST_CASE("an_image_that_a_destination_that_left_the_settings_did_not_prove_to_keep_stays" * doctest::description("contract 2")) {
  using core::DeliveryState;
  using core::Level;
  constexpr std::chrono::hours years(24 * 365 * 10);
  settings::Destination lead = nobody_there();
  SUBCASE("where acceptance is proof enough") {
    lead.reclaim_after = settings::ReclaimAfter::accepted;
    lead.retention_days = 0;
  }
  SUBCASE("where it is not") {}
  const auto settings = settings_in("/nowhere", {lead});
  const auto may = node::reclaim_by(settings);
  const auto safe_there = standing("lead", DeliveryState::delivered, Level::archived, years);
  for (const bool tight : {false, true}) {
    for (const auto state : {DeliveryState::waiting, DeliveryState::on_hold, DeliveryState::rejected}) {
      const std::vector<queue::DeliveryStanding> all{safe_there, standing("archive", state, Level::accepted, years)};
      CHECK_FALSE(may(all, tight));
      CHECK_FALSE(node::proven_by(settings)(all));
    }
    // What it took it may have lost: nobody says any more that its word is proof enough.
    CHECK_FALSE(may(std::vector{safe_there, standing("archive", DeliveryState::delivered, Level::accepted, years)}, tight));
    CHECK(may(std::vector{safe_there, standing("archive", DeliveryState::delivered, Level::archived, years)}, tight));
    CHECK_FALSE(may(std::vector{standing("archive", DeliveryState::delivered, Level::accepted, years)}, tight));
    // News is no image: whoever is not there any more is not waited for.
    auto news = safe_there, news_for_nobody = standing("archive", DeliveryState::waiting, Level::accepted, years);
    news.kind = news_for_nobody.kind = core::Kind::event;
    CHECK(may(std::vector{news, news_for_nobody}, tight));
  }
}

TEST_CASE("a_reload_changes_all_or_nothing") {
  const TemporaryDirectory home, other;
  settings::Settings now = settings_in(home.path(), {nobody_there()});
  node::Node node(now, node::system_env());
  CHECK(node.reload(now).failure == "the node is not running");
  REQUIRE(node.start().ok());
  const auto port = node.intake_port();
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& destination : node.status().destinations) all.push_back(destination.name);
    return all;
  };
  settings::Settings next = now;
  next.destinations.push_back(nobody_there());
  next.destinations.back().name = "second";
  next.intake.folders.push_back({(home.path() / "in").string(), "A"});

  node::Node holder(settings_in(other.path(), {nobody_there()}), node::system_env());
  REQUIRE(holder.start().ok());
  next.intake.port = holder.intake_port();
  const auto refused = node.reload(next);
  CHECK_FALSE(refused.applied);
  CHECK(refused.failure == "cannot listen on 127.0.0.1 port " + std::to_string(holder.intake_port()) + ": another program has the port (sudo ss -ltnp shows which)");
  CHECK(names() == std::vector<std::string>{"lead"});
  CHECK(node.intake_port() == port);

  next.intake.port = 0;
  next.site = "Other";
  const auto applied = node.reload(next);
  CHECK(applied.applied);
  CHECK(applied.after_restart == std::vector<std::string>{"site"});
  CHECK(names() == std::vector<std::string>{"lead", "second"});
  CHECK(node.intake_port() == port);
  CHECK(node.status().site == "Test");

  next.intake.enabled = false;
  CHECK(node.reload(next).applied);
  CHECK(node.intake_port() == 0);
  CHECK_FALSE(node.status().intake.enabled);
  CHECK(node.reload(now).applied);
  CHECK(node.intake_port() != 0);
  CHECK(names() == std::vector<std::string>{"lead"});
  node.stop();
  CHECK(node.reload(now).failure == "the node is not running");
}
