// SPDX-License-Identifier: Apache-2.0
// A damaged record whose image is not here any more, whatever was let go or delivered before: it is told, and what is left is kept.
#include "fixture.h"
#include "queue/damage.h"
#include "queue/orphan.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("last bytes" * doctest::description("contract 2, 9"));

namespace {

constexpr std::uint64_t record = 12'288;  // of 10,000 bytes

struct LastBytesFixture : QueueFixture {
  const Bytes bytes = pattern(10'000, 1);

  // The nth record of the first segment, from 0.
  void damage(std::uint64_t nth) { overwrite(segments().at(0), 4096 + nth * record + 1000, {1, 2, 3, 4, 5, 6, 7, 8}); }
  void start_without_ledger() {
    lose_ledger();
    start();
    queue->drain();
  }
  std::size_t places() { return queue->damage().places(10).size(); }
  // The queue is stopped.
  std::size_t rescued() {
    auto orphan = queue::Orphan::open(files, queue::KeySources{home.path().string()});
    REQUIRE(orphan.ok());
    std::size_t items = 0;
    orphan->each([&](core::Consignment one, const queue::Fate& fate, std::uint64_t) {
      CHECK(content(one) == bytes);
      CHECK(fate.undelivered());
      return ++items, true;
    });
    return items;
  }
  // Before the ledger knows the first of them: the second is a duplicate, and is let go.
  void put_twice() {
    std::vector<std::unique_ptr<core::Inflow>> inflows;
    for (int i = 0; i < 2; ++i) {
      auto opened = queue->open({});
      REQUIRE(opened.ok());
      REQUIRE((*opened)->append(bytes).ok());
      inflows.push_back(std::move(*opened));
    }
    tamper("CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'not yet'); END");
    for (auto& one : inflows) REQUIRE_FALSE(one->commit(image_facts("1.1"))->repeated);
    tamper("DROP TRIGGER injected");
    turns();
    REQUIRE(asked("SELECT count(*) FROM item WHERE state=5") == 1);
  }
};

}  // namespace

TEST_CASE_FIXTURE(LastBytesFixture, "a_copy_that_was_let_go_is_the_image_where_what_it_repeats_is_damaged_and_the_ledger_lost" * doctest::description("contract 2, 9")) {
  put_twice();
  CHECK(count().waiting == 1);
  stop();
  SUBCASE("damaged") {
    damage(0);
    lose_ledger();
    CHECK(rescued() == 1);
    for (int start = 0; start < 2; ++start) {
      start_without_ledger();
      turns();
      CHECK(count().waiting == 1);
      CHECK(content(lease().at(0)) == bytes);
      CHECK(places() == 0);
      stop();
    }
    start();
    deliver(lease().at(0));
    turns();
  }
  SUBCASE("sound") {
    lose_ledger();
    CHECK(rescued() == 1);
    start();
    CHECK(count().waiting == 1);
    deliver(lease().at(0));
    turns();
    stop();
    lose_ledger();
    CHECK(rescued() == 0);
    start();
  }
  // Delivered, it is missed no more.
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(queue->summary().items == 0);
    CHECK(places() == 0);
    CHECK(*queue->counts().undelivered({}) == 0);
  }
}

TEST_CASE_FIXTURE(LastBytesFixture, "a_copy_that_was_let_go_is_the_image_where_nothing_says_what_is_missing" * doctest::description("contract 2, 9")) {
  std::string hidden;
  SUBCASE("the header of the record is damaged") {
    put_twice();
    stop();
    overwrite(segments().at(0), 4096, Bytes(128, 0xaa));
  }
  SUBCASE("its facts are") {
    put_twice();
    stop();
    overwrite(segments().at(0), 4096 + 10'000 + 128 + 16 + 8, {1, 2, 3, 4, 5, 6, 7, 8});
  }
  SUBCASE("its segment does not open") {
    REQUIRE(put(bytes, image_facts("1.1")).ok());
    restart();
    destinations = {"lead", "archive"};  // which is handed over to the first
    REQUIRE(put(bytes, image_facts("1.1")).ok());
    REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());  // else the segment would go
    turns();
    REQUIRE(asked("SELECT count(*) FROM item WHERE state=5") == 1);
    stop();
    hidden = segments().at(0);
    std::filesystem::rename(hidden, hidden + "x");
    std::filesystem::create_directory(hidden);
  }
  for (int start = 0; start < 2; ++start) {
    start_without_ledger();
    turns();
    const auto here = lease();
    CHECK(std::ranges::any_of(here, [&](const core::Consignment& one) { return content(one) == bytes; }));
    stop();
  }
  if (!hidden.empty()) {
    std::filesystem::remove(hidden);
    std::filesystem::rename(hidden + "x", hidden);
  }
  start();
  turns();
  for (const std::string destination : {"lead", "archive"})
    for (const auto& one : lease(10, destination)) deliver(one, core::Level::archived, destination);
  turns();
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(queue->summary().items == 0);
  }
}

