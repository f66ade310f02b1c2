// SPDX-License-Identifier: Apache-2.0
// What a modality is told that asked for storage commitment, over days and restarts.
#include "node/promising.h"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "core/limits.h"
#include "dicom/commitment.h"
#include "support/faulty_files.h"
#include "support/temporary_directory.h"
#include "unit/uplink/dimse_support.h"

using namespace sampan;
using namespace sampan::test;
using namespace std::chrono_literals;
namespace limits = core::limits;

TEST_SUITE_BEGIN("promising");

namespace {

class HandClock final : public Clock {
 public:
  MonoTime mono() const override { return {mono_ms}; }
  WallTime wall() const override { return {wall_ms}; }
  void pass(Millis time) { mono_ms += time.count(), wall_ms += time.count(); }
  std::atomic<std::int64_t> mono_ms{1000}, wall_ms{1'800'000'000'000};
};

struct Here final : scheduler::Lanes, scheduler::Waker {
  void run(std::function<void()> job) override { ++calls, job(); }
  void wake() override {}
  int calls = 0;
};

// Answers every report, and remembers what it said.
struct Modality {
  Modality() {
    peer.answer = [this](auto& connection, const ScriptedPeer::Heard& heard) {
      if (heard.message.command.field != 0x0100) return false;
      kept += dicom::read_commitment_report(heard.data_set, false)->committed.size();
      failed += dicom::read_commitment_report(heard.data_set, false)->failed.size();
      Command reply = heard.message.command;
      reply.field = 0x8100;
      reply.status = 0;
      reply.has_data_set = false;
      return send_message(connection, heard.message.context, reply, {}, {}).ok();
    };
    peer.start();
  }
  std::atomic<std::size_t> kept = 0, failed = 0;
  ScriptedPeer peer;
};

settings::Settings settings_with(std::uint16_t port, settings::CommitOn on) {
  settings::Settings settings;
  settings.destinations.emplace_back().name = "lead";
  settings.intake.commit_on = on;
  settings.intake.report_to = {{"MOD1", "127.0.0.1", port}};
  return settings;
}

// A node with one image; MOD1 asks for it, and is called at a port where nobody is.
struct Clinic {
  explicit Clinic(settings::CommitOn on = settings::CommitOn::accepted) : commit_on(on), live(settings_with(1, on)) {
    start();
    auto inflow = queue->open(core::Manifest{});
    REQUIRE(inflow.ok());
    REQUIRE((*inflow)->append(Bytes(1000)).ok());
    core::Facts facts;
    facts.set(core::Fact::sop_class_uid, ct_class);
    facts.set(core::Fact::sop_instance_uid, "1.1");
    facts.set(core::Fact::study_instance_uid, "1.2.3");
    REQUIRE((*inflow)->commit(facts).ok());
    REQUIRE(promising->asked({"2.25.1", "MOD1", "CLINIC", "192.0.2.1", {{ct_class, "1.1"}}}).ok());
  }
  void start() {
    promising.reset();
    queue.reset();
    queue::QueueNeeds needs{files, clock, system_random(), [](const core::Item&) { return std::vector<std::string>{"lead"}; },
                            [](std::span<const queue::DeliveryStanding>, bool) { return false; }, {}, [] {}};
    auto opened = queue::Queue::open({home.path().string(), "test"}, std::move(needs));
    REQUIRE(opened.ok());
    queue = std::move(*opened);
    queue->drain();
    promising = std::make_unique<node::Promising>(*queue, live, here, here, node::Env{disk(), clock, system_random()});
  }
  // Steps as the loop would, until so much has passed or nothing is open any more -> after how long it was called back.
  std::vector<Millis> run_for(Millis time) {
    const MonoTime begin = clock.mono(), end = begin + time;
    std::vector<Millis> called;
    while (clock.mono() < end && open() > 0) {
      queue->drain();
      queue->tick();
      const int before = here.calls;
      const MonoTime next = promising->step();
      if (here.calls > before) called.push_back(clock.mono() - begin);
      clock.pass(std::clamp(next - clock.mono(), Millis(500), end - clock.mono()));
    }
    queue->drain();
    return called;
  }
  std::uint64_t open() {
    queue->drain();
    return queue->pledges().summary().open;
  }

  // As a disk does that turns over bits, behind the back of everybody.
  void damage() {
    for (const auto& entry : std::filesystem::directory_iterator(home.path() / "spool")) {
      if (!entry.path().filename().string().starts_with('i')) continue;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(4096 + 1000);  // in the payload of the first record
      file.write("damaged", 7);
    }
  }

  TemporaryDirectory home;
  FaultyFiles files;
  HandClock clock;
  Here here;
  const settings::CommitOn commit_on;
  node::Live live;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<node::Promising> promising;
};

}  // namespace

