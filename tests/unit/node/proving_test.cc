// SPDX-License-Identifier: Apache-2.0
#include "node/proving.h"

#include <doctest/doctest.h>

#include <atomic>

#include "core/limits.h"
#include "core/nodes.h"
#include "policy/table_judge.h"
#include "queue/counts.h"
#include "queue/unproven.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("node");

namespace {

constexpr std::uint16_t no_such_object_instance = 0x0112, processing_failure = 0x0110;
constexpr int failed_max = core::limits::failed_reports_max, resends_max = core::limits::resends_max;

class HandClock final : public Clock {
 public:
  MonoTime mono() const override { return {wall_ms - 1'799'000'000'000}; }
  WallTime wall() const override { return {wall_ms}; }
  std::atomic<std::int64_t> wall_ms{1'800'000'000'000};
};

struct Nobody final : scheduler::Lanes, scheduler::Waker, scheduler::Observer {
  void run(std::function<void()> job) override { job(); }
  void wake() override {}
  void destination_up(const std::string&) override {}
  void destination_down(const std::string&, const std::string&) override {}
  void destination_stopped(const std::string&, const std::string&) override {}
  void class_blocked(const std::string&, const scheduler::ClassKey&, const std::string&) override {}
  void class_unblocked(const std::string&, const scheduler::ClassKey&) override {}
  void item_rejected(const std::string&, const Uuid&, const std::string&) override {}
  void item_lost(const std::string&, const Uuid&, const std::string&) override { ++lost; }
  void detour_begins(const std::string&, const std::string&) override {}
  void detour_ends(const std::string&, const std::string&) override {}
  int lost = 0;
};

// A lead whose reports of storage commitment fail for a reason of their own, on the association that asked for them.
struct Archive final : node::Transport {
  std::unique_ptr<core::Courier> courier(const settings::Destination&) override { return nullptr; }
  std::unique_ptr<core::Prover> prover(const settings::Destination& destination, core::Transactions& transactions, core::Receipts& receipts) override;
  bool commits = false, can_be_queried = false, has_it = false;
  int asked = 0, sought = 0;
};

class ArchiveProver final : public core::Prover {
 public:
  ArchiveProver(Archive& archive, std::string destination, core::Transactions& transactions, core::Receipts& receipts)
      : archive_(archive), destination_(std::move(destination)), transactions_(transactions), receipts_(receipts) {}
  void ask(std::span<const core::Item> batch, const core::ProofReport& report) override {
    ++archive_.asked;
    const auto uid = transactions_.begin(destination_);
    REQUIRE(uid.ok());
    core::CommitmentReport said{*uid, {}, {}};
    archive_.commits ? said.committed.push_back("1.1") : said.failed.push_back({"1.1", processing_failure});
    CHECK(receipts_.commitment_reported(said).ok());
    for (const auto& item : batch) report(item.id, core::Unclear{"its report says nothing of this image", {}});
  }
  void seek(std::span<const core::Item> batch, const core::ProofReport& report) override {
    ++archive_.sought;
    for (const auto& item : batch) {
      if (!archive_.can_be_queried) continue;
      if (archive_.has_it)
        report(item.id, core::Held{{item.id, item.sha256, "PACS", {}, core::Level::archived}});
      else
        report(item.id, core::Missing{"a query does not find it there"});
    }
  }
  core::ProofWay way() const override { return core::ProofWay::commitment; }
  void interrupt() override {}