TEST_CASE_FIXTURE(LastBytesFixture, "a_copy_that_was_let_go_is_no_image_where_what_it_repeats_went_whatever_else_is_missing" * doctest::description("contract 2, 9")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 3), image_facts("1.3")).ok());  // it keeps the segment
  restart();
  destinations = {"lead", "archive"};
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  turns();
  for (const std::string destination : {"lead", "archive"})
    for (const auto& one : lease(10, destination))
      if (content(one) == bytes) deliver(one, core::Level::archived, destination);
  turns();
  REQUIRE(asked("SELECT count(*) FROM item WHERE state=2") == 1);
  stop();
  REQUIRE(segments().size() == 2);
  overwrite(segments().at(1), 4096, Bytes(128, 0xaa));  // the header of the other one
  start_without_ledger();
  turns();
  CHECK(places() == 1);
  CHECK(queue->summary().items == 1);
  for (const auto& one : lease()) CHECK(content(one) != bytes);
}

TEST_CASE_FIXTURE(LastBytesFixture, "a_copy_that_was_let_go_is_no_image_where_what_it_repeats_is_here_whatever_else_is_missing" * doctest::description("contract 2, 9")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  restart();
  destinations = {"lead", "archive"};
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  turns();
  REQUIRE(asked("SELECT count(*) FROM item WHERE state=5") == 1);
  stop();
  REQUIRE(segments().size() == 2);
  overwrite(segments().at(1), 4096, Bytes(128, 0xaa));  // the header of the other one
  start_without_ledger();
  CHECK(asked("SELECT count(*) FROM item WHERE state=1") == 1);
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 0);
  const auto damaged = queue->damage().places(10);
  REQUIRE(damaged.size() == 1);
  REQUIRE(damaged[0].about.has_value());  // of nothing before it in its segment: when that was begun
  CHECK(damaged[0].about->ms == clock.wall().ms);
}

