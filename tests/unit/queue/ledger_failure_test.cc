// SPDX-License-Identifier: Apache-2.0
// A ledger that cannot be written or read, for a moment or for long: nothing is lost, nothing is deleted on a wrong belief.
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "queue/lookup.h"
#include "queue/unproven.h"

using namespace sampan;
using namespace sampan::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("ledger failures" * doctest::description("contract 2, 9"));

namespace {

constexpr const char* forget_everything = "DELETE FROM item; DELETE FROM delivery; DELETE FROM segment; DELETE FROM tally; "
                                         "DELETE FROM item_tally; DELETE FROM exam_tally; DELETE FROM waiting_minute; DELETE FROM exam";
constexpr const char* refuse_items = "CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'injected'); END";
constexpr const char* refuse_first_item =
    "CREATE TRIGGER injected BEFORE INSERT ON item WHEN NEW.size=1 BEGIN SELECT RAISE(ROLLBACK, 'injected'); END";
constexpr const char* refuse_no_more = "DROP TRIGGER injected";

}  // namespace

TEST_CASE_FIXTURE(QueueFixture, "a_rebuild_that_the_ledger_refuses_is_tried_again_and_deletes_nothing" * doctest::description("contract 2, 9")) {
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  stop();
  tamper(forget_everything);
  tamper(refuse_items);
  start();
  within(300ms, [this] { return !queue->summary().rebuilding; });
  SUBCASE("in the same run") { tamper(refuse_no_more); }
  SUBCASE("after another start") {
    stop();
    tamper(refuse_no_more);
    start();
  }
  CHECK(segments().size() == 1);
  queue->drain();
  CHECK(queue->summary().items == 3);
  CHECK(lease().size() == 3);
  CHECK(count().waiting == 3);
}

TEST_CASE_FIXTURE(QueueFixture, "nothing_of_a_batch_the_ledger_refused_stays_in_it" * doctest::description("contract 1")) {
  tamper(refuse_first_item);
  REQUIRE(put(pattern(1, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(2, 2), image_facts("1.2")).ok());
  // The second attempt has both of them.
  within(1500ms, [this] { return queue->summary().items > 0; });
  stop();
  tamper(refuse_no_more);
  restart();
  CHECK(queue->summary().items == 2);
  CHECK(lease().size() == 2);
  CHECK(count().waiting == 2);
}

TEST_CASE_FIXTURE(QueueFixture, "nothing_is_reclaimed_on_standings_that_could_not_all_be_read" * doctest::description("contract 4")) {
  destinations = {"lead", "cloud"};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0));
  tamper("DROP TABLE destination");
  for (int round = 0; round < 3; ++round) {
    queue->tick();
    queue->drain();
  }
  restart(true);
  CHECK(lease(10, "cloud").size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "notes_that_waited_for_their_item_are_applied_although_the_first_try_failed" * doctest::description("contract 3")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0), core::Level::accepted);
  stop();
  tamper(forget_everything);
  tamper("CREATE TRIGGER injected BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ROLLBACK, 'injected'); END");
  start();
  within(300ms, [this] { return !queue->summary().rebuilding; });
  tamper(refuse_no_more);
  CHECK(count().delivered == 1);
  CHECK(count().waiting == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "the_log_of_the_ledger_stays_small_after_a_restart" * doctest::description("contract 10")) {
  REQUIRE(put(pattern(10, 0), image_facts("1.0")).ok());
  restart();
  for (unsigned i = 1; i < 300; ++i) {
    REQUIRE(put(pattern(10, i), image_facts("1." + std::to_string(i), std::to_string(i))).ok());
    queue->drain();
  }
  CHECK(std::filesystem::file_size(at("ledger.db-wal")) < 6'000'000);
}

struct BrokenLedgerFixture : QueueFixture {
  // Overwrites the page the table begins with.
  void break_table(const char* name) {
    std::int64_t page = 0;
    {
      auto ledger = queue::Sql::open(at("ledger.db").string(), false);
      (*ledger)->execute("PRAGMA wal_checkpoint(TRUNCATE)");
      queue::Statement ask(**ledger, "SELECT rootpage FROM sqlite_master WHERE type='table' AND name=?");
      ask.bind(1, std::string_view(name));
      REQUIRE(ask.step());
      page = ask.number(0);
    }
    overwrite(at("ledger.db"), static_cast<std::uint64_t>(page - 1) * 4096, Bytes(4096, 0xee));
  }
};