TEST_CASE("a_modality_that_does_not_answer_is_called_more_and_more_rarely_for_a_fortnight_and_over_restarts" * doctest::description("contract 4")) {
  Clinic clinic;
  const auto first_day = clinic.run_for(24h);
  REQUIRE(first_day.size() > 12);
  for (std::size_t at = 1; at < first_day.size(); ++at) {
    const Millis gap = first_day[at] - first_day[at - 1];
    const Millis expected = std::min<Millis>(limits::promise_back_off_most, Millis(limits::promise_back_off_least) * (1 << std::min<std::size_t>(at - 1, 9)));
    CHECK(gap >= expected);
    CHECK(gap <= expected + Millis(limits::promise_call_pause) + 1s);
  }
  CHECK(clinic.queue->pledges().summary().untold == 1);
  CHECK(clinic.queue->pledges().summary().said.find("MOD1") != std::string::npos);
  std::size_t calls = 0;
  for (int day = 1; day < 14; ++day) {
    clinic.start();
    CHECK(clinic.open() == 1);
    // Whatever the clock says meanwhile: it neither gives up nor waits for years.
    if (day == 5) clinic.clock.wall_ms += 10 * 365 * 86'400'000LL;
    if (day == 9) clinic.clock.wall_ms -= 20 * 365 * 86'400'000LL;
    const auto called = clinic.run_for(24h);
    CHECK(called.size() >= 23);
    CHECK(called.size() <= 25);  // a start does not begin with short pauses again
    calls += called.size();
  }
  CHECK(calls >= 13 * 23);
  CHECK(clinic.open() == 1);
  clinic.run_for(2h);
  CHECK(clinic.open() == 0);
  clinic.start();
  CHECK(clinic.open() == 0);
  const int before = clinic.here.calls;
  clinic.promising->step();
  CHECK(clinic.here.calls == before);
}

TEST_CASE("a_modality_that_can_be_reached_at_last_is_told_at_once_and_once" * doctest::description("contract 4")) {
  Clinic clinic;
  clinic.run_for(48h);
  clinic.start();
  Modality modality;
  clinic.live.replace(settings_with(modality.peer.port(), clinic.commit_on));
  clinic.promising->changed();
  const auto called = clinic.run_for(1h);
  CHECK(clinic.open() == 0);
  REQUIRE(called.size() == 1);
  CHECK(called[0] < 10s);
  clinic.start();
  clinic.run_for(1h);
  CHECK(modality.kept == 1);
  CHECK(modality.failed == 0);
}

TEST_CASE("what_is_not_archived_within_a_week_is_refused_and_not_promised" * doctest::description("contract 4")) {
  Clinic clinic(settings::CommitOn::archived);
  Modality modality;
  clinic.live.replace(settings_with(modality.peer.port(), clinic.commit_on));
  clinic.run_for(Millis(limits::promise_archive_wait_max) - 1h);
  CHECK(clinic.open() == 1);
  CHECK(modality.kept + modality.failed == 0);
  clinic.start();
  clinic.run_for(2h);
  CHECK(clinic.open() == 0);
  CHECK(modality.kept == 0);
  CHECK(modality.failed == 1);
}

TEST_CASE("what_does_not_verify_any_more_is_not_promised_and_is_quarantined" * doctest::description("contract 1, 4")) {
  Clinic clinic;
  clinic.damage();
  Modality modality;
  clinic.live.replace(settings_with(modality.peer.port(), clinic.commit_on));
  clinic.run_for(1h);
  CHECK(clinic.open() == 0);
  CHECK(modality.kept == 0);
  CHECK(modality.failed == 1);
  CHECK(clinic.queue->summary().quarantined == 1);
}

TEST_CASE("of_what_the_disk_does_not_read_nothing_is_said_until_it_does" * doctest::description("contract 1, 4")) {
  Clinic clinic;
  Modality modality;
  clinic.live.replace(settings_with(modality.peer.port(), clinic.commit_on));
  clinic.files.unreadable_to = UINT64_MAX;
  clinic.run_for(1h);
  CHECK(clinic.open() == 1);
  CHECK(modality.kept + modality.failed == 0);
  CHECK(clinic.queue->summary().unreadable.items == 1);
  CHECK_FALSE(clinic.promising->take("2.25.1"));  // on an association as well
  clinic.files.unreadable_to = 0;
  clinic.run_for(1h);
  CHECK(clinic.open() == 0);
  CHECK(modality.kept == 1);
  CHECK(clinic.queue->summary().unreadable.items == 0);
  CHECK(clinic.queue->summary().quarantined == 0);
}

TEST_SUITE_END();
