// SPDX-License-Identifier: Apache-2.0
// What the ledger counts and remembers does not grow with the years, nor with what a peer or a script does.
#include "core/limits.h"
#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/pledges.h"
#include "queue/unproven.h"

using namespace sampan;
using namespace sampan::test;
namespace limits = core::limits;

TEST_SUITE_BEGIN("bounds of the ledger" * doctest::description("contract 10"));

namespace {

struct BoundsFixture : QueueFixture {
  std::int64_t ask(const std::string& sql) {
    auto ledger = queue::Sql::open(at("ledger.db").string(), true);
    REQUIRE(ledger.ok());
    queue::Statement answer(**ledger, sql.c_str());
    REQUIRE_MESSAGE(answer.step(), sql);
    return answer.number(0);
  }
  // Runs it for i from 1 to count.
  void insert(std::size_t count, const std::string& rows) {
    tamper(("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" + std::to_string(count) + ") INSERT INTO " + rows + " FROM n").c_str());
  }
  queue::Match exam(const std::string& study) {
    queue->drain();
    const auto found = queue->lookup().find(study, 2);
    REQUIRE(found.size() == 1);
    return found[0];
  }
  void put_image(const std::string& sop, const std::string& study, const std::string& accession = "A1") {
    auto facts = image_facts(sop, study);
    facts.set(core::Fact::accession_number, accession);
    REQUIRE(put(pattern(100, 1), facts).ok());
    queue->drain();
  }
};

constexpr auto kept = [](std::size_t limit) { return static_cast<std::int64_t>(limit); };

}  // namespace

TEST_CASE_FIXTURE(BoundsFixture, "hours_of_intake_are_counted_up_to_a_bound_and_a_clock_that_was_ahead_takes_none_of_them") {
  stop();
  const std::int64_t now = clock.wall_ms / 3'600'000;
  insert(limits::intake_hours_kept, "intake_hour SELECT " + std::to_string(now) + "-i, 1, 1");
  insert(500, "intake_hour SELECT " + std::to_string(now) + "+100000+i, 1, 1");
  start();
  put_image("1.1", "1.2");
  CHECK(ask("SELECT count(*) FROM intake_hour") == kept(limits::intake_hours_kept));
  CHECK(ask("SELECT max(hour) FROM intake_hour") == now);
  CHECK(ask("SELECT min(hour) FROM intake_hour") == now - kept(limits::intake_hours_kept) + 1);
  clock.wall_ms += 3'600'000;
  put_image("1.2", "1.2");
  CHECK(ask("SELECT count(*) FROM intake_hour") == kept(limits::intake_hours_kept));
}

TEST_CASE_FIXTURE(BoundsFixture, "a_minute_in_which_all_that_came_has_gone_is_forgotten_also_when_both_are_learnt_at_once") {
  put_image("1.1", "1.2");
  deliver(lease().at(0), core::Level::accepted);
  CHECK(ask("SELECT count(*) FROM waiting_minute") == 0);
  restart(true);
  CHECK(count().delivered == 1);
  CHECK(ask("SELECT count(*) FROM waiting_minute") == 0);
}

TEST_CASE_FIXTURE(BoundsFixture, "orders_on_exams_of_which_nothing_is_here_are_kept_up_to_a_bound_and_the_others_always") {
  put_image("1.1", "1.2.gone");
  deliver(lease().at(0));
  queue->tick();
  queue->drain();
  REQUIRE(queue->summary().items == 0);
  REQUIRE(queue->orders().hold(exam("1.2.gone"), "").ok());
  put_image("1.2", "1.2.here");
  REQUIRE(queue->orders().hold(exam("1.2.here"), "").ok());
  stop();
  insert(limits::orders_kept, "standing(exam, what, destination, value, place) SELECT i, 1, 0, 1, 1000+i");
  start();
  queue->drain();
  queue->tick();
  queue->drain();
  CHECK(ask("SELECT count(*) FROM standing") == kept(limits::orders_kept) + 1);
  CHECK(ask("SELECT count(*) FROM standing WHERE place>1000") == kept(limits::orders_kept));
  put_image("1.3", "1.2.here");
  CHECK(count().on_hold == 2);
  put_image("1.4", "1.2.gone");
  CHECK(count().waiting == 1);
}

