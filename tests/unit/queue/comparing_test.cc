// SPDX-License-Identifier: Apache-2.0
// Two images under one SOP Instance UID, until somebody knows what the second is to the first.
#include <future>

#include "fixture.h"
#include "queue/ledger_schema.h"
#include "queue/lookup.h"
#include "queue/orders.h"

using namespace sampan;
using namespace sampan::test;
using queue::Likeness;

TEST_SUITE_BEGIN("comparing" * doctest::description("contract 6"));

namespace {

struct ComparingFixture : QueueFixture {
  std::atomic<int> compared{0};
  std::atomic<Likeness> likeness{Likeness::interrupted};
  const Bytes first = pattern(5000, 1), second = pattern(6000, 2);

  ComparingFixture() {
    compare = [this](const core::Consignment&, const core::Consignment&) { return ++compared, likeness.load(); };
  }
  void put_both() {
    REQUIRE(put(first, image_facts("1.1")).ok());
    queue->drain();
    REQUIRE(put(second, image_facts("1.1")).ok());
    queue->drain();
  }
  std::string reason() {
    const auto all = count().on_hold_reasons;
    return all.empty() ? "" : all.front().reason;
  }
};

}  // namespace

TEST_CASE_FIXTURE(ComparingFixture, "nobody_waits_for_a_comparison" * doctest::description("contract 6, 8")) {
  std::promise<void> knows;
  compare = [this, known = knows.get_future().share()](const core::Consignment&, const core::Consignment&) {
    ++compared;
    known.wait();
    return Likeness::same;
  };
  REQUIRE(put(first, image_facts("1.1")).ok());
  queue->drain();
  REQUIRE(put(second, image_facts("1.1")).ok());
  REQUIRE(within(std::chrono::seconds(10), [this] { return compared > 0; }));
  REQUIRE(put(pattern(10, 3), image_facts("1.2")).ok());
  REQUIRE(within(std::chrono::seconds(10), [this] { return queue->summary().items == 3; }));
  queue::LeaseQuery query;
  query.destination = "lead";
  query.items_max = 10;
  auto batch = queue->lease(query);
  CHECK(batch.items.size() == 2);  // the first, and the one that came meanwhile
  give_back(batch.items);
  knows.set_value();
  CHECK(lease().size() == 2);
  CHECK(count().on_hold == 0);
  CHECK(queue->summary().duplicates == 1);
}

