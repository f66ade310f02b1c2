// SPDX-License-Identifier: Apache-2.0
#include "scheduler/verifier.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::scheduler;

namespace {

class TestClock final : public Clock {
 public:
  MonoTime mono() const override { return now; }
  WallTime wall() const override { return WallTime{now.ms}; }
  MonoTime now{1000};
};

class Hand final : public Lanes, public Waker {  // runs jobs when it is told to
 public:
  void run(std::function<void()> job) override { jobs.push_back(std::move(job)); }
  void wake() override { ++wakes; }
  void work() {
    auto mine = std::exchange(jobs, {});
    for (auto& job : mine) job();
  }
  std::vector<std::function<void()>> jobs;
  int wakes = 0;
};

class Books final : public Proofs {
 public:
  explicit Books(TestClock& clock) : clock_(clock) {}
  struct Row {
    core::Item item;
    unsigned asked = 0;
    MonoTime due{};
    std::string state = "accepted";
    bool denied = false, found = false;
  };
  Due due(const std::string& destination, std::size_t items_max) override {
    Due due;
    for (auto& [name, row] : rows) {
      if (name.first != destination || row.state != "accepted") continue;
      if (row.due <= clock_.mono() && due.items.size() < items_max)
        due.items.push_back({.item = row.item, .asked = row.asked, .denied = row.denied});
      else if (row.due > clock_.mono())
        due.due_at = std::min(due.due_at.value_or(row.due), row.due);
    }
    return due;
  }
  void archived(const std::string& destination, const Asked&, const core::Receipt& receipt) override { at(destination, receipt.item).state = "archived"; }
  void found_there(const std::string& destination, const Asked& asked) override { at(destination, asked.item.id).found = true; }
  void done(const std::string&, const std::vector<Asked>& asked) override { done_with += asked.size(); }
  void send_again(const std::string& destination, const Asked& asked, const std::string&) override {
    at(destination, asked.item.id).state = "again";
  }
  void ask_later(const std::string& destination, const Asked& asked, Millis wait, const std::string& reason) override {
    Row& row = at(destination, asked.item.id);
    row.asked = asked.asked + 1;
    row.due = clock_.mono() + wait;
    said = reason;
  }
  Uuid add(const std::string& destination) {
    Row row;
    row.item.id = make_uuid7(WallTime{1}, system_random());
    const Uuid id = row.item.id;
    rows[{destination, id}] = row;
    return id;
  }
  Row& at(const std::string& destination, const Uuid& id) { return rows.at({destination, id}); }
  std::map<std::pair<std::string, Uuid>, Row> rows;
  std::string said;
  std::size_t done_with = 0;

 private:
  TestClock& clock_;
};

class Archive final : public core::Prover {
 public:
  void ask(std::span<const core::Item> batch, const core::ProofReport& report) override {
    asks.push_back(batch.size());
    for (const auto& item : batch) report(item.id, answer(item));
  }
  void seek(std::span<const core::Item> batch, const core::ProofReport& report) override {
    sought.push_back(batch.size());
    for (const auto& item : batch) report(item.id, query(item));
  }
  core::ProofWay way() const override { return core::ProofWay::query; }
  void interrupt() override { ++interrupts; }
  std::function<core::Proof(const core::Item&)> query = [](const core::Item&) -> core::Proof { return core::Unclear{"no query", {}}; };
  std::function<core::Proof(const core::Item&)> answer = [](const core::Item& item) -> core::Proof {
    return core::Held{{item.id, {}, "PACS", {}, core::Level::archived}};
  };
  std::vector<std::size_t> asks, sought;
  int interrupts = 0;
};

struct World {
  TestClock clock;
  Hand hand;
  Books books{clock};
  std::shared_ptr<Archive> archive = std::make_shared<Archive>();
  Verifier verifier{{books, hand, hand, clock}};
};

}  // namespace