 private:
  Archive& archive_;
  const std::string destination_;
  core::Transactions& transactions_;
  core::Receipts& receipts_;
};

std::unique_ptr<core::Prover> Archive::prover(const settings::Destination& destination, core::Transactions& transactions, core::Receipts& receipts) {
  return std::make_unique<ArchiveProver>(*this, destination.name, transactions, receipts);
}

// One image, accepted by the lead as often as it is asked to.
struct Clinic {
  Clinic() {
    queue::QueueNeeds needs{disk(), clock, system_random(), [](const core::Item&) { return std::vector<std::string>{"lead"}; },
                            [](std::span<const queue::DeliveryStanding>, bool) { return false; }, {}, [] {}};
    auto opened = queue::Queue::open({home.path().string(), "test"}, std::move(needs));
    REQUIRE(opened.ok());
    queue = std::move(*opened);
    auto inflow = queue->open(core::Manifest{});
    REQUIRE(inflow.ok());
    REQUIRE((*inflow)->append(Bytes(1000)).ok());
    core::Facts facts;
    facts.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
    facts.set(core::Fact::sop_instance_uid, "1.1");
    facts.set(core::Fact::study_instance_uid, "1.2.3");
    facts.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
    REQUIRE((*inflow)->commit(facts).ok());
    queue->drain();
    start();
  }
  void start() {
    settings::Destination lead;
    lead.name = "lead";
    lead.dimse = settings::DimseAddress{};
    proving = std::make_unique<node::Proving>(*queue, nobody, nobody, node::Env{disk(), clock, system_random(), &archive}, judge, nobody);
    proving->add(std::vector{lead});
  }
  // Whatever the pause before it is sent again.
  void accept(const std::string& node = "PACS") {
    clock.wall_ms += Millis(core::limits::proof_wait_most).count();
    const auto lent = queue->lease({"lead"}).items;
    REQUIRE(lent.size() == 1);
    const core::Item item = lent[0].item;
    queue->deliver("lead", {item.id, item.sha256, node, clock.wall(), core::Level::accepted});
    queue->drain();
  }
  // Whatever the pause before the next question.
  void ask() {
    clock.wall_ms += Millis(core::limits::proof_wait_most).count();
    proving->notify();
    proving->step();
    for (int round = 0; round < 2; ++round) queue->drain();
  }
  void report(bool has_it) {
    const auto uid = queue->unproven().begin("lead");
    REQUIRE(uid.ok());
    core::CommitmentReport said{*uid, {}, {}};
    has_it ? said.committed.push_back("1.1") : said.failed.push_back({"1.1", no_such_object_instance});
    REQUIRE(proving->commitment_reported(said).ok());
    for (int round = 0; round < 2; ++round) queue->drain();
  }
  queue::DestinationCount count() {
    for (const auto& one : queue->counts().destinations())
      if (one.destination == "lead") return one;
    return {};
  }

  TemporaryDirectory home;
  HandClock clock;
  policy::TableJudge judge;
  Nobody nobody;
  Archive archive;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<node::Proving> proving;
};

}  // namespace

TEST_CASE("an_image_that_the_lead_loses_whatever_is_done_is_sent_again_without_end_and_counted_until_it_is_kept" * doctest::description("contract 7")) {
  Clinic clinic;
  constexpr int many = 3 * core::limits::resends_max;
  for (int times = 1; times <= many; ++times) {
    clinic.accept();
    REQUIRE(clinic.count().waiting == 0);
    clinic.report(false);
    CHECK(clinic.count().waiting == 1);
    CHECK(clinic.nobody.lost == times);
    CHECK(clinic.proving->lost_often("lead") == (times < static_cast<int>(core::limits::resends_max) ? 0 : 1));
  }
  clinic.accept();
  clinic.report(true);
  CHECK(clinic.count().archived == 1);
  CHECK(clinic.proving->lost_often("lead") == 0);
}

