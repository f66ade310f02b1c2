// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>

#include "core/limits.h"
#include "support/memory_payload.h"
#include "support/part10.h"
#include "uplink/by_title.h"
#include "uplink/transforming.h"

using namespace sampan;
using namespace sampan::test;
using core::Delivered;
using core::Fact;
using core::Outcome;
using core::Rejected;
using core::Retry;
using core::Scope;

TEST_SUITE_BEGIN("last hop");

namespace {

Uuid id_of(unsigned number) {
  Uuid id;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

core::Consignment image(unsigned number, std::string patient_id = "123", std::string caller = "CT1") {
  DataSetWriter out;
  out.text(0x00100020, "LO", patient_id);
  core::Consignment one;
  one.payload = std::make_shared<MemoryPayload>(out.bytes());
  one.item.id = id_of(number);
  one.item.size = out.bytes().size();
  one.item.sha256 = sha256(out.bytes());
  one.item.facts.set(Fact::transfer_syntax_uid, std::string(explicit_le));
  one.item.facts.set(Fact::calling_ae, std::move(caller));
  return one;
}

// Takes down what it is given, and answers as it is told.
class Recorder final : public core::Courier {
 public:
  struct Seen {
    std::string title;
    core::Item item;
    Bytes bytes;
  };
  struct Book {
    std::vector<Seen> seen;
    std::map<std::string, Outcome> answers;  // by title; nothing: delivered
    std::vector<std::string> rested;
    std::size_t made = 0, interrupted = 0, attempts = 0;
  };
  explicit Recorder(Book& book, std::string title = "") : book_(book), title_(std::move(title)) { ++book_.made; }

  void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
    ++book_.attempts;
    for (auto& one : batch) {
      const auto answer = book_.answers.find(title_);
      Bytes bytes(one.payload->size());
      if (auto got = one.payload->read(0, bytes); got.ok() && answer == book_.answers.end()) book_.seen.push_back({title_, one.item, bytes});
      report(one.item.id, answer == book_.answers.end() ? Outcome(Delivered{{one.item.id, one.item.sha256, "PACS", {}, core::Level::accepted}})
                                                        : answer->second);
    }
  }
  void rest() override { book_.rested.push_back(title_); }
  void interrupt() override { ++book_.interrupted; }

 private:
  Book& book_;
  const std::string title_;
};

std::map<Uuid, Outcome> attempt(core::Courier& courier, std::vector<core::Consignment> batch) {
  std::map<Uuid, Outcome> outcomes;
  courier.attempt(batch, [&](const Uuid& id, Outcome outcome) { CHECK(outcomes.emplace(id, std::move(outcome)).second); return true; });
  CHECK(outcomes.size() == batch.size());
  return outcomes;
}

Retry retry_of(const Outcome& outcome) {
  REQUIRE(std::holds_alternative<Retry>(outcome));
  return std::get<Retry>(outcome);
}

struct Transforming {
  Recorder::Book book;
  dicom::Transform wanted{"CLINIC", "A-", "", ""};
  std::map<Uuid, Errc> breaks;  // what becomes of changing these
  uplink::Change change = [this](const core::Consignment& one, const dicom::Transform& to,
                                 const dicom::ChangeNote& note) -> Result<std::shared_ptr<core::Payload>> {
    if (const auto found = breaks.find(one.item.id); found != breaks.end()) return fail(found->second, "said of the change");
    auto edits = dicom::transform(one.item.facts.get(Fact::transfer_syntax_uid), *one.payload, to, note);
    if (!edits) return edits.error();
    return dicom::splice(one.payload, std::move(*edits));
  };
  std::unique_ptr<core::Courier> courier = uplink::make_transforming_courier(
      {[this](const core::Item&) { return wanted; }, change, "SAMPAN ME", true}, std::make_unique<Recorder>(book));
};

struct HandClock final : Clock {
  MonoTime now{1000};
  MonoTime mono() const override { return now; }
  WallTime wall() const override { return WallTime{1'700'000'000'000}; }
};

struct ByTitle {
  Recorder::Book book;
  HandClock clock;
  std::unique_ptr<core::Courier> courier = uplink::make_by_title_courier(
      {"lead", [](const core::Item& item) { return std::string(item.facts.get(Fact::calling_ae)); },
       [this](const std::string& title) { return std::make_unique<Recorder>(book, title); }, clock});
};

}  // namespace