TEST_CASE("what_is_accepted_is_asked_about_once_and_becomes_archived") {
  World w;
  const Uuid one = w.books.add("lead"), two = w.books.add("lead");
  w.verifier.add("lead", w.archive);
  w.verifier.step();
  CHECK(w.hand.jobs.size() == 1);
  w.verifier.step();
  CHECK(w.hand.jobs.size() == 1);  // one question at a time
  w.hand.work();
  CHECK(w.books.at("lead", one).state == "archived");
  CHECK(w.books.at("lead", two).state == "archived");
  CHECK(w.archive->asks == std::vector<std::size_t>{2});
  CHECK(w.books.done_with == 2);
  CHECK(w.verifier.step() == w.clock.now + Millis(core::limits::proof_pause));  // the ledger may not know the answers yet
  w.clock.now = w.clock.now + Millis(core::limits::proof_pause);
  CHECK(w.verifier.step() == never);
  CHECK(w.hand.jobs.empty());
  CHECK(w.verifier.way("lead") == core::ProofWay::query);
}

TEST_CASE("a_destination_that_left_is_interrupted_and_asked_no_more_and_the_others_are") {
  World w;
  const auto gone = std::make_shared<Archive>();
  w.verifier.add("gone", gone);
  w.verifier.add("lead", w.archive);
  w.books.add("gone");
  w.verifier.remove("nobody");
  w.verifier.remove("gone");
  CHECK(gone->interrupts == 1);
  CHECK(w.archive->interrupts == 0);
  CHECK_FALSE(w.verifier.asks("gone"));
  CHECK(w.verifier.asks("lead"));
  w.books.add("lead");
  w.verifier.step();
  w.hand.work();
  CHECK(gone->asks.empty());
  CHECK(w.archive->asks == std::vector<std::size_t>{1});
}

TEST_CASE("a_verifier_is_stopped_only_when_who_asked_for_a_destination_that_left_is_done_too") {
  World w;
  w.books.add("gone");
  w.verifier.add("gone", w.archive);
  w.verifier.step();
  w.verifier.remove("gone");
  w.verifier.stop();
  w.verifier.step();
  CHECK_FALSE(w.verifier.stopped());  // it still writes into the books
  w.hand.work();
  CHECK(w.verifier.stopped());
}

TEST_CASE("what_comes_in_is_asked_about_at_once_and_nobody_looks_before") {
  World w;
  w.verifier.add("lead", w.archive);
  CHECK(w.verifier.step() == never);
  const Uuid id = w.books.add("lead");
  w.verifier.step();
  CHECK(w.hand.jobs.empty());  // nobody said that there is anything
  w.verifier.notify();
  w.verifier.step();
  w.hand.work();
  CHECK(w.books.at("lead", id).state == "archived");
}

TEST_CASE("a_destination_that_does_not_answer_delays_no_other") {
  World w;
  w.books.add("slow");
  const Uuid there = w.books.add("lead");
  w.verifier.add("slow", std::make_shared<Archive>());
  w.verifier.add("lead", w.archive);
  w.verifier.step();
  REQUIRE(w.hand.jobs.size() == 2);
  w.hand.jobs.back()();  // the other one still hangs
  CHECK(w.books.at("lead", there).state == "archived");
}

TEST_CASE("months_without_an_answer_cost_a_few_questions_a_day_and_the_answer_is_taken_when_it_comes") {
  World w;
  const Uuid id = w.books.add("lead");
  const auto held = w.archive->answer;
  w.archive->answer = [](const core::Item&) -> core::Proof { return core::Unclear{"no connection", {}}; };
  w.verifier.add("lead", w.archive);
  const MonoTime end = w.clock.now + Millis(std::chrono::hours(24 * 60));
  while (w.clock.now < end) {
    const MonoTime next = w.verifier.step();
    w.hand.work();
    w.clock.now = next == never ? w.clock.now + Millis(1000) : std::max(next, w.clock.now + Millis(1));
    if (next == never && w.books.at("lead", id).due > w.clock.now) w.verifier.notify();
  }
  CHECK(w.archive->asks.size() < 60 * 4 + 20);
  CHECK(w.archive->asks.size() > 60 * 3);
  CHECK(w.books.said == "no connection");
  w.archive->answer = held;
  w.clock.now = w.clock.now + Millis(core::limits::proof_wait_most);
  w.verifier.notify();
  w.verifier.step();
  w.hand.work();
  CHECK(w.books.at("lead", id).state == "archived");
}