TEST_CASE_FIXTURE(ComparingFixture, "what_was_not_decided_is_decided_after_a_restart" * doctest::description("contract 6, 9")) {
  put_both();
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 0);
  CHECK(queue->summary().items == 2);
  bool without_ledger = false, same = false;
  SUBCASE("it is the same, with the ledger") { same = true; }
  SUBCASE("it is the same, without it") { same = without_ledger = true; }
  SUBCASE("it differs, with the ledger") {}
  SUBCASE("it differs, without it") { without_ledger = true; }
  restart(without_ledger);
  CHECK(count().on_hold == 0);
  likeness = same ? Likeness::same : Likeness::other;
  restart();
  CHECK(count().on_hold == (same ? 0 : 1));
  CHECK(reason() == (same ? "" : queue::content_differs));
  CHECK(queue->summary().duplicates == (same ? 1 : 0));
  CHECK(queue->summary().conflicts == (same ? 0 : 1));
  CHECK(count().waiting == 1);
  compared = 0;
  restart();
  CHECK(compared == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "what_the_last_batch_before_a_stop_finds_undecided_is_compared_after_the_next_start" * doctest::description("contract 6")) {
  same_content = [](const core::Consignment&, const core::Consignment&) { return false; };
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.1")).ok());
  restart();  // nothing waits for the ledger before
  turns();
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_was_found_to_repeat_another_and_was_let_go_is_held_by_no_ledger_of_before" * doctest::description("contract 6, 9")) {
  const std::string before = at("before").string();
  std::filesystem::create_directory(before);
  const auto copy_ledger = [](const std::string& from, const std::string& to) {
    for (const char* part : {"/ledger.db", "/ledger.db-wal"})
      if (std::filesystem::exists(from + part)) std::filesystem::copy_file(from + part, to + part, std::filesystem::copy_options::overwrite_existing);
  };
  compare = [&](const core::Consignment&, const core::Consignment&) { return copy_ledger(home.path().string(), before), queue::Likeness::same; };
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  queue->drain();
  REQUIRE(put(pattern(2'000'000, 2), image_facts("1.1")).ok());  // in a segment of its own
  turns();
  REQUIRE(segments().size() == 1);
  stop();
  lose_ledger();
  copy_ledger(before, home.path().string());
  compare = nullptr;
  start();
  turns();
  CHECK(count().on_hold == 0);
  CHECK(asked("SELECT count(*) FROM item WHERE state=2") == 0);
  CHECK(asked("SELECT count(*) FROM meta WHERE name>'undecided ' AND name<'undecided!'") == 0);
  deliver(lease().at(0));
  turns();
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(ComparingFixture, "an_image_that_breaks_every_comparison_is_held_and_the_others_flow" * doctest::description("contract 6, 8")) {
  likeness = Likeness::broke_off;
  put_both();
  CHECK(compared == 3);
  CHECK(count().on_hold == 1);
  CHECK(reason() == queue::content_breaks);
  REQUIRE(put(pattern(10, 3), image_facts("1.2")).ok());
  CHECK(lease().size() == 2);
  compared = 0;
  restart();
  CHECK(compared == 0);
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(ComparingFixture, "an_undecided_image_sent_again_is_a_repeat_and_its_only_copy_is_kept" * doctest::description("contract 2, 6")) {
  put_both();
  const auto again = put(second, image_facts("1.1"));
  REQUIRE(again.ok());
  CHECK(again->repeated);
  for (auto& one : lease()) deliver(one);
  queue->tick();
  restart();
  likeness = Likeness::other;
  restart();
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(ComparingFixture, "a_first_copy_that_turns_out_damaged_leaves_the_second_as_the_image" * doctest::description("contract 2, 6")) {
  put_both();
  overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
  auto items = lease();
  REQUIRE(items.size() == 1);
  Bytes room(first.size());
  CHECK_FALSE(items[0].payload->read(0, room).ok());
  give_back(items);
  likeness = Likeness::other;
  restart();
  items = lease();
  REQUIRE(items.size() == 1);
  CHECK(content(items[0]) == second);
}

TEST_CASE_FIXTURE(ComparingFixture, "three_contents_of_one_uid_are_compared_each_with_those_before_it") {
  const Bytes third = pattern(7000, 3);
  compare = [&](const core::Consignment& a, const core::Consignment& b) {
    return content(a) == third && content(b) == second ? Likeness::same : Likeness::other;
  };
  put_both();
  REQUIRE(put(third, image_facts("1.1")).ok());
  bool without_ledger = false;
  SUBCASE("with the ledger") {}
  SUBCASE("after a rebuild") { without_ledger = true; }
  restart(without_ledger);
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(ComparingFixture, "what_a_person_ordered_of_the_exam_holds_for_an_image_that_is_decided_later") {
  put_both();
  const auto exam = queue->lookup().find("1.2.3", 10);
  REQUIRE(exam.size() == 1);
  REQUIRE(queue->orders().owe(exam[0], "archive").ok());
  CHECK(count("archive").waiting == 1);
  likeness = Likeness::other;
  restart();
  CHECK(count("archive").on_hold == 1);
  CHECK(count("lead").on_hold == 1);
}

TEST_CASE_FIXTURE(ComparingFixture, "after_a_rebuild_the_first_of_two_under_one_name_is_not_held_because_the_later_one_is_gone" * doctest::description("contract 6, 9")) {
  likeness = Likeness::other;
  const auto one = put(first, image_facts("1.1"));
  queue->drain();
  const auto other = put(second, image_facts("1.1"));
  CHECK(count().on_hold == 1);
  bool first_goes = false, on_disk = false;
  SUBCASE("the first is gone") { first_goes = true; }
  SUBCASE("the later one is gone") {}
  SUBCASE("the later one is gone, and not punched yet") { on_disk = true; }
  if (!on_disk) restart();  // seals the segment
  if (!first_goes) REQUIRE(queue->orders().resume(queue->lookup().find(to_string(other->id), 2).at(0), "lead").ok());
  for (const auto& item : lease())
    if (item.item.id == (first_goes ? one->id : other->id)) deliver(item);
  for (int round = 0; round < 3; ++round) {
    queue->tick();
    queue->drain();
  }
  CHECK(queue->summary().items == 1);
  for (const bool without_ledger : {false, true, true}) {
    restart(without_ledger);
    CHECK(count().on_hold == (first_goes ? 1 : 0));
    CHECK(reason() == (first_goes ? queue::content_differs : ""));
    CHECK(count().waiting == (first_goes ? 0 : 1));
    if (!first_goes) CHECK(content(lease().at(0)) == first);
  }
}
