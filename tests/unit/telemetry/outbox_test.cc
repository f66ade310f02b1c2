// SPDX-License-Identifier: Apache-2.0
#include "telemetry/outbox.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "core/limits.h"
#include "fixture.h"

using namespace sampan;
using namespace sampan::test;
using namespace sampan::telemetry;

TEST_SUITE_BEGIN("outbox");

namespace {

struct Desk {
  TemporaryDirectory home;
  FaultyFiles files;
  HandClock clock;
  MemorySink sink;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Outbox> outbox;
  WallTime newest{};

  Desk() { start(); }
  void start(bool forwards = true, std::size_t file_bytes = 1u << 20) {
    outbox.reset();
    journal = std::make_unique<Journal>(files, folder(), file_bytes);
    outbox = std::make_unique<Outbox>(Outbox::Needs{sink, files, clock, system_random()}, *journal, folder(), "clinic", forwards);
    newest = outbox->open();
  }
  std::string folder() const { return (home.path() / "telemetry").string(); }
  void send(const std::string& name = "dest.up") {
    Event event;
    event.name = name;
    event.time = clock.wall();
    outbox->send(event);
  }
  bool sample() {
    return outbox->send_samples([](const Outbox::Stamp& stamp) {
      return "{\"id\":\"" + to_string(stamp.id) + "\",\"series\":\"" + stamp.series + "\",\"seq\":" + std::to_string(stamp.seq) +
             ",\"time\":\"" + to_iso8601(stamp.time) + "\"}\n";
    });
  }
  std::string file(const std::string& name) const {
    std::ifstream in(folder() + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(const std::string& name, const std::string& text) const {
    std::ofstream(folder() + "/" + name, std::ios::binary | std::ios::trunc) << text;
  }
  // 1, 2, 3… in one series, each id once.
  void check_numbers(std::size_t count) const {
    const auto events = sink.events();
    REQUIRE(events.size() == count);
    std::set<std::string> ids;
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(events[i].seq == i + 1);
      CHECK(events[i].series == events[0].series);
      CHECK(ids.insert(to_string(events[i].id)).second);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Desk, "numbers_go_on_over_a_restart_and_nothing_is_offered_twice_without_need") {
  send(), send();
  CHECK(sample());
  start();
  const unsigned offers = sink.offers;
  CHECK(offers == 3);
  send();
  CHECK(sample());
  check_numbers(3);
  CHECK(sink.kept().size() == 5);
  CHECK(sink.offers == offers + 2);
  CHECK(newest == clock.wall());
}

TEST_CASE_FIXTURE(Desk, "what_the_queue_refuses_is_offered_again_with_its_number_also_after_a_restart" * doctest::description("contract 7")) {
  send();
  sink.refuses = true;
  send(), send();
  CHECK(sample());
  CHECK_FALSE(sample());  // the one before is still here: no number is used up
  CHECK(outbox->unsent() == 3);
  start();
  CHECK(outbox->unsent() == 3);
  sink.refuses = false;
  outbox->retry();
  check_numbers(3);
  CHECK(outbox->unsent() == 0);
  REQUIRE(sink.kept().size() == 4);
  CHECK(sink.kept()[3].line.find("\"seq\":1,") != std::string::npos);
}

TEST_CASE_FIXTURE(Desk, "a_crash_between_the_list_and_the_queue_neither_skips_a_number_nor_uses_one_twice") {
  send(), send();
  CHECK(sample());
  // As a kill leaves it: in the queue, but not marked so; and one that was never queued.
  std::string log = file("events.log");
  for (auto at = log.find("{\"queued\""); at != log.npos; at = log.find("{\"queued\"")) log.erase(at, log.find('\n', at) + 1 - at);
  overwrite("events.log", log);
  std::string last = file("sample.last");
  overwrite("sample.last", last.substr(0, last.find('\n') + 1));
  start();
  CHECK(sink.offers == 6);
  check_numbers(2);
  CHECK(sink.kept().size() == 3);
  send();
  check_numbers(3);
}

TEST_CASE_FIXTURE(Desk, "samples_that_cannot_be_kept_are_sent_each_in_a_series_of_its_own" * doctest::description("contract 2")) {
  CHECK(sample());
  files.full = true;
  CHECK(sample());
  CHECK(sample());
  files.full = false;
  CHECK(sample());
  CHECK(sample());
  std::vector<std::string> series;
  std::string numbers;
  for (const auto& kept : sink.kept()) {
    const auto at = kept.line.find("\"series\":\"") + 10, seq = kept.line.find("\"seq\":") + 6;
    series.push_back(kept.line.substr(at, kept.line.find('"', at) - at));
    numbers += kept.line[seq];
  }
  REQUIRE(series.size() == 5);
  CHECK(numbers == "11112");
  CHECK(std::set(series.begin(), series.end()).size() == 4);
  CHECK(series[3] == series[4]);
}

TEST_CASE_FIXTURE(Desk, "a_torn_or_damaged_list_costs_the_damaged_lines_only" * doctest::description("contract 9")) {
  send(), send(), send();
  std::string log = file("events.log");
  const auto second = log.find("\"seq\":2");
  log[second - 20] = '\x01';
  overwrite("events.log", log + "{\"schema\":\"sampan.event/1\",\"id\":\"to");
  start();
  send();
  check_numbers(4);
  CHECK(journal->lines({0}, 100).size() >= 3);
  overwrite("events.log", std::string(5000, '\0'));
  overwrite("sample.last", "{}\n");
  start();
  send();
  const auto events = sink.events();
  REQUIRE(events.size() == 5);
  CHECK(events[4].seq == 1);
  CHECK(events[4].series != events[0].series);
  CHECK(sample());
}

TEST_CASE_FIXTURE(Desk, "a_list_that_cannot_be_written_keeps_no_event_from_the_queue_and_spoils_no_number") {
  send();
  files.write_fails = true;
  send();
  files.write_fails = false;
  send(), send();
  const auto events = sink.events();
  REQUIRE(events.size() == 4);
  std::set<std::pair<std::string, std::uint64_t>> numbers;
  for (const auto& event : events) CHECK(numbers.insert({event.series, event.seq}).second);
  start();
  send();
  CHECK(numbers.insert({sink.events()[4].series, sink.events()[4].seq}).second);
}

TEST_CASE_FIXTURE(Desk, "the_list_keeps_the_newest_events_in_two_files_and_their_numbers_go_on" * doctest::description("contract 10")) {
  start(true, 4000);
  for (int i = 0; i < 100; ++i) {
    clock.pass(Millis(1000));
    send();
  }
  CHECK(std::filesystem::file_size(folder() + "/events.log") <= 4000);
  CHECK(std::filesystem::file_size(folder() + "/events.old.log") <= 4000);
  const auto all = journal->lines({0}, 1000);
  CHECK(all.size() > 6);
  CHECK(all.size() < 20);
  CHECK(read_event(all.back())->seq == 100);
  CHECK(journal->lines({0}, 3).size() == 3);
  CHECK(journal->lines({clock.wall().ms - 1000}, 100).size() == 2);
  start(true, 4000);
  send();
  check_numbers(101);
}

TEST_CASE_FIXTURE(Desk, "with_nobody_who_takes_telemetry_events_stay_in_the_list_and_nothing_is_queued") {
  start(false);
  send();
  CHECK_FALSE(sample());
  CHECK(sink.offers == 0);
  CHECK(journal->lines({0}, 10).size() == 1);
  start(true);
  CHECK(sink.offers == 0);
  send();
  check_numbers(1);
}

TEST_CASE_FIXTURE(Desk, "events_that_cannot_be_queued_for_long_are_bounded_and_counted" * doctest::description("contract 10")) {
  sink.refuses = true;
  for (std::size_t i = 0; i < core::limits::events_unsent_max + 5; ++i) send();
  CHECK(outbox->unsent() == core::limits::events_unsent_max);
  CHECK(outbox->lost() == 5);
}
