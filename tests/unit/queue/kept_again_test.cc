// SPDX-License-Identifier: Apache-2.0
// An image that comes again after it was reclaimed: it is kept again, and sent only where it is not known to be.
#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/pledges.h"
#include "queue/unproven.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("kept_again" * doctest::description("contract 2, 4"));

namespace {

const Bytes bytes = pattern(10'000, 1);

struct KeptAgain : QueueFixture {
  Uuid store() {
    const auto stored = put(bytes, image_facts("1.1"));
    REQUIRE(stored.ok());
    CHECK_FALSE(stored->repeated);
    queue->drain();
    return stored->id;
  }
  // Stored, archived everywhere and gone.
  Uuid come_and_go() {
    const Uuid id = store();
    for (const auto& name : destinations) deliver(lease(10, name).at(0), core::Level::archived, name);
    turns();
    restart();  // its record is gone from the disk as well
    turns();
    REQUIRE(queue->summary().items == 0);
    return id;
  }
  std::vector<queue::UnprovenItem> due(const std::string& destination = "lead") {
    queue->drain();
    auto items = queue->unproven().due(destination, 100).items;
    queue->unproven().done(items);
    queue->drain();
    return items;
  }
  std::size_t waits_for(const std::string& destination = "lead") {
    const auto items = lease(10, destination);
    for (const auto& one : items) {
      CHECK(content(one) == bytes);
      queue->put_back(destination, one.item.id, "", Millis(0), false);
    }
    queue->drain();
    return items.size();
  }
  void check_counted_once() {
    const auto found = queue->lookup().find("1.2.3", 2);
    REQUIRE(found.size() == 1);
    const auto exam = queue->lookup().exam(found[0].exam);
    REQUIRE(exam);
    CHECK(exam->items == 1);
    CHECK(exam->bytes == bytes.size());
    CHECK(exam->sample.facts.get(core::Fact::study_instance_uid) == "1.2.3");
    for (const auto& one : exam->deliveries) CHECK(one.waiting + one.on_hold + one.rejected + one.delivered == 1);
  }
};

}  // namespace

TEST_CASE_FIXTURE(KeptAgain, "an_image_that_comes_again_after_it_went_is_kept_again_and_sent_where_nobody_can_be_asked") {
  enough = core::Level::accepted;
  const Uuid first = come_and_go();
  SUBCASE("its record is known") {}
  SUBCASE("only its tombstone is known") { restart(true); }
  SUBCASE("a third time") {
    store();
    deliver(lease().at(0));
    turns();
    REQUIRE(queue->summary().items == 0);
  }
  CHECK(store() != first);
  CHECK(queue->summary().items == 1);
  CHECK(put(bytes, image_facts("1.1"))->repeated);  // while it is here
  for (const bool without_ledger : {false, false, true}) {
    turns();
    CHECK(waits_for() == 1);
    check_counted_once();
    restart(without_ledger);
  }
  CHECK(waits_for() == 1);
}

TEST_CASE_FIXTURE(KeptAgain, "who_proved_to_have_it_is_asked_before_it_is_sent_again" * doctest::description("contract 3, 4")) {
  come_and_go();
  destinations = {"lead", "copy"};
  const auto delivered = count().delivered;
  store();
  turns();
  CHECK(queue->summary().items == 1);  // no earlier proof lets it go
  CHECK(waits_for("lead") == 0);
  CHECK(waits_for("copy") == 1);
  CHECK(count().delivered == delivered);
  check_counted_once();
  const auto asked = due();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].node == "PACS");
  SUBCASE("it is there") {
    queue->unproven().archived(asked[0], {asked[0].item.id, asked[0].item.sha256, "PACS", clock.wall(), core::Level::archived});
    turns();
    CHECK(queue->summary().items == 1);
    deliver(lease(1, "copy").at(0), core::Level::archived, "copy");
    turns();
    CHECK(queue->summary().items == 0);
    check_counted_once();
    restart(true);
    CHECK(queue->summary().items == 0);
  }
  SUBCASE("it was lost") {
    queue->unproven().send_again(asked[0], "it is not there");
    queue->drain();
    clock.wall_ms += 2 * Millis(core::limits::resend_pause).count();
    CHECK(waits_for("lead") == 1);
    check_counted_once();
    restart(true);
    CHECK(waits_for("lead") == 1);
  }
  SUBCASE("the ledger was lost before the answer") {
    restart(true);
    CHECK(waits_for("lead") == 1);
    CHECK(waits_for("copy") == 1);
  }
}

TEST_CASE_FIXTURE(KeptAgain, "who_is_not_asked_what_it_keeps_gets_it_again_though_it_was_archived_there_before" * doctest::description("contract 3, 4")) {
  come_and_go();
  is_asked = false;
  store();
  CHECK(waits_for() == 1);
  restart();
  CHECK(waits_for() == 1);
}

