// SPDX-License-Identifier: Apache-2.0
// What a person and a forecast see of images that came while the clock was another.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>

#include "core/limits.h"
#include "node/ages.h"
#include "node/clock_watch.h"
#include "node/exams.h"
#include "queue/counts.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::node;
using namespace sampan::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("node");

namespace {

constexpr std::int64_t noon_ms = 1'795'694'400'000;  // of 2026-11-26, UTC
constexpr std::int64_t year_ms = 365 * 86'400'000LL;

class HandClock final : public Clock {
 public:
  MonoTime mono() const override { return {mono_ms}; }
  WallTime wall() const override { return {wall_ms}; }
  void pass(Millis time) { mono_ms += time.count(), wall_ms += time.count(); }
  std::atomic<std::int64_t> mono_ms{1000}, wall_ms{noon_ms};
};

struct Clinic {
  explicit Clinic(std::int64_t starts_ms) {
    clock.wall_ms = starts_ms;
    queue::QueueNeeds needs{disk(), clock, system_random(), [](const core::Item&) { return std::vector<std::string>{"lead"}; },
                            [](std::span<const queue::DeliveryStanding>, bool) { return false; }, {}, [] {}};
    auto opened = queue::Queue::open({home.path().string(), "test"}, std::move(needs));
    REQUIRE(opened.ok());
    queue = std::move(*opened);
    restart();
  }
  void restart() {
    if (watch) watch->keep(disk(), true);
    watch = std::make_unique<ClockWatch>(clock);
    watch->begin(disk(), home.path() / "clock");
    exams = std::make_unique<Exams>(Exams::Needs{*queue, clock, [] { return std::vector<std::string>{"lead"}; }, [](const std::string&) {}, {}, [this] { return watch->past(); }});
  }
  void set(std::int64_t wall_ms) {
    watch->look();
    clock.wall_ms = wall_ms;
    watch->look();
  }
  void pass(Millis time) {
    clock.pass(time);
    queue->tick();
  }
  void image(const std::string& study) {
    auto inflow = queue->open(core::Manifest{});
    REQUIRE(inflow.ok());
    REQUIRE((*inflow)->append(Bytes(1000)).ok());
    core::Facts facts;
    facts.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
    facts.set(core::Fact::sop_instance_uid, study + "." + std::to_string(++images));
    facts.set(core::Fact::study_instance_uid, study);
    REQUIRE((*inflow)->commit(facts).ok());
    queue->drain();
  }
  std::vector<std::string> today() {
    std::vector<std::string> studies;
    for (const auto& exam : exams->today().exams) studies.push_back(exam.study_uid);
    return studies;
  }
  Ages ages() { return {queue->counts(), watch->past(), clock.wall()}; }
  queue::QueueSummary summary() {
    auto seen = queue->summary();
    ages().say_by_now(seen);
    return seen;
  }
  std::uint64_t intake_bytes() {
    std::uint64_t bytes = 0;
    for (const auto& hour : ages().intake()) bytes += hour.bytes;
    return bytes;
  }

  TemporaryDirectory home;
  HandClock clock;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<ClockWatch> watch;
  std::unique_ptr<Exams> exams;
  int images = 0;
};

using Studies = std::vector<std::string>;

}  // namespace

TEST_CASE("an_exam_taken_before_a_clock_was_set_is_of_today_and_waits_since_then" * doctest::description("contract 7")) {
  std::int64_t starts_ms = 0;
  SUBCASE("a start in 1970") { starts_ms = 5'000; }
  SUBCASE("ten years ahead") { starts_ms = noon_ms + 10 * year_ms; }
  SUBCASE("ten years behind") { starts_ms = noon_ms - 10 * year_ms; }
  Clinic clinic(starts_ms);
  clinic.image("1.1");
  clinic.pass(10min);
  clinic.image("1.2");
  clinic.pass(2min);
  clinic.set(noon_ms);
  CHECK(clinic.today() == Studies{"1.2", "1.1"});
  clinic.pass(90min);
  clinic.image("1.3");
  clinic.pass(30s);
  for (int starts = 0; starts < 2; ++starts, clinic.restart()) {
    const auto listed = clinic.exams->today();
    REQUIRE(clinic.today() == Studies{"1.3", "1.2", "1.1"});
    CHECK(listed.exams[2].first_received.ms == noon_ms - Millis(12min).count());
    CHECK(clinic.exams->trace("1.2").exams.at(0).last_received.ms == noon_ms - Millis(2min).count());
    const auto seen = clinic.summary();
    const auto lead = std::ranges::find(seen.destinations, "lead", &queue::DestinationCount::destination);
    REQUIRE(lead != seen.destinations.end());
    REQUIRE(lead->oldest_waiting.has_value());
    const auto oldest = seen.age(*lead->oldest_waiting, clinic.clock.wall());
    CHECK(oldest >= 102min);
    CHECK(oldest < 104min);
    CHECK(clinic.ages().waiting(seen).at("lead") == control::AgeCounts{1, 0, 0, 2, 0, 0, 0});
    CHECK(clinic.intake_bytes() == 3000);
  }
  clinic.pass(24h);
  CHECK(clinic.today().empty());
}

TEST_CASE("a_clock_that_is_set_wrong_and_right_again_changes_no_exam_of_today" * doctest::description("contract 7")) {
  Clinic clinic(noon_ms);
  clinic.image("1.1");
  clinic.pass(24h);
  clinic.image("2.1");
  for (const std::int64_t wrong : {10 * year_ms, -10 * year_ms}) {
    clinic.pass(20min);
    clinic.set(clinic.clock.wall_ms + wrong);
    CHECK(clinic.today().back() == "2.1");
    clinic.pass(20min);
    clinic.image(wrong > 0 ? "2.2" : "2.3");
    CHECK(clinic.today().size() == (wrong > 0 ? 2u : 3u));
    clinic.restart();
    clinic.set(clinic.clock.wall_ms - wrong);
  }
  CHECK(clinic.today() == Studies{"2.3", "2.2", "2.1"});
  CHECK(clinic.ages().waiting(clinic.summary()).at("lead") == control::AgeCounts{1, 0, 1, 1, 0, 1, 0});
  CHECK(clinic.intake_bytes() == 4000);
}

TEST_CASE("a_queue_shows_nothing_older_than_the_node_ran_whatever_nobody_knows_of_the_clock" * doctest::description("contract 7")) {
  Clinic clinic(5'000);
  clinic.image("1.1");
  clinic.pass(20min);
  clinic.clock.wall_ms = noon_ms;  // while it was off, and without a word of what the clock said
  clinic.watch.reset();
  std::filesystem::remove(clinic.home.path() / "clock");
  clinic.restart();
  CHECK(clinic.ages().waiting(clinic.summary()).at("lead") == control::AgeCounts{0, 0, 1, 0, 0, 0, 0});
}

TEST_SUITE_END();
