// SPDX-License-Identifier: Apache-2.0
// What the ledger counts as it changes is what counting its rows would find.
#include "fixture.h"

#include "queue/lookup.h"
#include "queue/orders.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("counts");

namespace {

constexpr const char* counted_rows[] = {
    "SELECT destination, state + (rank<100)*10, level, count(*), sum(bytes) FROM delivery GROUP BY 1,2,3",
    ("SELECT i.study_key, v.destination, v.state, v.level, count(*), sum(v.bytes) FROM delivery v JOIN item i ON i.seq=v.seq "
     "WHERE v.rank>=100 GROUP BY 1,2,3,4"),
    "SELECT destination, state, reason, count(*) FROM delivery WHERE state IN (2,4) AND rank>=100 GROUP BY 1,2,3",
    "SELECT destination, received_ms/60000, count(*) FROM delivery WHERE state=1 AND rank>=100 GROUP BY 1,2",
    "SELECT state, count(*), sum(size) FROM item GROUP BY 1",
};
constexpr const char* tallies[] = {
    "SELECT destination, state, level, items, bytes FROM tally WHERE items<>0 ORDER BY 1,2,3",
    "SELECT exam, destination, state, level, items, bytes FROM exam_tally WHERE items<>0 ORDER BY 1,2,3,4",
    "SELECT destination, state, reason, items FROM reason_tally WHERE items<>0 ORDER BY 1,2,3",
    "SELECT destination, minute, items FROM waiting_minute WHERE items<>0 ORDER BY 1,2",
    "SELECT state, items, bytes FROM item_tally WHERE items<>0 ORDER BY 1",
};

struct CountsFixture : QueueFixture {
  std::string rows(const char* text, int columns) {
    auto ledger = queue::Sql::open(at("ledger.db").string(), true);
    REQUIRE(ledger.ok());
    std::string all;
    {
      queue::Statement rows(**ledger, text);
      while (rows.step()) {
        for (int i = 0; i < columns; ++i) all += rows.text(i) + "|";
        all += "\n";
      }
    }
    REQUIRE_MESSAGE((*ledger)->status().ok(), text);
    return all;
  }
  void check_tallies() {
    queue->drain();
    const int columns[] = {5, 6, 4, 3, 3};
    for (int i = 0; i < 5; ++i) CHECK_MESSAGE(rows(tallies[i], columns[i]) == rows(counted_rows[i], columns[i]), tallies[i]);
  }
  std::string everything() {
    return rows("SELECT key, seq, first_ms, last_ms, items, bytes FROM exam ORDER BY 1", 6) +
           rows("SELECT key, exam, kind FROM alias ORDER BY 1,2", 3) + rows(tallies[0], 5) + rows(tallies[1], 6) + rows(tallies[2], 4) +
           rows(tallies[3], 3) + rows(tallies[4], 3) + rows("SELECT hour, items, bytes FROM intake_hour ORDER BY 1", 3) +
           rows("SELECT study_key FROM item ORDER BY seq", 1);
  }
  void exercise() {
    destinations = {"lead", "cloud"};
    for (unsigned i = 0; i < 40; ++i) {
      clock.wall_ms += 17'000;
      auto facts = image_facts("1.9." + std::to_string(i), "1.2." + std::to_string(i % 3));
      facts.set(core::Fact::patient_id, "P" + std::to_string(i % 3));
      REQUIRE(put(pattern(100 + i, i), facts).ok());
    }
    REQUIRE(put(pattern(77, 1), image_facts("1.9.3", "1.2.0")).ok());  // conflict
    core::Manifest event;
    event.kind = core::Kind::event;
    REQUIRE(put(pattern(50, 5), {}, event).ok());
    check_tallies();
    const auto items = lease(30);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i % 5 == 0)
        queue->reject("lead", items[i].item.id, i % 2 == 0 ? "0xA900" : "0xC000");
      else if (i % 5 == 1)
        queue->put_back("lead", items[i].item.id, "later", Millis(1000), true);
      else
        deliver(items[i], i % 5 == 2 ? core::Level::archived : core::Level::accepted);
    }
    for (const auto& one : lease(20, "cloud")) deliver(one, core::Level::archived, "cloud");
    queue->tick();  // some are reclaimed
  }
};

}  // namespace

