// SPDX-License-Identifier: Apache-2.0
#include "node/custodian.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <thread>

#include "base/random.h"
#include "queue/sql.h"
#include "support/faulty_files.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Place {
  TemporaryDirectory home;
  FaultyFiles files;
  std::unique_ptr<queue::Queue> queue;

  void open() {
    queue::QueueNeeds needs{files, system_clock(), system_random(), [](const core::Item&) { return std::vector<std::string>{"lead"}; },
                            [](std::span<const queue::DeliveryStanding>, bool) { return false; }, {}, [] {}};
    auto opened = queue::Queue::open({home.path().string(), "test"}, std::move(needs));
    REQUIRE(opened.ok());
    queue = std::move(*opened);
  }
  control::DamageList damage() {
    return node::Custodian({*queue, system_clock(), [] { return std::make_shared<const settings::Settings>(); }, [](telemetry::News) {}}).damage();
  }
};

}  // namespace

TEST_CASE("damage_is_not_told_as_none_while_the_spool_is_being_read" * doctest::description("contract 9")) {
  Place place;
  place.open();
  auto inflow = place.queue->open({});
  REQUIRE(inflow.ok());
  REQUIRE((*inflow)->append(as_bytes("an image")).ok());
  core::Facts facts;
  facts.set(core::Fact::sop_instance_uid, "1.2");
  REQUIRE((*inflow)->commit(facts).ok());
  place.queue->drain();
  CHECK_FALSE(place.damage().incomplete);
  place.queue.reset();
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(place.home.path() / (std::string("ledger.db") + part));
  std::promise<void> go_on;
  const std::shared_future<void> may = go_on.get_future().share();
  place.files.before_sync = [may, here = std::this_thread::get_id()] {
    if (std::this_thread::get_id() != here) may.wait();  // the thread that reads the spool
  };
  place.open();
  CHECK(place.damage().incomplete);
  go_on.set_value();
  place.queue->drain();
  CHECK_FALSE(place.damage().incomplete);
}

TEST_CASE("a_destination_is_not_told_as_unknown_where_the_index_does_not_read" * doctest::description("contract 9")) {
  Place place;
  place.open();
  const auto asked = [&] {
    node::Custodian custodian({*place.queue, system_clock(), [] { return std::make_shared<const settings::Settings>(); }, [](telemetry::News) {}});
    return std::get<control::Refusal>(custodian.drop({"old", false, false, ""})).status;
  };
  CHECK(asked() == 404);
  const auto ledger = queue::Sql::open((place.home.path() / "ledger.db").string(), false);
  REQUIRE(ledger.ok());
  (*ledger)->execute("ALTER TABLE destination RENAME TO elsewhere");
  CHECK(asked() == 503);
}