TEST_CASE("what_the_archive_lost_is_sent_again") {
  World w;
  const Uuid id = w.books.add("lead");
  w.archive->answer = [](const core::Item&) -> core::Proof { return core::Missing{"not there"}; };
  w.verifier.add("lead", w.archive);
  for (unsigned i = 0; i < core::limits::missing_answers_max; ++i) {
    CHECK(w.books.at("lead", id).state == "accepted");
    w.verifier.notify();
    w.verifier.step();
    w.hand.work();
    w.clock.now = w.clock.now + Millis(core::limits::proof_wait_most);
  }
  CHECK(w.books.at("lead", id).state == "again");
}

TEST_CASE("what_reports_do_not_commit_to_is_looked_for_first_and_asked_about_where_that_does_not_tell" * doctest::description("contract 4, 7")) {
  World w;
  const Uuid there = w.books.add("lead"), gone = w.books.add("lead"), untold = w.books.add("lead"), other = w.books.add("lead");
  for (const Uuid& id : {there, gone, untold}) w.books.at("lead", id).denied = true;
  w.books.at("lead", gone).asked = core::limits::missing_answers_max - 1;
  w.archive->query = [&](const core::Item& item) -> core::Proof {
    if (item.id == there) return core::Held{{item.id, {}, "PACS", {}, core::Level::archived}};
    if (item.id == gone) return core::Missing{"not there"};
    return core::Unclear{"a query has never found anything there", {}};
  };
  std::vector<Uuid> asked;
  w.archive->answer = [&](const core::Item& item) -> core::Proof {
    asked.push_back(item.id);
    return core::Unclear{"it does not commit", {}};
  };
  w.verifier.add("lead", w.archive);
  w.verifier.step();
  w.hand.work();
  CHECK(w.archive->sought == std::vector<std::size_t>{3});
  CHECK(w.archive->asks == std::vector<std::size_t>{3});
  for (const Uuid& id : {there, untold, other}) CHECK(std::ranges::find(asked, id) != asked.end());
  CHECK(w.books.at("lead", there).state == "accepted");  // against its own word a query proves nothing
  CHECK(w.books.at("lead", there).found);
  CHECK_FALSE(w.books.at("lead", untold).found);
  CHECK(w.books.at("lead", gone).state == "again");
  CHECK(w.books.at("lead", untold).asked == 1);
  CHECK(w.books.said == "it does not commit");
  CHECK(w.books.done_with == 4);
}

TEST_CASE("where_a_query_finds_nothing_of_it_nobody_is_asked_for_commitment_as_well") {
  World w;
  w.books.at("lead", w.books.add("lead")).denied = true;
  w.archive->query = [](const core::Item&) -> core::Proof { return core::Missing{"not there"}; };
  w.verifier.add("lead", w.archive);
  w.verifier.step();
  w.hand.work();
  CHECK(w.archive->sought.size() == 1);
  CHECK(w.archive->asks.empty());
}

TEST_CASE("a_verifier_that_stops_interrupts_and_waits_for_who_is_asking") {
  World w;
  w.books.add("lead");
  w.verifier.add("lead", w.archive);
  w.verifier.step();
  w.verifier.stop();
  CHECK(w.archive->interrupts == 1);
  CHECK_FALSE(w.verifier.stopped());
  w.hand.work();
  CHECK(w.verifier.stopped());
}