TEST_CASE_FIXTURE(Transforming, "a_changed_image_travels_with_its_own_size_and_sum_and_its_receipt_names_the_kept_one" *
                                    doctest::description("contract 3, 5")) {
  const auto one = image(1);
  const auto outcomes = attempt(*courier, {one});
  REQUIRE(book.seen.size() == 1);
  CHECK(element_text(book.seen[0].bytes, explicit_le, 0x00100020) == "A-123");
  CHECK(element_text(book.seen[0].bytes, explicit_le, 0x00100021) == "CLINIC");
  CHECK(book.seen[0].item.size == book.seen[0].bytes.size());
  CHECK(book.seen[0].item.sha256 == sha256(book.seen[0].bytes));
  CHECK(std::get<Delivered>(outcomes.at(id_of(1))).receipt.sha256 == one.item.sha256);
}

TEST_CASE_FIXTURE(Transforming, "the_same_image_is_changed_into_the_same_one_on_every_attempt" * doctest::description("contract 6")) {
  attempt(*courier, {image(1)});
  attempt(*courier, {image(1)});
  CHECK(book.seen[0].bytes == book.seen[1].bytes);
}

TEST_CASE_FIXTURE(Transforming, "what_cannot_be_changed_is_rejected_and_never_sent_and_the_others_go_on" *
                                    doctest::description("contract 5, 8")) {
  auto broken = image(2);
  std::static_pointer_cast<MemoryPayload>(broken.payload)->damaged_from = 0;
  const auto outcomes = attempt(*courier, {image(1, std::string(64, '1')), broken, image(3)});
  CHECK(std::get<Rejected>(outcomes.at(id_of(1))).reason ==
        "cannot be changed safely: its Patient ID would be longer than 64 characters with the prefix");
  CHECK(retry_of(outcomes.at(id_of(2))).scope == Scope::item);
  CHECK(std::holds_alternative<Delivered>(outcomes.at(id_of(3))));
  CHECK(book.seen.size() == 1);
}

TEST_CASE_FIXTURE(Transforming, "an_image_whose_change_breaks_off_waits_or_is_rejected_and_the_others_go_on" * doctest::description("contract 8")) {
  breaks = {{id_of(1), Errc::unreachable}, {id_of(2), Errc::limit}, {id_of(3), Errc::stopped}, {id_of(4), Errc::invalid}, {id_of(5), Errc::damaged}};
  std::vector<core::Consignment> batch;
  for (unsigned number = 1; number <= 6; ++number) batch.push_back(image(number));
  const auto outcomes = attempt(*courier, batch);
  for (const unsigned number : {1u, 3u, 5u}) {
    CHECK(retry_of(outcomes.at(id_of(number))).scope == (number == 3 ? Scope::this_node : Scope::item));
    CHECK(retry_of(outcomes.at(id_of(number))).tries_max == 0);
  }
  CHECK(retry_of(outcomes.at(id_of(1))).reason == "changing it for this destination broke off");
  CHECK(std::get<Rejected>(outcomes.at(id_of(2))).reason == "changing it for this destination failed again and again");
  CHECK(std::get<Rejected>(outcomes.at(id_of(4))).reason == "said of the change");
  CHECK(std::holds_alternative<Delivered>(outcomes.at(id_of(6))));
  CHECK(book.seen.size() == 1);
}

