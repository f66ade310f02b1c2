// SPDX-License-Identifier: Apache-2.0
#include "node/proving.h"

#include <doctest/doctest.h>

#include <atomic>

#include "policy/table_judge.h"
#include "queue/counts.h"
#include "queue/unproven.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("node");

namespace {

constexpr std::uint16_t no_such_object_instance = 0x0112;

class HandClock final : public Clock {
 public:
  MonoTime mono() const override { return {1000}; }
  WallTime wall() const override { return {wall_ms}; }
  std::atomic<std::int64_t> wall_ms{1'800'000'000'000};
};

struct Nobody final : scheduler::Lanes, scheduler::Waker, scheduler::Observer {
  void run(std::function<void()>) override {}
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
    proving = std::make_unique<node::Proving>(*queue, nobody, nobody, node::Env{disk(), clock, system_random()}, judge, nobody);
  }
  // Whatever the pause before it is sent again.
  void accept() {
    clock.wall_ms += Millis(core::limits::proof_wait_most).count();
    const auto lent = queue->lease({"lead"}).items;
    REQUIRE(lent.size() == 1);
    const core::Item item = lent[0].item;
    queue->deliver("lead", {item.id, item.sha256, "PACS", clock.wall(), core::Level::accepted});
    queue->drain();
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

TEST_SUITE_END();