TEST_CASE_FIXTURE(BrokenLedgerFixture, "a_ledger_with_a_broken_table_is_rebuilt_and_refuses_no_start" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  SUBCASE("that every start reads") { break_table("orphan"); }
  SUBCASE("that is missing") { tamper("DROP TABLE delivery"); }
  start();
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(BrokenLedgerFixture, "a_ledger_that_breaks_while_it_is_used_is_set_aside_and_rebuilt_by_the_next_start" *
                                    doctest::description("contract 9")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  break_table("item");
  const pid_t child = ::fork();
  if (child == 0) {
    start();
    static_cast<void>(put(pattern(1000, 2), image_facts("1.2")));
    within(5s, [] { return false; });
    std::_Exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == EXIT_FAILURE);
  start();
  CHECK(lease().size() == 2);
}

TEST_CASE_FIXTURE(BrokenLedgerFixture, "a_ledger_that_reads_as_damaged_once_and_is_sound_is_not_begun_anew" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  tamper("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto sound = read_whole(disk(), at("ledger.db").string(), 16 << 20);
  REQUIRE(sound.ok());
  break_table("exam");
  CHECK(queue->lookup().received_between(WallTime{}, WallTime{INT64_MAX}, 10).empty());
  overwrite(at("ledger.db"), 0, *sound);
  queue->tick();
  REQUIRE(put(pattern(1000, 2), image_facts("1.2")).ok());
  queue->drain();
  REQUIRE(queue->lookup().received_between(WallTime{}, WallTime{INT64_MAX}, 10).size() == 1);
  CHECK(lease().size() == 2);
}

TEST_CASE_FIXTURE(QueueFixture, "receipts_are_written_once_however_long_the_ledger_refuses_them" * doctest::description("contract 10")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  const auto items = lease();
  tamper("CREATE TRIGGER injected BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ROLLBACK, 'injected'); END");
  queue->deliver("lead", {items.at(0).item.id, items.at(0).item.sha256, "PACS", clock.wall(), core::Level::accepted});
  CHECK_FALSE(within(1500ms, [this] { return !segments('n').empty() && std::filesystem::file_size(segments('n')[0]) > 2 * 4096; }));
  tamper(refuse_no_more);
  CHECK(count().delivered == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_the_ledger_cannot_take_for_long_is_refused_before_it_fills_the_memory" * doctest::description("contract 10")) {
  stop();
  unindexed_items_max = 3;
  start();
  tamper(refuse_items);
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(10, i), image_facts("1." + std::to_string(i))).ok());
  CHECK(within(2s, [this] { return !queue->admits(core::Kind::image).ok(); }));
  CHECK(queue->summary().uncounted == 3);  // nobody reads "all of them are delivered" meanwhile
  CHECK(queue->summary().items == 0);
  tamper(refuse_no_more);
  queue->drain();
  CHECK(queue->summary().uncounted == 0);
  CHECK(lease().size() == 3);
  CHECK(queue->admits(core::Kind::image).ok());
}

TEST_CASE_FIXTURE(QueueFixture, "retention_counts_from_the_receipt_also_where_it_was_found_before_its_item" * doctest::description("contract 4")) {
  queue->tick();
  queue->drain();
  stop();
  tamper("PRAGMA wal_checkpoint(TRUNCATE)");
  std::filesystem::create_directory(at("old"));
  std::filesystem::copy(at("ledger.db"), at("old/ledger.db"));
  start();
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0), core::Level::accepted);
  clock.mono_ms += 1'000'000;
  stop();
  lose_ledger();
  std::filesystem::copy(at("old/ledger.db"), at("ledger.db"));
  tamper("INSERT OR REPLACE INTO meta VALUES('run_ms', 1000000)");
  settled_for = Millis(-1);
  start();
  queue->drain();
  queue->tick();
  queue->drain();
  CHECK(settled_for.count() >= 0);
  CHECK(settled_for.count() < 1'000'000);
}

TEST_CASE_FIXTURE(QueueFixture, "a_route_found_later_stands_as_it_was_written_also_where_the_ledger_took_it_late" * doctest::description("contract 9")) {
  destinations.clear();
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  tamper("CREATE TRIGGER injected BEFORE INSERT ON delivery BEGIN SELECT RAISE(ROLLBACK, 'injected'); END");
  destinations = {"lead"};
  queue->route_again();
  CHECK(within(2s, [this] { return !segments('n').empty() && std::filesystem::file_size(segments('n')[0]) > 4096; }));
  CHECK_FALSE(within(300ms, [this] { return queue->summary().destinations.at(0).destination == "lead"; }));  // the note stands, the ledger refuses
  destinations = {"other"};
  tamper(refuse_no_more);
  turns();
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(count("lead").waiting == 1);
    CHECK(count("other").waiting == 0);
  }
}

TEST_CASE_FIXTURE(QueueFixture, "a_ledger_that_did_not_answer_is_asked_again_soon_and_not_when_something_happens" * doctest::description("contract 7")) {
  REQUIRE(put(pattern(5000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(5000, 2), image_facts("1.2")).ok());
  deliver(lease(1).front(), core::Level::accepted);
  queue::LeaseQuery query;
  query.destination = "lead";
  tamper("ALTER TABLE delivery RENAME TO away");
  const auto batch = queue->lease(query);
  CHECK(batch.items.empty());
  REQUIRE(batch.due_in);
  CHECK(*batch.due_in <= 1min);
  const auto proofs = queue->unproven().due("lead", 10);
  CHECK(proofs.items.empty());
  REQUIRE(proofs.due_in);
  CHECK(*proofs.due_in <= 1min);
  tamper("ALTER TABLE away RENAME TO delivery");
  CHECK(queue->lease(query).items.size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_a_tombstone_on_disk_says_is_so_before_anything_else_is_decided" * doctest::description("contract 4, 9")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0), core::Level::accepted);
  REQUIRE(queue->summary().items == 1);
  tamper("CREATE TRIGGER injected BEFORE UPDATE OF state ON item WHEN NEW.state=2 BEGIN SELECT RAISE(ROLLBACK, 'injected'); END");
  const auto notes_bytes = [this] {
    std::uint64_t bytes = 0;
    for (const auto& path : segments('n')) bytes += std::filesystem::file_size(path);
    return bytes;
  };
  const auto before = notes_bytes();
  enough = core::Level::accepted;
  REQUIRE(within(5s, [&] { return queue->tick(), notes_bytes() > before; }));
  enough = core::Level::archived;  // from now on it would stay
  tamper(refuse_no_more);
  queue->drain();
  CHECK(queue->summary().items == 0);
  restart();
  CHECK(queue->summary().items == 0);
}