TEST_CASE_FIXTURE(KeptAgain, "what_nobody_asks_about_any_more_is_sent_and_what_was_really_accepted_is_not" * doctest::description("contract 3, 4")) {
  come_and_go();
  REQUIRE(put(pattern(5000, 7), image_facts("1.7")).ok());  // an image like any other, accepted and never proven
  deliver(lease().at(0), core::Level::accepted);
  store();
  REQUIRE(waits_for() == 0);
  SUBCASE("from the next start on") {
    is_asked = false;
    restart();
  }
  SUBCASE("from the next settings on") {
    is_asked = false;
    queue->route_again();
  }
  SUBCASE("because its acceptance is trusted from now on, and this is none") {
    enough = core::Level::accepted;
    turns();
    CHECK(queue->summary().items == 1);  // the other went
    CHECK(queue->counts().undelivered({"lead"}).value() == 1);
    queue->route_again();
  }
  CHECK(waits_for() == 1);
  deliver(lease().at(0), core::Level::accepted);
  for (int start = 0; start < 2; ++start) {  // once
    restart();
    CHECK(waits_for() == 0);
  }
}

TEST_CASE_FIXTURE(KeptAgain, "one_after_the_other_all_are_sent_that_nobody_asks_about") {
  constexpr int many = 1100;  // more than two steps
  const auto store_all = [this] {
    for (int i = 0; i < many; ++i) REQUIRE(put(pattern(64, static_cast<unsigned>(i)), image_facts("1." + std::to_string(i))).ok());
  };
  store_all();
  for (const auto& one : lease(many)) queue->deliver("lead", {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived});
  for (int round = 0; round < 50 && queue->summary().items > 0; ++round) turns();
  REQUIRE(queue->summary().items == 0);
  store_all();
  REQUIRE(count().waiting == 0);
  is_asked = false;
  queue->route_again();
  CHECK(count().waiting == many);
}

TEST_CASE_FIXTURE(KeptAgain, "what_one_only_accepted_a_fallback_has_or_a_person_holds_is_not_asked_about_first") {
  SUBCASE("accepted") {
    enough = core::Level::accepted;
    store();
    deliver(lease().at(0), core::Level::accepted);
    turns();
    REQUIRE(queue->summary().items == 0);
    enough = core::Level::archived;
    store();
    CHECK(waits_for() == 1);
  }
  SUBCASE("fallback") {
    store();
    const auto item = lease().at(0).item;
    queue->deliver("lead", {item.id, item.sha256, "via copy: PACS", clock.wall(), core::Level::archived});
    turns();
    REQUIRE(queue->summary().items == 0);
    store();
    CHECK(waits_for() == 1);
  }
  SUBCASE("held") {
    come_and_go();
    REQUIRE(queue->orders().hold(queue->lookup().find("1.2.3", 1).at(0), "lead").ok());
    store();
    CHECK(waits_for() == 0);
    CHECK(due().empty());
    CHECK(count().on_hold == 1);
  }
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(KeptAgain, "beside_other_content_of_its_uid_it_waits_for_a_person_as_before" * doctest::description("contract 6")) {
  come_and_go();
  REQUIRE(put(pattern(10'000, 2), image_facts("1.1")).ok());
  queue->drain();
  CHECK(count().on_hold == 1);
  store();
  CHECK(count().on_hold == 2);
  CHECK(waits_for() == 0);
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(KeptAgain, "where_nobody_gives_an_answer_it_is_sent_and_not_asked_about_for_ever") {
  come_and_go();
  store();
  for (unsigned asked = 0; asked < core::limits::missing_answers_max; ++asked) {
    CHECK(waits_for() == 0);
    const auto item = due().at(0);
    queue->unproven().ask_later(item, Millis(0));
    clock.wall_ms += 1;
  }
  CHECK(waits_for() == 1);
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(KeptAgain, "under_its_own_id_it_is_the_one_that_its_tombstone_names") {
  core::Manifest named;
  named.id = make_uuid7(clock.wall(), system_random());
  REQUIRE(put(bytes, image_facts("1.1"), named).ok());
  deliver(lease().at(0));
  turns();
  CHECK(put(bytes, image_facts("1.1"), named)->repeated);
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(KeptAgain, "a_modality_that_asks_late_is_told_no_and_what_it_then_sends_again_is_kept") {
  const core::PromiseRequest request{"2.25.1", "CT1", "SAMPAN", "192.0.2.7", {{"1.2.840.10008.5.1.4.1.1.2", "1.1"}}};
  come_and_go();
  clock.mono_ms += 8 * 24 * 3'600'000, clock.wall_ms += 8 * 24 * 3'600'000;
  REQUIRE(queue->pledges().keep(request).ok());
  queue->drain();
  const auto look = [&] { return queue->pledges().standing("2.25.1")->instances.at(0); };
  REQUIRE(look().where == queue::PledgedInstance::Where::let_go);
  CHECK(look().deliveries.at(0).state == core::DeliveryState::waiting);
  store();
  queue->drain();
  CHECK(look().where == queue::PledgedInstance::Where::here);
  CHECK(look().deliveries.at(0).state == core::DeliveryState::waiting);  // until the lead says that it is there
}

TEST_SUITE_END();