TEST_CASE("what_the_lead_does_not_commit_to_is_not_proven_by_a_query_that_finds_it_and_not_sent_again" * doctest::description("contract 4")) {
  Clinic clinic;
  clinic.archive.can_be_queried = clinic.archive.has_it = true;
  clinic.accept();
  for (int times = 1; times <= failed_max; ++times) {
    CHECK(clinic.archive.sought == 0);
    clinic.ask();
    CHECK(clinic.archive.asked == times);
  }
  CHECK(clinic.proving->not_committed("lead") == 0);
  for (int times = 0; times < 20; ++times) clinic.ask();
  CHECK(clinic.archive.sought > 0);
  CHECK(clinic.archive.asked == failed_max + 20);
  CHECK(clinic.count().waiting == 0);
  CHECK(clinic.count().archived == 0);
  CHECK(clinic.proving->not_committed("lead") == 1);
  CHECK(clinic.nobody.lost == 0);
  clinic.archive.commits = true;
  for (int times = 0; times < 2; ++times) clinic.ask();
  CHECK(clinic.count().archived == 1);
  CHECK(clinic.proving->not_committed("lead") == 0);
}

TEST_CASE("what_the_lead_does_not_commit_to_and_a_query_does_not_find_is_sent_again" * doctest::description("contract 4, 7")) {
  Clinic clinic;
  clinic.archive.can_be_queried = true;
  for (int times = 1; times <= 2 * resends_max; ++times) {
    clinic.accept();
    for (int asked = 0; asked < failed_max; ++asked) clinic.ask();
    CHECK(clinic.count().waiting == 0);
    clinic.ask();
    CHECK(clinic.count().waiting == 1);
    CHECK(clinic.nobody.lost == times);
    CHECK(clinic.proving->lost_often("lead") == (times < resends_max ? 0 : 1));
  }
  CHECK(clinic.proving->not_committed("lead") == 0);
}

TEST_CASE("what_the_lead_does_not_commit_to_and_nobody_can_look_for_is_sent_again_a_few_times_and_then_a_person_is_told" * doctest::description("contract 7")) {
  Clinic clinic;
  for (int times = 1; times <= resends_max; ++times) {
    clinic.accept();
    for (int asked = 1; asked < 2 * failed_max; ++asked) clinic.ask();
    CHECK(clinic.count().waiting == 0);
    clinic.ask();
    CHECK(clinic.count().waiting == 1);
    CHECK(clinic.proving->not_committed("lead") == 0);
  }
  clinic.accept();
  for (int asked = 0; asked < 50; ++asked) {
    clinic.ask();
    CHECK(clinic.count().waiting == 0);
    CHECK(clinic.proving->not_committed("lead") == (asked + 1 < 2 * failed_max ? 0 : 1));
  }
  CHECK(clinic.archive.asked == resends_max * 2 * failed_max + 50);
  CHECK(clinic.nobody.lost == 0);  // nobody says that it is
  CHECK(clinic.proving->lost_often("lead") == 0);
  clinic.archive.commits = true;
  for (int asked = 0; asked < 2; ++asked) clinic.ask();
  CHECK(clinic.count().archived == 1);
  CHECK(clinic.proving->not_committed("lead") == 0);
}

TEST_CASE("a_node_that_is_switched_off_every_night_looks_for_what_the_lead_does_not_commit_to_all_the_same" * doctest::description("contract 7")) {
  Clinic clinic;
  clinic.accept();
  int questions = 0;
  for (; clinic.count().waiting == 0 && questions < 20; ++questions) {
    if (questions % 2 == 0) clinic.start();
    clinic.ask();
  }
  CHECK(clinic.archive.sought > 0);
  CHECK(questions == 2 * failed_max);
}

TEST_CASE("what_a_node_does_not_commit_to_yet_is_asked_about_without_end_and_never_sent_again_for_it" * doctest::description("contract 4")) {
  Clinic clinic;
  clinic.accept("HUB@10.0.0.1:104" + std::string(core::node_mark));
  for (int asked = 0; asked < 50; ++asked) clinic.ask();
  CHECK(clinic.archive.asked == 50);
  CHECK(clinic.archive.sought == 0);
  CHECK(clinic.count().waiting == 0);
  CHECK(clinic.proving->not_committed("lead") == 0);
  clinic.archive.commits = true;
  clinic.ask();
  CHECK(clinic.count().archived == 1);
}

TEST_SUITE_END();