TEST_CASE_FIXTURE(CountsFixture, "every_tally_is_what_counting_the_rows_would_find") {
  exercise();
  check_tallies();
  const auto found = queue->lookup().find("1.2.0", 5);
  REQUIRE(found.size() == 1);
  REQUIRE(queue->orders().hold(found[0], "").ok());
  check_tallies();
  REQUIRE(queue->orders().owe(found[0], "third").ok());
  REQUIRE(queue->orders().prioritise(found[0], core::Priority::emergency).ok());
  check_tallies();
  REQUIRE(queue->orders().resume(found[0], "").ok());
  REQUIRE(queue->orders().resend(queue->lookup().find("1.2.1", 5).at(0), "").ok());
  check_tallies();
  restart();
  check_tallies();
  restart(true);
  check_tallies();
}

TEST_CASE_FIXTURE(CountsFixture, "whether_an_emergency_waits_is_known_until_it_is_settled_or_held") {
  destinations = {"lead"};
  const auto waits = [&] {
    queue->drain();
    const auto all = queue->counts().destinations();
    const auto lead = std::ranges::find(all, "lead", &queue::DestinationCount::destination);
    return lead == all.end() ? std::nullopt : lead->emergency_waiting;
  };
  REQUIRE(put(pattern(100, 1), image_facts("1.1", "9.1")).ok());
  clock.wall_ms += 60'000;
  const WallTime came{clock.wall_ms};
  REQUIRE(put(pattern(100, 2), image_facts("1.2", "9.2")).ok());
  CHECK_FALSE(waits());
  const auto found = queue->lookup().find("9.2", 5);
  REQUIRE(found.size() == 1);
  REQUIRE(queue->orders().prioritise(found[0], core::Priority::emergency).ok());
  clock.wall_ms += 60'000;
  CHECK(waits() == came);
  REQUIRE(queue->orders().hold(found[0], "").ok());
  CHECK_FALSE(waits());
  REQUIRE(queue->orders().resume(found[0], "").ok());
  CHECK(waits() == came);
}

TEST_CASE_FIXTURE(CountsFixture, "what_finds_its_destination_late_is_counted_there") {
  destinations = {};
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(100, i), image_facts("1." + std::to_string(i))).ok());
  check_tallies();
  destinations = {"lead", "cloud"};
  queue->route_again();
  check_tallies();
  CHECK(count("cloud").waiting == 3);
  CHECK(count("").waiting == 0);
}

