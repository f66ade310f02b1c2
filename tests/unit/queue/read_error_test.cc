// SPDX-License-Identifier: Apache-2.0
// One question to the ledger that is not answered: what was not read is not taken for what is not there.
#include <sqlite3.h>

#include <cstring>

#include "fixture.h"
#include "queue/damage.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/unproven.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("read errors" * doctest::description("contract 2, 9"));

namespace {

std::atomic<const char*> question{""};
std::atomic<int> fails_in{0};  // the nth from now of those that begin so; 0: none
std::atomic<int> failed{0};
thread_local bool armed = false;

int interrupt(void*) { return std::exchange(armed, false) ? ++failed, 1 : 0; }

int listen(unsigned, void*, void* statement, void*) {
  const char* text = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
  if (fails_in > 0 && text != nullptr && std::strncmp(text, question, std::strlen(question)) == 0) armed = --fails_in == 0;
  return 0;
}

int attach(sqlite3* database, char**, const void*) {
  sqlite3_progress_handler(database, 1, interrupt, nullptr);
  sqlite3_trace_v2(database, SQLITE_TRACE_STMT, listen, nullptr);
  return 0;
}

struct EveryLedger {
  EveryLedger() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(attach)); }
  ~EveryLedger() {
    fails_in = 0;
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(attach));
  }
};

struct ReadErrorFixture : EveryLedger, QueueFixture {
  void fail(const char* text, int nth = 1) {
    failed = 0;
    question = text;
    fails_in = nth;
  }
  void put_one(unsigned seed) {
    REQUIRE(put(pattern(10'000, seed), image_facts("1.1")).ok());
    queue->drain();
  }
};

}  // namespace

TEST_CASE_FIXTURE(ReadErrorFixture, "what_a_copy_owes_is_not_forgotten_where_the_ledger_did_not_say_once_who_stays_for_it" * doctest::description("contract 2")) {
  put_one(1);
  SUBCASE("who stays") { fail("SELECT state, reason=?2, id FROM item", 2); }  // the first time it becomes a copy
  SUBCASE("what it owes") { fail("SELECT d.name FROM item i JOIN delivery v", 2); }
  destinations = {"lead", "archive"};
  put_one(1);
  turns();
  REQUIRE(failed == 1);
  CHECK(count("archive").waiting == 1);
  restart(true);
  CHECK(count("archive").waiting == 1);
}

TEST_CASE_FIXTURE(ReadErrorFixture, "an_image_is_not_held_because_those_it_is_to_be_compared_with_did_not_read_once" * doctest::description("contract 6")) {
  same_content = [](const core::Consignment&, const core::Consignment&) { return true; };
  put_one(1);
  SUBCASE("the others") { fail("SELECT sha256, seq, state", 2); }  // the first time it is indexed
  SUBCASE("itself") { fail("SELECT value, name FROM meta WHERE name>'undecided"); }
  put_one(2);
  turns();
  REQUIRE(failed == 1);
  CHECK(count().on_hold == 0);
  CHECK(asked("SELECT count(*) FROM item WHERE state=1") == 1);
}

TEST_CASE_FIXTURE(ReadErrorFixture, "an_image_that_matched_no_route_is_found_one_although_the_ledger_did_not_name_it_once" * doctest::description("contract 4")) {
  destinations.clear();
  put_one(1);
  destinations = {"lead"};
  fail("SELECT state, rank, study_order, seq FROM delivery WHERE destination");
  queue->route_again();
  turns();
  REQUIRE(failed == 1);
  CHECK(count().waiting == 1);
}

TEST_CASE_FIXTURE(ReadErrorFixture, "older_notes_are_not_applied_again_because_a_checkpoint_did_not_read_once" * doctest::description("contract 3, 9")) {
  put_one(1);
  deliver(lease().at(0), core::Level::accepted);
  restart();
  clock.wall_ms += Millis(core::limits::proof_wait_least).count();
  queue->unproven().send_again(queue->unproven().due("lead", 10).items.at(0), "it is not there");
  restart();
  CHECK(count().waiting == 1);
  stop();
  fail("SELECT indexed FROM segment");
  start();
  CHECK(count().waiting == 1);
  REQUIRE(failed == 1);
}

TEST_CASE_FIXTURE(ReadErrorFixture, "damage_that_did_not_read_once_is_not_told_as_none" * doctest::description("contract 9")) {
  put_one(1);
  overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
  for (const auto& one : lease()) {
    Bytes room(one.payload->size());
    CHECK_FALSE(one.payload->read(0, room).ok());
  }
  queue->drain();
  REQUIRE(queue->damage().places(10).size() == 1);
  const auto failures = queue->damage().failures();
  fail("SELECT seq, record_bytes, reason");
  CHECK(queue->damage().places(10).empty());
  CHECK(queue->damage().failures() == failures + 1);
  for (const char* name : {"", "1-4096"}) {
    fail("SELECT seq, record_bytes, reason");
    const auto seen = queue->damage().seen(name);
    REQUIRE_FALSE(seen.ok());
    CHECK(seen.error().code == Errc::io);
  }
  CHECK(queue->damage().places(10).size() == 1);
}

TEST_CASE_FIXTURE(ReadErrorFixture, "an_exam_on_hold_is_not_told_as_let_go_because_the_order_on_it_did_not_read_once" * doctest::description("contract 7")) {
  put_one(1);
  const auto match = queue->lookup().find("1.2.3", 2);
  REQUIRE(match.size() == 1);
  REQUIRE(queue->orders().hold(match[0], "").ok());
  for (const char* text : {"SELECT s.what", "SELECT d.name, t.state", "SELECT key, seq"}) {
    CAPTURE(text);
    fail(text);
    const auto done = queue->orders().resume(match[0], "");
    REQUIRE(failed == 1);
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().code == Errc::io);
    CHECK(count().on_hold == 1);
  }
  CHECK(queue->orders().resume(match[0], "")->deliveries == 1);
  CHECK(count().waiting == 1);
}

TEST_SUITE_END();