TEST_CASE_FIXTURE(Transforming, "what_is_not_to_be_changed_passes_as_it_is") {
  auto file = image(1);
  file.item.kind = core::Kind::message;
  attempt(*courier, {file});
  wanted = {};
  attempt(*courier, {image(2)});
  CHECK(book.seen[0].item.sha256 == file.item.sha256);
  CHECK(book.seen[1].item.sha256 == image(2).item.sha256);
}

TEST_CASE_FIXTURE(ByTitle, "each_origin_is_shown_under_its_own_title_over_a_courier_of_its_own") {
  attempt(*courier, {image(1, "1", "A"), image(2, "1", "A"), image(3, "1", "B"), image(4, "1", "A")});
  REQUIRE(book.seen.size() == 4);
  CHECK(book.seen[1].title == "A");
  CHECK(book.seen[2].title == "B");
  CHECK(book.seen[3].title == "A");
  CHECK(book.made == 2);
  courier->rest();
  CHECK(book.rested.size() == 2);
  courier->interrupt();
  CHECK(book.interrupted == 2);
}

TEST_CASE_FIXTURE(ByTitle, "connections_of_many_titles_are_bounded" * doctest::description("contract 10")) {
  for (unsigned i = 0; i < 20; ++i) attempt(*courier, {image(i, "1", "T" + std::to_string(i))});
  CHECK(book.made == 20);
  CHECK(book.rested.size() == 20 - core::limits::titles_connected_max);
}

TEST_CASE_FIXTURE(ByTitle, "a_title_that_is_refused_holds_up_no_other" * doctest::description("contract 8")) {
  book.answers["B"] = Retry{"called AE title not recognised", Scope::configuration, {}, 0};
  const auto outcomes = attempt(*courier, {image(1, "1", "B"), image(2, "1", "A"), image(3, "1", "B")});
  CHECK(std::holds_alternative<Delivered>(outcomes.at(id_of(2))));
  for (const unsigned i : {1u, 3u}) {
    CHECK(retry_of(outcomes.at(id_of(i))).scope == Scope::item);
    CHECK(retry_of(outcomes.at(id_of(i))).reason == "calling as B: called AE title not recognised");
  }
  // It is not asked for every image, and asked again by itself.
  const auto attempts = book.attempts;
  const auto later = attempt(*courier, {image(4, "1", "B"), image(5, "1", "A")});
  CHECK(book.attempts == attempts + 1);
  CHECK(retry_of(later.at(id_of(4))).not_before > Millis(0));
  book.answers.clear();
  clock.now = clock.now + core::limits::back_off_most;
  CHECK(std::holds_alternative<Delivered>(attempt(*courier, {image(4, "1", "B")}).at(id_of(4))));
}

TEST_CASE_FIXTURE(ByTitle, "a_title_that_is_refused_again_and_again_is_asked_for_ever_more_rarely_and_never_given_up") {
  book.answers["B"] = Retry{"refused", Scope::configuration, {}, 0};
  for (unsigned hour = 0; hour < 24; ++hour) {
    for (unsigned minute = 0; minute < 60; ++minute) {
      CHECK(retry_of(attempt(*courier, {image(1, "1", "B")}).at(id_of(1))).scope == Scope::item);
      clock.now = clock.now + std::chrono::minutes(1);
    }
  }
  CHECK(book.attempts >= 24 * 4);
  CHECK(book.attempts <= 24 * 4 + 10);
}

TEST_CASE_FIXTURE(ByTitle, "a_destination_that_is_away_is_asked_once") {
  book.answers["A"] = book.answers["B"] = Retry{"no connection", Scope::destination, {}, 0};
  const auto outcomes = attempt(*courier, {image(1, "1", "A"), image(2, "1", "B")});
  CHECK(book.attempts == 1);
  for (const unsigned i : {1u, 2u}) CHECK(retry_of(outcomes.at(id_of(i))).scope == Scope::destination);
}