TEST_CASE_FIXTURE(CountsFixture, "a_ledger_of_the_first_version_learns_what_the_second_one_counts") {
  exercise();
  check_tallies();
  REQUIRE(rows("SELECT count(*) FROM item WHERE state=2", 1) != "0|\n");
  stop();
  const std::string before = everything();
  tamper("DROP INDEX item_label; ALTER TABLE item DROP COLUMN label_key; DROP INDEX quarantine_sop; ALTER TABLE quarantine DROP COLUMN sop_key; ALTER TABLE quarantine DROP COLUMN sha256;"
         "DROP INDEX alias_exam; DROP INDEX commitment_begun; DROP TABLE round; DROP INDEX delivery_unproven; ALTER TABLE delivery DROP COLUMN asked_of; ALTER TABLE delivery DROP COLUMN again;"
         "ALTER TABLE delivery DROP COLUMN resends; ALTER TABLE delivery DROP COLUMN resent_ms; CREATE INDEX delivery_unproven ON delivery(destination, not_before_ms) WHERE state=3 AND level=1;"
         "DROP TABLE promise; DROP TABLE promised; DROP INDEX orphan_sop; ALTER TABLE orphan DROP COLUMN sop_key;"
         "DROP INDEX delivery_unproven; DROP TABLE commitment; DROP TRIGGER item_moves; DROP TABLE intake_hour; DROP TABLE item_tally; DROP TABLE waiting_minute; DROP TABLE reason_tally;"
         "DROP TABLE exam_tally; DROP TABLE standing; DROP TABLE alias; DROP TABLE exam; DROP INDEX item_exam;"
         "CREATE INDEX item_study ON item(study_key, study_order) WHERE study_key <> 0 AND state = 1;"
         "CREATE TABLE old(destination INTEGER, state INTEGER, items INTEGER, bytes INTEGER, PRIMARY KEY(destination, state)) WITHOUT ROWID;"
         "INSERT INTO old SELECT destination, state, sum(items), sum(bytes) FROM tally GROUP BY 1,2;"
         "DROP TABLE tally; ALTER TABLE old RENAME TO tally; ALTER TABLE quarantine DROP COLUMN received_ms; ALTER TABLE quarantine DROP COLUMN priority; ALTER TABLE quarantine DROP COLUMN owed; PRAGMA user_version=1");
  start();
  queue->drain();
  CHECK(everything() == before);
  check_tallies();
  CHECK(queue->lookup().find("P1", 5).size() == 1);
}

TEST_CASE_FIXTURE(CountsFixture, "waiting_images_are_counted_by_age_to_the_millisecond") {
  const std::int64_t start = clock.wall_ms;
  for (unsigned i = 0; i < 50; ++i) {
    clock.wall_ms = start + i * 7'001;
    REQUIRE(put(pattern(100, i), image_facts("1." + std::to_string(i))).ok());
  }
  queue->drain();
  std::vector<WallTime> borders{WallTime{INT64_MAX}};
  for (const std::int64_t ms : {0, 1, 7'001, 7'002, 60'000, 59'999, 123'456, 400'000}) borders.push_back({start + ms});
  const auto counts = queue->counts().waiting_before("lead", borders);
  CHECK(counts[0] == 50);
  for (std::size_t at = 1; at < borders.size(); ++at) {
    std::uint64_t expected = 0;
    for (unsigned i = 0; i < 50; ++i) expected += start + i * 7'001 < borders[at].ms ? 1 : 0;
    CHECK(counts[at] == expected);
  }
  CHECK(queue->counts().waiting_before("nobody", borders)[0] == 0);
}

TEST_CASE_FIXTURE(CountsFixture, "the_reasons_of_what_is_rejected_or_held_are_counted") {
  exercise();
  const auto lead = count();
  REQUIRE(lead.rejected_reasons.size() == 2);
  CHECK(lead.rejected_reasons[0].items + lead.rejected_reasons[1].items == lead.rejected);
  CHECK(lead.rejected_reasons[0].items >= lead.rejected_reasons[1].items);
  REQUIRE(lead.on_hold_reasons.size() == 1);
  CHECK(lead.on_hold_reasons[0].items == lead.on_hold);
}

TEST_CASE_FIXTURE(CountsFixture, "what_came_is_known_by_the_hour") {
  const std::int64_t hour = 3'600'000;
  clock.wall_ms = 100 * hour + 5;
  REQUIRE(put(pattern(100, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(200, 2), image_facts("1.2")).ok());
  clock.wall_ms = 103 * hour;
  REQUIRE(put(pattern(300, 3), image_facts("1.3")).ok());
  queue->drain();
  const auto hours = queue->counts().intake_since({0});
  REQUIRE(hours.size() == 2);
  CHECK(hours[0].hour.ms == 100 * hour);
  CHECK(hours[0].bytes == 300);
  CHECK(hours[1].items == 1);
  CHECK(queue->counts().intake_since({101 * hour}).size() == 1);
}

TEST_SUITE_END();