TEST_CASE_FIXTURE(LastBytesFixture, "an_image_that_came_again_after_it_went_and_is_damaged_is_not_what_went" * doctest::description("contract 2, 9")) {
  is_asked = false;
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  clock.wall_ms += 1000;
  deliver(lease(1).at(0));
  turns();
  clock.wall_ms += 1000;
  std::size_t lost = 1;
  std::uint64_t nth = 2;
  SUBCASE("its record is damaged") {}
  SUBCASE("and the first one is gone from the disk") {
    restart();
    turns();
  }
  SUBCASE("it went as well") { lost = 0; }
  SUBCASE("the image is here, and what went is damaged") { nth = 0, lost = 0; }
  REQUIRE_FALSE(put(bytes, image_facts("1.1"))->repeated);
  clock.wall_ms += 1000;
  const bool goes = lost == 0 && nth == 2;
  for (const auto& one : lease())
    if (goes && content(one) == bytes) deliver(one);
  turns();
  stop();
  if (segments().size() > 1)
    overwrite(segments().at(1), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
  else
    damage(nth);
  start_without_ledger();
  CHECK(queue->summary().quarantined == lost);
  CHECK(places() == lost);
  CHECK(*queue->counts().undelivered({}) == (goes ? 1 : 2));
  clock.wall_ms += 1000;
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  CHECK(places() == 0);
  turns();
  for (const auto& one : lease()) deliver(one);
  for (const bool without_ledger : {false, true}) {
    turns();
    restart(without_ledger);
    CHECK(places() == 0);
    CHECK(*queue->counts().undelivered({}) == 0);
  }
}

TEST_CASE_FIXTURE(LastBytesFixture, "a_damaged_record_behind_one_that_was_half_punched_is_told" * doctest::description("contract 2, 9")) {
  for (unsigned i = 1; i <= 4; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  const unsigned gone = 2;
  for (const auto& one : lease(gone)) deliver(one);
  turns();
  REQUIRE(asked("SELECT count(*) FROM item WHERE state=2") == gone);
  stop();
  for (unsigned i = 0; i < gone; ++i) overwrite(segments().at(0), 4096 + i * record + 4096, Bytes(record - 4096, 0));  // only their headers are left
  std::size_t lost = 1;
  SUBCASE("and a record follows") { damage(2); }
  SUBCASE("and nothing follows") {
    damage(2);
    damage(3);
  }
  SUBCASE("none is damaged") { lost = 0; }
  lose_ledger();
  auto orphan = queue::Orphan::open(files, queue::KeySources{home.path().string()});
  REQUIRE(orphan.ok());
  orphan->each([](core::Consignment, const queue::Fate&, std::uint64_t) { return true; });
  CHECK(orphan->counts().damaged == lost);
  start();
  queue->drain();
  CHECK(queue->summary().quarantined == lost);
  CHECK(places() == lost);
}

TEST_CASE_FIXTURE(LastBytesFixture, "what_a_damaged_record_owed_is_owed_by_what_comes_again_to_another_address" * doctest::description("contract 1, 2")) {
  destinations = {"lead", "archive"};
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  queue->drain();
  stop();
  damage(0);
  SUBCASE("the ledger is lost before it comes again") {
    start_without_ledger();
    REQUIRE(places() == 1);
    destinations = {"lead"};
    SUBCASE("and is enough") { REQUIRE(put(bytes, image_facts("1.1")).ok()); }
    SUBCASE("and matches no route") {
      destinations.clear();
      REQUIRE(put(bytes, image_facts("1.1")).ok());
      destinations = {"lead"};
    }
    SUBCASE("beside another content of its name, to be compared with it") {
      REQUIRE(put(pattern(10'000, 2), image_facts("1.1")).ok());
      queue->drain();
      SUBCASE("the same data set") { same_content = [](const core::Consignment&, const core::Consignment&) { return true; }; }
      SUBCASE("another") {}
      REQUIRE(put(bytes, image_facts("1.1")).ok());
    }
  }
  SUBCASE("the ledger is lost afterwards") {
    start();
    for (const auto& one : lease()) {
      Bytes room(one.payload->size());
      CHECK_FALSE(one.payload->read(0, room).ok());
    }
    destinations = {"lead"};
    REQUIRE(put(bytes, image_facts("1.1")).ok());
  }
  turns();
  CHECK(places() == 0);
  for (const bool without_ledger : {false, true, true}) {
    if (!same_content) CHECK(places() == 0);  // else what was compared with it is not there to tell
    CHECK(count("archive").waiting + count("archive").on_hold == 1);
    turns();
    restart(without_ledger);
  }
}

TEST_CASE_FIXTURE(LastBytesFixture, "a_copy_in_other_bytes_stays_while_what_it_may_repeat_is_damaged_beside_another_content" * doctest::description("contract 2, 6")) {
  same_content = [](const core::Consignment& a, const core::Consignment& b) { return a.item.size != 9000 && b.item.size != 9000; };
  for (const std::size_t size : {9000, 10'000, 11'000}) {
    REQUIRE(put(pattern(size, 1), image_facts("1.1")).ok());
    queue->drain();
  }
  REQUIRE(count().on_hold == 1);
  damage(1);
  turns(4);
  CHECK(places() == 1);
  CHECK(asked("SELECT count(*) FROM item WHERE state=4 AND size=11000") == 1);
}

TEST_SUITE_END();
