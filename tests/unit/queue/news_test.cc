// SPDX-License-Identifier: Apache-2.0
// Cargo that travels ahead of images: its order, its share, its bound and its own count.
#include "fixture.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("news");

namespace {

core::Manifest of_kind(core::Kind kind) {
  core::Manifest manifest;
  manifest.kind = kind;
  return manifest;
}

struct NewsFixture : QueueFixture {
  void put_images(unsigned count) {
    for (unsigned i = 0; i < count; ++i) REQUIRE(put(pattern(1000, i), image_facts("1." + std::to_string(i))).ok());
  }
  void put_news(core::Kind kind, unsigned count) {
    for (unsigned i = 0; i < count; ++i) REQUIRE(put(pattern(100, 1000 + i), {}, of_kind(kind)).ok());
  }
  static std::size_t count_of(const std::vector<core::Consignment>& items, core::Kind kind) {
    return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [kind](const auto& one) { return one.item.kind == kind; }));
  }
};

}  // namespace

TEST_CASE_FIXTURE(NewsFixture, "an_event_overtakes_a_backlog_of_images") {
  put_images(20);
  put_news(core::Kind::event, 1);
  const auto items = lease(4);
  REQUIRE(items.size() == 4);
  CHECK(items[0].item.kind == core::Kind::event);
  CHECK(count_of(items, core::Kind::image) == 3);
}

TEST_CASE_FIXTURE(NewsFixture, "a_backlog_of_samples_takes_only_its_share_while_images_wait") {
  put_news(core::Kind::sample, 40);
  put_images(20);
  const auto items = lease(16);
  REQUIRE(items.size() == 16);
  CHECK(count_of(items, core::Kind::sample) == 4);
  CHECK(items[0].item.kind == core::Kind::sample);
  // The last images leave room, and samples fill it.
  const auto rest = lease(16);
  CHECK(count_of(rest, core::Kind::image) == 8);
  CHECK(count_of(rest, core::Kind::sample) == 8);
  CHECK(lease(100).size() == 28);
}

TEST_CASE_FIXTURE(NewsFixture, "telemetry_is_counted_apart_from_images_and_goes_once_it_is_accepted") {
  put_images(2);
  clock.wall_ms += 60'000;
  put_news(core::Kind::event, 3);
  CHECK(count().waiting == 2);
  CHECK(count().news_waiting == 3);
  CHECK(count().oldest_waiting == WallTime{clock.wall_ms - 60'000});
  enough = core::Level::accepted;
  for (const auto& one : lease())
    if (one.item.kind == core::Kind::event) deliver(one, core::Level::accepted);
  CHECK(count().news_waiting == 0);
  CHECK(count().news_delivered == 3);
  CHECK(count().waiting == 2);
  CHECK(count().delivered == 0);
  queue->tick();
  queue->drain();
  CHECK(queue->summary().items == 2);
  CHECK(count().news_delivered == 3);
}

TEST_CASE_FIXTURE(NewsFixture, "samples_beyond_their_bound_are_dropped_oldest_first_and_counted_and_events_never" * doctest::description("contract 2, 10")) {
  constexpr unsigned over = 3;
  put_news(core::Kind::event, 2);
  for (unsigned i = 0; i < core::limits::samples_waiting_full + over; ++i) REQUIRE(put(pattern(20, i), {}, of_kind(core::Kind::sample)).ok());
  put_images(2);
  queue->tick();
  queue->drain();
  CHECK(queue->summary().shed == 0);
  files.free_bytes_max = 1000;  // there is no room for images now
  queue->tick();
  queue->drain();
  CHECK(queue->summary().shed == over);
  CHECK(count().news_waiting == core::limits::samples_waiting_full + 2);
  CHECK(count().waiting == 2);
  files.free_bytes_max = UINT64_MAX;
  const auto items = lease(5);
  REQUIRE(items.size() == 5);
  REQUIRE(count_of(items, core::Kind::event) == 2);
  REQUIRE(items[2].item.kind == core::Kind::sample);
  CHECK(content(items[2]) == pattern(20, over));
  restart(true);
  CHECK(count().news_waiting == core::limits::samples_waiting_full + 2);
}

TEST_CASE_FIXTURE(NewsFixture, "where_only_emergencies_may_go_no_other_is_lent_however_it_is_asked_for") {
  put_images(3);
  put_news(core::Kind::event, 1);
  core::Manifest urgent = of_kind(core::Kind::image);
  urgent.priority = core::Priority::emergency;
  REQUIRE(put(pattern(1000, 50), image_facts("1.50"), urgent).ok());
  const auto all = lease();
  REQUIRE(all.size() == 5);
  give_back(all);
  queue->drain();
  queue::LeaseQuery query;
  query.destination = "lead";
  query.items_max = 100;
  query.only_emergencies = true;
  for (const auto& one : all) query.only_items.insert(one.item.id);
  const auto asked = [&] {
    auto batch = queue->lease(query);
    for (const auto& one : batch.items) CHECK(one.item.priority == core::Priority::emergency);
    give_back(batch.items);
    queue->drain();
    return batch.items.size();
  };
  CHECK(asked() == 1);
  query.only_items.clear();
  CHECK(asked() == 1);
  const core::Facts& facts = all.back().item.facts;
  query.only_class = queue::LeaseQuery::Class{std::string(facts.get(core::Fact::sop_class_uid)), std::string(facts.get(core::Fact::transfer_syntax_uid))};
  CHECK(asked() == 1);
  query.only_class.reset();
  // What is due later is told of emergencies alone.
  const auto urgent_one = queue->lease(query).items.at(0);
  CHECK_FALSE(queue->lease(query).due_in);
  queue->put_back("lead", urgent_one.item.id, "test", Millis(60'000), false);
  for (const auto& one : lease()) queue->put_back("lead", one.item.id, "test", Millis(1'000), false);
  queue->drain();
  const auto later = queue->lease(query);
  CHECK(later.items.empty());
  REQUIRE(later.due_in);
  CHECK(*later.due_in > Millis(50'000));
}
