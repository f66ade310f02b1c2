// SPDX-License-Identifier: Apache-2.0
// What a person orders of an exam is done, also to its images that are still to come, and outlives the ledger.
#include "fixture.h"

#include "queue/lookup.h"
#include "queue/orders.h"

using namespace sampan;
using namespace sampan::test;
using queue::Match;

TEST_SUITE_BEGIN("orders");

namespace {

struct OrdersFixture : QueueFixture {
  unsigned made = 0;

  OrdersFixture() { destinations = {"lead", "cloud"}; }

  Uuid put_image(const std::string& study, core::Priority priority = core::Priority::routine) {
    auto facts = image_facts("1.9." + std::to_string(++made), study);
    facts.set(core::Fact::accession_number, "A" + study);
    facts.set(core::Fact::patient_id, "P1");
    core::Manifest manifest;
    manifest.priority = priority;
    const auto stored = put(pattern(500, made), facts, manifest);
    REQUIRE(stored.ok());
    return stored->id;
  }
  Match find(const std::string& name) {
    queue->drain();
    const auto found = queue->lookup().find(name, 10);
    REQUIRE(found.size() == 1);
    return found[0];
  }
  queue::Orders& orders() { return queue->orders(); }
  // In the order in which they are lent; given back.
  std::vector<Uuid> due(const std::string& destination = "lead") {
    std::vector<Uuid> ids;
    for (const auto& one : lease(100, destination)) {
      ids.push_back(one.item.id);
      queue->put_back(destination, one.item.id, "", Millis(0), false);
    }
    return ids;
  }
  // With the ledger as it is, after a restart, and after the ledger was deleted.
  template <class Check>
  void always(Check check) {
    check();
    restart();
    check();
    restart(true);
    check();
  }
};

using Ids = std::vector<Uuid>;

}  // namespace

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_on_hold_does_not_leave_and_neither_do_its_later_images" * doctest::description("contract 7")) {
  put_image("1.1");
  const Uuid other = put_image("1.2");
  CHECK(orders().hold(find("A1.1"), "")->deliveries == 2);
  put_image("1.1");
  always([&] {
    CHECK(due() == Ids{other});
    CHECK(due("cloud") == Ids{other});
    CHECK(count().on_hold == 2);
    REQUIRE(count().on_hold_reasons.size() == 1);
    CHECK(count().on_hold_reasons[0].reason == "the exam is held by a person");
  });
  CHECK(orders().resume(find("1.1"), "")->deliveries == 4);
  put_image("1.1");
  always([&] {
    CHECK(due().size() == 4);
    CHECK(count().on_hold == 0);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "what_waits_for_a_person_and_what_was_tried_in_vain_is_found_by_its_exam_and_reason" * doctest::description("contract 7")) {
  using State = core::DeliveryState;
  using Exams = std::vector<std::string>;
  for (const char* study : {"1.1", "1.1", "1.2", "1.3", "1.4"}) {
    put_image(study);
    clock.wall_ms += 1000;
  }
  for (const char* study : {"1.1", "1.2", "1.4"}) REQUIRE(orders().hold(find(study), "lead").ok());
  const auto left = lease(100);
  REQUIRE(left.size() == 1);
  queue->put_back("lead", left[0].item.id, "0xC000 cannot understand", Millis(60'000), true);
  always([&] {
    queue->drain();
    CHECK(queue->lookup().exams_in("lead", State::on_hold, 5) == Exams{"1.4", "1.2", "1.1"});
    CHECK(queue->lookup().exams_in("lead", State::on_hold, 2) == Exams{"1.4", "1.2"});
    CHECK(queue->lookup().exams_in("lead", State::rejected, 5).empty());
    CHECK(queue->lookup().exams_in("cloud", State::on_hold, 5).empty());
    CHECK(queue->lookup().exams_in("nobody", State::on_hold, 5).empty());
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "why_an_image_was_tried_in_vain_is_counted_while_it_waits") {
  put_image("1.1");
  put_image("1.2");
  queue->drain();
  CHECK(count().waiting_reasons.empty());
  const auto due_now = lease(100);
  REQUIRE(due_now.size() == 2);
  for (const auto& one : due_now) queue->put_back("lead", one.item.id, "0xC000 cannot understand", Millis(60'000), true);
  queue->drain();
  REQUIRE(count().waiting_reasons.size() == 1);
  CHECK(count().waiting_reasons[0].reason == "0xC000 cannot understand");
  CHECK(count().waiting_reasons[0].items == 2);
}

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_may_be_held_from_one_destination_only") {
  put_image("1.1");
  REQUIRE(orders().hold(find("1.1"), "cloud").ok());
  put_image("1.1");
  always([&] {
    CHECK(due().size() == 2);
    CHECK(due("cloud").empty());
  });
  REQUIRE(orders().hold(find("1.1"), "").ok());
  REQUIRE(orders().resume(find("1.1"), "cloud").ok());
  always([&] {
    CHECK(due().empty());
    CHECK(due("cloud").size() == 2);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "one_image_is_held_and_resumed_alone") {
  const Uuid held = put_image("1.1"), free = put_image("1.1");
  CHECK(find("1.9.1").item == held);
  CHECK(orders().hold(find("1.9.1"), "")->deliveries == 2);
  always([&] { CHECK(due() == Ids{free}); });
  CHECK(orders().resume(find(to_string(held)), "lead")->deliveries == 1);
  always([&] {
    CHECK(due().size() == 2);
    CHECK(due("cloud") == Ids{free});
  });
  REQUIRE(orders().hold(find("1.1"), "").ok());
  CHECK(orders().resume(find("1.9.1"), "").error().code == Errc::refused);
}

TEST_CASE_FIXTURE(OrdersFixture, "what_was_rejected_waits_again_when_it_is_resumed" * doctest::description("contract 7")) {
  const Uuid image = put_image("1.1");
  REQUIRE(lease().size() == 1);
  queue->reject("lead", image, "0xA900 does not match");
  CHECK(due().empty());
  CHECK(orders().resume(find("1.1"), "")->deliveries == 1);
  always([&] {
    CHECK(due() == Ids{image});
    CHECK(count().rejected_reasons.empty());
  });
  CHECK(orders().resume(find("1.1"), "")->deliveries == 0);
}

TEST_CASE_FIXTURE(OrdersFixture, "what_was_delivered_is_sent_again_while_its_bytes_are_here" * doctest::description("contract 3")) {
  const Uuid image = put_image("1.1");
  deliver(lease().at(0));
  CHECK(due().empty());
  CHECK(orders().resend(find("1.1"), "")->deliveries == 1);
  always([&] {
    CHECK(due() == Ids{image});
    CHECK(count().delivered == 0);
    CHECK(count().archived == 0);
  });
  for (const auto& destination : destinations) deliver(lease(1, destination).at(0), core::Level::archived, destination);
  for (int round = 0; round < 3; ++round) {
    queue->tick();
    queue->drain();
  }
  const auto late = orders().resend(find("1.1"), "");
  CHECK(late->deliveries == 0);
  CHECK(late->reclaimed == 2);
  CHECK(due().empty());
  CHECK(count().archived == 1);
}

TEST_CASE_FIXTURE(OrdersFixture, "of_an_exam_it_is_told_what_is_accepted_and_what_is_archived_and_since_when" * doctest::description("contract 7")) {
  destinations = {"lead"};
  for (int i = 0; i < 3; ++i) put_image("1.1");
  const auto lead = [&] {
    queue->drain();
    return queue->lookup().exam(find("1.1").exam)->deliveries.at(0);
  };
  CHECK(lead().delivered == 0);
  CHECK_FALSE(lead().first_accepted.has_value());
  const auto items = lease(10);
  REQUIRE(items.size() == 3);
  const WallTime first = clock.wall();
  deliver(items[0], core::Level::accepted);
  queue->drain();
  clock.wall_ms += 1000;
  deliver(items[1], core::Level::accepted);
  queue->drain();
  clock.wall_ms += 1000;
  deliver(items[2], core::Level::archived);
  CHECK(lead().waiting == 0);
  CHECK(lead().delivered == 3);
  CHECK(lead().archived == 1);
  CHECK(lead().first_accepted->ms == first.ms);
  CHECK(lead().last_accepted->ms == first.ms + 1000);
  CHECK(lead().last_archived->ms == first.ms + 2000);
}

TEST_CASE_FIXTURE(OrdersFixture, "what_is_sent_again_is_not_reclaimed_on_its_earlier_receipt" * doctest::description("contract 4")) {
  destinations = {"lead"};
  enough = core::Level::archived;
  const Uuid image = put_image("1.1");
  deliver(lease().at(0), core::Level::accepted);
  REQUIRE(orders().resend(find("1.1"), "").ok());
  auto again = lease();
  REQUIRE(again.size() == 1);
  deliver(again[0], core::Level::accepted);
  queue->tick();
  CHECK(orders().resend(find("1.1"), "")->deliveries == 1);
  CHECK(due() == Ids{image});
}

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_that_is_pushed_to_another_destination_is_owed_to_it_with_all_that_comes") {
  const Uuid first = put_image("1.1");
  const Uuid other = put_image("1.2");
  CHECK(orders().owe(find("1.1"), "expert")->deliveries == 1);
  const Uuid second = put_image("1.1");
  always([&] {
    CHECK(due("expert") == Ids{first, second});
    CHECK(due() == Ids{first, second, other});
  });
  CHECK(orders().owe(find("1.1"), "expert")->deliveries == 0);
  for (const auto& one : lease(10, "expert")) deliver(one, core::Level::accepted, "expert");
  always([&] {
    CHECK(due("expert").empty());
    CHECK(count("expert").delivered == 2);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "an_order_tells_what_it_moved_and_what_stays" * doctest::description("contract 7")) {
  const auto is = [](const Result<queue::OrderDone>& done, std::uint64_t moved, std::uint64_t on_hold, std::uint64_t waiting, std::uint64_t delivered) {
    REQUIRE(done.ok());
    CHECK(done->deliveries == moved);
    CHECK(done->on_hold == on_hold);
    CHECK(done->waiting == waiting);
    CHECK(done->delivered == delivered);
    CHECK(done->reclaimed + done->damaged == 0);
  };
  put_image("1.1");
  put_image("1.1");
  deliver(lease(1).at(0), core::Level::accepted);
  SUBCASE("hold: what has left already and what was held before") {
    is(orders().hold(find("1.1"), "lead"), 1, 0, 0, 1);
    CHECK(orders().hold(find("1.1"), "lead")->later);
    is(orders().hold(find("1.1"), ""), 2, 1, 0, 1);
    const auto one = orders().hold(find("1.9.2"), "");
    CHECK_FALSE(one->later);
    is(one, 0, 2, 0, 0);
  }
  SUBCASE("resume: nothing is on hold, or all of it is let go") {
    is(orders().resume(find("1.1"), "lead"), 0, 0, 1, 1);
    CHECK_FALSE(orders().resume(find("1.1"), "")->later);
    REQUIRE(orders().hold(find("1.1"), "").ok());
    is(orders().resume(find("1.1"), "cloud"), 2, 0, 0, 0);
    is(orders().resume(find("1.1"), ""), 1, 0, 2, 1);
  }
  SUBCASE("resend: an image that is on hold stays there") {
    REQUIRE(orders().hold(find("1.9.2"), "").ok());
    is(orders().resend(find("1.1"), ""), 1, 2, 1, 0);
  }
  SUBCASE("push elsewhere: an exam on hold is owed and does not leave, and says so also when it is asked again") {
    REQUIRE(orders().hold(find("1.1"), "").ok());
    is(orders().owe(find("1.1"), "expert"), 0, 2, 0, 0);
    is(orders().owe(find("1.1"), "expert"), 0, 2, 0, 0);
    CHECK(due("expert").empty());
    REQUIRE(orders().resume(find("1.1"), "").ok());
    CHECK(due("expert").size() == 2);
    is(orders().owe(find("1.1"), "expert"), 0, 0, 2, 0);
  }
  SUBCASE("push elsewhere: of an exam with two contents under one UID the one that a person must look at stays") {
    REQUIRE(put(pattern(600, 77), image_facts("1.9.1", "1.1")).ok());
    queue->drain();
    is(orders().owe(find("1.1"), "expert"), 2, 1, 0, 0);
    CHECK(due("expert").size() == 2);
  }
  SUBCASE("what was rejected waits for a person still, whatever else is ordered") {
    queue->reject("lead", lease(1).at(0).item.id, "0xA900");
    is(orders().hold(find("1.1"), "lead"), 0, 0, 0, 1);
    CHECK(orders().prioritise(find("1.1"), core::Priority::emergency)->rejected == 1);
    CHECK(orders().owe(find("1.1"), "lead")->rejected == 1);
    CHECK(orders().resume(find("1.1"), "lead")->rejected == 0);
  }
  SUBCASE("an emergency: what is on hold does not go first, and neither does what goes nowhere") {
    REQUIRE(orders().hold(find("1.1"), "lead").ok());
    is(orders().prioritise(find("1.1"), core::Priority::emergency), 2, 1, 0, 1);
    destinations = {};
    put_image("1.7");
    is(orders().prioritise(find("1.7"), core::Priority::emergency), 0, 0, 0, 0);
    CHECK(orders().prioritise(find("1.7"), core::Priority::emergency)->no_route == 1);
  }
}

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_that_matches_no_route_has_somebody_once_a_person_pushes_it" * doctest::description("contract 4")) {
  destinations = {};
  put_image("1.1");
  CHECK(count("").waiting == 1);
  CHECK(orders().owe(find("1.1"), "expert")->deliveries == 1);
  put_image("1.1");
  always([&] {
    CHECK(count("").waiting == 0);
    CHECK(due("expert").size() == 2);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "what_matches_no_route_is_never_said_to_wait_or_to_go" * doctest::description("contract 4")) {
  destinations = {};
  put_image("1.1");
  put_image("1.1");
  const auto goes_nowhere = [](const Result<queue::OrderDone>& done, std::uint64_t items) {
    REQUIRE(done.ok());
    CHECK(done->no_route == items);
    CHECK(done->deliveries + done->waiting + done->on_hold == 0);
  };
  goes_nowhere(orders().resume(find("1.1"), ""), 2);
  goes_nowhere(orders().resend(find("1.1"), ""), 2);
  CHECK(orders().hold(find("1.1"), "")->deliveries == 2);
  goes_nowhere(orders().resume(find("1.1"), ""), 2);
  CHECK(orders().hold(find("1.9.1"), "")->deliveries == 1);
  goes_nowhere(orders().resume(find("1.9.1"), ""), 1);
  CHECK(count("").on_hold == 0);
  CHECK(count("").waiting == 2);
  CHECK(orders().owe(find("1.1"), "expert")->deliveries == 2);
  CHECK(orders().resend(find("1.1"), "")->no_route == 0);
}

TEST_CASE_FIXTURE(OrdersFixture, "an_order_reads_an_exam_a_page_at_a_time_and_does_all_of_it" * doctest::description("contract 10")) {
  const std::size_t many = queue::ImagePages::items_a_page + 5;
  for (std::size_t i = 0; i < many; ++i) put_image("1.1");
  put_image("1.2");
  std::size_t read = 0;
  auto pages = queue->lookup().images(find("1.1").exam, std::nullopt);
  for (auto page = pages.next(); !page.empty(); page = pages.next()) {
    CHECK(page.size() <= queue::ImagePages::items_a_page * destinations.size());
    read += page.size();
  }
  CHECK(read == 2 * many);
  CHECK(orders().owe(find("1.1"), "expert")->deliveries == many);
  CHECK(orders().owe(find("1.1"), "expert")->waiting == many);
  CHECK(orders().hold(find("1.1"), "lead")->deliveries == many);
  CHECK(orders().resume(find("1.1"), "lead")->deliveries == many);
  for (auto left = lease(100, "expert"); !left.empty(); left = lease(100, "expert"))
    for (const auto& one : left) deliver(one, core::Level::accepted, "expert");
  CHECK(orders().resend(find("1.1"), "expert")->deliveries == many);
  always([&] { CHECK(count("expert").waiting == many); });
}

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_that_became_an_emergency_overtakes_with_its_later_images") {
  for (int i = 0; i < 5; ++i) put_image("1.1");
  const Uuid urgent = put_image("1.2");
  CHECK(due().at(5) == urgent);
  CHECK(orders().prioritise(find("1.2"), core::Priority::emergency)->deliveries == 2);
  const Uuid later = put_image("1.2");
  always([&] {
    CHECK(due().at(0) == urgent);
    CHECK(due().at(1) == later);
  });
  CHECK(lease(1).at(0).item.priority == core::Priority::emergency);
  queue->put_back("lead", urgent, "", Millis(0), false);
  REQUIRE(orders().prioritise(find("1.2"), core::Priority::bulk).ok());
  CHECK(due().at(6) == later);
}

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_tells_which_orders_stand_for_it_and_for_whom") {
  put_image("1.1");
  const Match match = find("1.1");
  const auto told = [&] { return *queue->lookup().exam(find("1.1").exam); };
  CHECK_FALSE(told().priority.has_value());
  REQUIRE(orders().hold(match, "cloud").ok());
  always([&] {
    const auto exam = told();
    CHECK_FALSE(exam.priority.has_value());  // a hold is none
    for (const auto& delivery : exam.deliveries) CHECK(delivery.held == (delivery.destination == "cloud"));
  });
  REQUIRE(orders().prioritise(match, core::Priority::emergency).ok());
  REQUIRE(orders().resume(match, "cloud").ok());
  always([&] {
    const auto exam = told();
    CHECK(exam.priority == core::Priority::emergency);
    for (const auto& delivery : exam.deliveries) CHECK_FALSE(delivery.held);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "an_image_that_is_on_its_way_when_it_is_held_counts_as_delivered_when_it_arrives" * doctest::description("contract 3")) {
  put_image("1.1");
  auto under_way = lease();
  REQUIRE(orders().hold(find("1.1"), "").ok());
  CHECK(count().on_hold == 1);
  deliver(under_way.at(0));
  always([&] {
    CHECK(count().delivered == 1);
    CHECK(count().on_hold == 0);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "two_contents_of_one_uid_wait_for_a_person_who_may_let_both_go" * doctest::description("contract 6")) {
  put_image("1.1");
  made = 0;
  auto facts = image_facts("1.9.1", "1.1");
  REQUIRE(put(pattern(600, 77), facts).ok());
  CHECK(due().size() == 1);
  CHECK(orders().resume(find("1.1"), "")->deliveries == 2);
  always([&] { CHECK(due().size() == 2); });
}

TEST_CASE_FIXTURE(OrdersFixture, "exams_are_found_by_exactly_what_they_are_called") {
  const Uuid image = put_image("1.1");
  put_image("1.2");
  queue->drain();
  auto& lookup = queue->lookup();
  CHECK(lookup.find("P1", 10).size() == 2);
  CHECK(lookup.find("P1", 1).size() == 1);
  CHECK(lookup.find("P1", 10).at(0).what == Match::What::patient);
  CHECK(find("A1.2").what == Match::What::accession);
  CHECK(find("1.2").what == Match::What::study);
  CHECK(find("1.9.1").what == Match::What::image);
  CHECK(find(to_string(image)).item == image);
  for (const char* nothing : {"", "P", "a1.1", "1", "CANARY^PATIENT"}) CHECK(lookup.find(nothing, 10).empty());
  restart(true);
  CHECK(find("A1.1").exam != find("A1.2").exam);
}

TEST_CASE_FIXTURE(OrdersFixture, "an_item_of_no_study_is_an_exam_of_its_own") {
  core::Manifest message;
  message.kind = core::Kind::message;
  core::Facts facts;
  facts.set(core::Fact::name, "ecg-17.pdf");
  REQUIRE(put(pattern(100, 1), facts, message).ok());
  REQUIRE(put(pattern(100, 2), {}, message).ok());
  CHECK(find("ecg-17.pdf").what == Match::What::file);
  REQUIRE(orders().hold(find("ecg-17.pdf"), "").ok());
  always([&] { CHECK(due().size() == 1); });
  CHECK(queue->lookup().received_between({0}, clock.wall(), 10).size() == 2);
}

TEST_CASE_FIXTURE(OrdersFixture, "an_exam_tells_what_became_of_it") {
  const std::int64_t start = clock.wall_ms;
  put_image("1.1");
  clock.wall_ms += 5000;
  put_image("1.1");
  auto items = lease();
  clock.wall_ms += 5000;
  deliver(items[0], core::Level::accepted);
  clock.wall_ms += 5000;
  deliver(items[0], core::Level::archived);  // nobody holds the lease any more
  queue->put_back("lead", items[1].item.id, "0xA700 out of resources", Millis(60'000), true);
  queue->drain();
  const auto exam = queue->lookup().exam(find("1.1").exam);
  REQUIRE(exam);
  CHECK(exam->items == 2);
  CHECK(exam->bytes == 1000);
  CHECK(exam->first.ms == start);
  CHECK(exam->last.ms == start + 5000);
  CHECK(exam->sample.facts.get(core::Fact::patient_name) == "CANARY^PATIENT");
  REQUIRE(exam->deliveries.size() == 2);
  CHECK(exam->deliveries[0].destination == "cloud");
  CHECK(exam->deliveries[0].waiting == 2);
  CHECK(exam->deliveries[1].waiting == 1);
  CHECK(exam->deliveries[1].delivered == 1);
  CHECK(exam->deliveries[1].archived == 0);
  CHECK(exam->deliveries[1].first_accepted == WallTime{start + 10000});
  CHECK_FALSE(exam->deliveries[1].last_archived.has_value());
  const auto unsettled = queue->lookup().unsettled(exam->key);
  REQUIRE(unsettled.size() == 2);
  CHECK(unsettled[1].reason == "0xA700 out of resources");
  CHECK(unsettled[1].attempts_most == 1);
  CHECK(unsettled[1].not_before == WallTime{start + 15000 + 60'000});
  CHECK(unsettled[1].oldest.ms == start + 5000);
}

TEST_CASE_FIXTURE(OrdersFixture, "the_exams_of_today_come_newest_first_and_not_beyond_the_bound") {
  for (const char* study : {"1.1", "1.2", "1.3"}) {
    clock.wall_ms += 1000;
    put_image(study);
  }
  clock.wall_ms += 1000;
  put_image("1.1");
  queue->drain();
  const auto all = queue->lookup().received_between({clock.wall_ms - 2500}, clock.wall(), 10);
  REQUIRE(all.size() == 3);
  CHECK(all[0].sample.facts.get(core::Fact::study_instance_uid) == "1.1");
  CHECK(all[2].sample.facts.get(core::Fact::study_instance_uid) == "1.2");
  CHECK(queue->lookup().received_between({clock.wall_ms - 1500}, clock.wall(), 10).size() == 2);
  CHECK(queue->lookup().received_between({0}, clock.wall(), 2).size() == 2);
}

TEST_CASE_FIXTURE(OrdersFixture, "of_many_exams_with_one_name_the_newest_is_found_whatever_the_clock_was_set_to_meanwhile" * doctest::description("contract 7")) {
  const std::int64_t right = clock.wall_ms;
  clock.wall_ms = right + 10LL * 365 * 86'400'000;
  for (const char* study : {"1.1", "1.2"}) put_image(study);
  clock.wall_ms = right + 1000;
  put_image("1.3");
  always([&] {
    queue->drain();
    const auto found = queue->lookup().find("P1", 2);
    REQUIRE(found.size() == 2);
    CHECK(found[0].exam == find("1.3").exam);
    CHECK(found[1].exam == find("1.2").exam);
  });
}

TEST_CASE_FIXTURE(OrdersFixture, "no_name_or_number_of_a_patient_stands_in_the_ledger" * doctest::description("contract 11")) {
  auto facts = image_facts("1.9.1", "1.1");
  facts.set(core::Fact::accession_number, "CANARY-ACCESSION");
  facts.set(core::Fact::patient_id, "CANARY-ID");
  REQUIRE(put(pattern(500, 1), facts).ok());
  REQUIRE(orders().hold(find("CANARY-ACCESSION"), "").ok());
  stop();
  std::size_t read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path())) {
    if (!entry.is_regular_file()) continue;
    ++read;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    CHECK_MESSAGE(bytes.find("CANARY") == std::string::npos, entry.path().string());
  }
  CHECK(read >= 3);
}

TEST_SUITE_END();