TEST_CASE_FIXTURE(BoundsFixture, "an_exam_is_found_by_so_many_names_and_not_by_more") {
  put_image("1.1", "1.2");
  stop();
  insert(limits::exam_names_max, "alias SELECT i, (SELECT key FROM exam), 1");
  const std::int64_t names = ask("SELECT count(*) FROM alias");
  start();
  put_image("1.2", "1.2", "A2");
  CHECK(ask("SELECT count(*) FROM alias") == names);
  put_image("1.3", "1.2.other", "A2");
  CHECK(queue->lookup().find("A2", 5).size() == 1);
}

TEST_CASE_FIXTURE(BoundsFixture, "requests_for_commitment_are_remembered_up_to_a_bound_and_the_oldest_go") {
  stop();
  insert(limits::commitments_kept, "commitment SELECT '1.' || i, 1, " + std::to_string(clock.wall_ms - 100'000) + "+i");
  start();
  const auto begun = queue->unproven().begin("lead");
  REQUIRE(begun.ok());
  CHECK(ask("SELECT count(*) FROM commitment") == kept(limits::commitments_kept));
  CHECK(ask("SELECT count(*) FROM commitment WHERE uid='1.1'") == 0);
  CHECK(ask("SELECT count(*) FROM commitment WHERE uid='1.2'") == 1);
  CHECK(queue->unproven().named_in(*begun, {}));
}

TEST_CASE_FIXTURE(BoundsFixture, "nothing_more_is_sent_or_promised_while_too_many_receipts_wait_for_the_ledger" * doctest::description("contract 3, 10")) {
  files.syncs_for_nothing = true;
  const std::size_t sent = limits::notes_waiting_max + 1;
  for (unsigned i = 0; i < sent + 2; ++i) REQUIRE(put(pattern(10, i), image_facts("1." + std::to_string(i))).ok());
  const auto items = lease(sent);
  REQUIRE(items.size() == sent);
  tamper("CREATE TRIGGER injected BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ROLLBACK, 'injected'); END");
  for (const auto& one : items) queue->deliver("lead", {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::accepted});
  queue::LeaseQuery query;
  query.destination = "lead";
  query.items_max = 10;
  const auto nothing = queue->lease(query);
  CHECK(nothing.items.empty());
  CHECK(nothing.due_in);
  const Status promised = queue->pledges().keep({"2.25.1", "CT1", "SAMPAN", "192.0.2.7", {{"1.2.840.10008.5.1.4.1.1.2", "1.1"}}});
  REQUIRE_FALSE(promised.ok());
  CHECK(promised.error().code == Errc::full);
  tamper("DROP TRIGGER injected");
  CHECK(lease(10).size() == 2);
  CHECK(count().delivered == sent);
}

namespace {

// On which nothing may be renamed to <state>/node.
class UnsignedDisk final : public FileSystem {
 public:
  std::atomic<int> refused{0};
  std::atomic<bool> refuses{true};
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override { return disk().open(path, mode); }
  Status make_directories(const std::string& path) override { return disk().make_directories(path); }
  Status sync_directory(const std::string& path) override { return disk().sync_directory(path); }
  Status rename(const std::string& from, const std::string& to) override {
    if (!refuses || !to.ends_with("/node")) return disk().rename(from, to);
    ++refused;
    return fail(Errc::io, "rename: injected");
  }
  Status unlink(const std::string& path) override { return disk().unlink(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk().list(directory); }
  Result<DiskSpace> space(const std::string& path) override { return disk().space(path); }
};

}  // namespace

TEST_CASE_FIXTURE(BoundsFixture, "a_disk_that_does_not_take_whose_spool_it_is_is_asked_once_a_minute_and_not_with_every_image") {
  stop();
  std::filesystem::remove(at("node"));
  UnsignedDisk refusing;
  files.below = &refusing;
  start();
  for (unsigned i = 0; i < 5; ++i) put_image("1." + std::to_string(i), "1.2");
  CHECK(refusing.refused.load() == 1);
  CHECK(count().waiting == 5);
  clock.mono_ms += Millis(limits::owner_noted_every).count();
  put_image("1.8", "1.2");
  CHECK(refusing.refused.load() == 2);
  refusing.refuses = false;
  clock.mono_ms += Millis(limits::owner_noted_every).count();
  put_image("1.9", "1.2");
  CHECK(std::filesystem::exists(at("node")));
  stop();
  files.below = &disk();
}
