// SPDX-License-Identifier: Apache-2.0
// Damage at the end of a segment: what was durable is told from what a power cut tore, with and without the ledger.
#include "fixture.h"
#include "queue/counts.h"
#include "queue/end_mark.h"
#include "queue/ledger.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("queue ends" * doctest::description("contract 1, 9"));

namespace {

constexpr std::size_t small = 10'000, large = 1'500'000;  // in a record of 12288 bytes with others; alone in a segment

struct Ends : QueueFixture {
  void take(unsigned from, unsigned to, std::size_t bytes = small) {
    for (unsigned n = from; n < to; ++n) REQUIRE(put(pattern(bytes, n), image_facts("1." + std::to_string(n))).ok());
  }
  std::uint64_t mark(const std::string& path) {
    const auto file = disk().open(path, FileSystem::Mode::read);
    REQUIRE(file.ok());
    const std::string name = std::filesystem::path(path).filename();
    return queue::end_mark_of(**file, queue::parse_segment_name(name)->number);
  }
  // As the power leaves it: nothing was marked since.
  void power_went(const std::string& path) { overwrite(path, queue::end_mark_at, Bytes(queue::sector_bytes, 0)); }
  static void flip(const std::string& path, std::uint64_t offset) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    overwrite(path, offset, {static_cast<std::uint8_t>(file.get() ^ 0x10)});
  }
  std::uint64_t undelivered() {
    const auto count = queue->counts().undelivered({});
    REQUIRE(count.ok());
    return *count;
  }
  void shows(std::uint64_t quarantined, std::uint64_t doubtful, std::uint64_t torn, std::size_t here) {
    CHECK(lease().size() == here);
    const auto summary = queue->summary();
    CHECK(summary.quarantined == quarantined);
    CHECK(summary.doubtful == doubtful);
    CHECK(summary.torn_tails == torn);
    CHECK(undelivered() == here + quarantined + doubtful);
  }
  // The last of so many records; the offset at which it begins.
  struct Last {
    std::string path;
    std::uint64_t record = 0, size = 0;
    std::size_t before = 0;
  };
  Last last(std::size_t bytes) {
    Last found;
    found.before = bytes == large ? 0 : 2;
    take(0, static_cast<unsigned>(found.before) + 1, bytes);
    stop();
    found.path = segments()[0];
    found.record = 4096 + found.before * 12288;
    found.size = std::filesystem::file_size(found.path);
    CHECK(mark(found.path) == found.size);
    return found;
  }
  void a_bit_flips(std::size_t bytes) {
    const Last it = last(bytes);
    SUBCASE("in its header") { flip(it.path, it.record + 30); }
    SUBCASE("in what stands first in its header") { flip(it.path, it.record); }
    SUBCASE("in its body") { flip(it.path, it.record + 5000); }
    SUBCASE("in its trailer") { flip(it.path, it.size - 100); }
    SUBCASE("in what stands first in its trailer") { flip(it.path, it.size - 128); }
    lose_ledger();
    power_went(it.path);
    start();
    shows(1, 0, 0, it.before);
    restart();
    shows(1, 0, 0, it.before);
  }
  void something_is_missing(const Last& it) {
    SUBCASE("its end") { std::filesystem::resize_file(it.path, it.size - 5000); }
    SUBCASE("its trailer") { overwrite(it.path, it.size - 4096, Bytes(4096, 0)); }
    SUBCASE("a part of it") { overwrite(it.path, it.record + 4096, Bytes(512, 0)); }
    SUBCASE("its header") { overwrite(it.path, it.record, Bytes(4096, 0)); }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Ends, "a_bit_that_flipped_in_the_last_record_is_damage_also_where_power_and_ledger_are_gone") { a_bit_flips(small); }

TEST_CASE_FIXTURE(Ends, "a_bit_that_flipped_in_a_record_that_has_a_segment_of_its_own_is_damage") { a_bit_flips(large); }

TEST_CASE_FIXTURE(Ends, "what_is_missing_at_the_end_after_an_orderly_stop_is_damage") {
  const Last it = last(small);
  something_is_missing(it);
  lose_ledger();
  start();
  shows(1, 0, 0, 2);
  restart();
  shows(1, 0, 0, 2);
  REQUIRE(put(pattern(10, 9), image_facts("1.9")).ok());
  CHECK(segments().size() == 2);
}

TEST_CASE_FIXTURE(Ends, "what_is_missing_of_a_record_that_has_a_segment_of_its_own_is_damage") {
  const Last it = last(large);
  something_is_missing(it);
  lose_ledger();
  start();
  shows(1, 0, 0, 0);
}

TEST_CASE_FIXTURE(Ends, "whole_records_that_a_file_lacks_are_missed") {
  const Last it = last(small);
  std::size_t here = 2;
  SUBCASE("one") { std::filesystem::resize_file(it.path, it.record); }
  SUBCASE("all") { std::filesystem::resize_file(it.path, 4096), here = 0; }
  lose_ledger();
  start();
  shows(1, 0, 0, here);
  restart();
  shows(1, 0, 0, here);
}

TEST_CASE_FIXTURE(Ends, "what_the_power_may_have_torn_is_doubtful_where_the_ledger_went_with_it_and_stays_so") {
  const Last it = last(small);
  something_is_missing(it);
  lose_ledger();
  power_went(it.path);
  start();
  shows(0, 1, 0, 2);
  restart();
  shows(0, 1, 0, 2);
  restart(true);
  shows(0, 1, 0, 2);
}

TEST_CASE_FIXTURE(Ends, "a_receipt_for_what_a_doubtful_tail_may_hold_is_kept" * doctest::description("contract 3, 9")) {
  take(0, 3);
  deliver(lease()[2], core::Level::accepted);
  stop();
  overwrite(segments()[0], 4096 + 2 * 12288, Bytes(4096, 0));
  lose_ledger();
  power_went(segments()[0]);
  start();
  shows(0, 1, 0, 2);
  auto ledger = queue::Sql::open(at("ledger.db").string(), true);
  REQUIRE(ledger.ok());
  queue::Statement kept(**ledger, "SELECT count(*) FROM orphan");
  REQUIRE(kept.step());
  CHECK(kept.number(0) == 1);
}

TEST_CASE_FIXTURE(Ends, "a_ledger_that_a_start_made_and_did_not_fill_knows_as_little_as_none") {
  const Last it = last(small);
  std::filesystem::resize_file(it.path, it.size - 5000);
  lose_ledger();
  power_went(it.path);
  SUBCASE("a file and no more") { std::ofstream(at("ledger.db")).flush(); }
  SUBCASE("tables and no more") {
    const auto keys = queue::Keyring::open_or_make(disk(), home.path().string());
    REQUIRE(keys.ok());
    REQUIRE(queue::Ledger::open(disk(), at("ledger.db").string(), *keys, clock).ok());
  }
  start();
  shows(0, 1, 0, 2);
}

TEST_CASE_FIXTURE(Ends, "what_the_power_tore_alarms_nobody_where_the_ledger_knew_what_was_durable") {
  take(0, 1);
  stop();
  const auto copy_ledger = [this](const std::string& from, const std::string& to) {
    for (const char* part : {"", "-wal"})
      if (std::filesystem::exists(at(from + part))) std::filesystem::copy(at(from + part), at(to + part));
  };
  copy_ledger("ledger.db", "older");
  start();
  std::size_t bytes = small;
  SUBCASE("among others") {}
  SUBCASE("in a segment of its own") { bytes = large; }
  take(1, 2, bytes);
  stop();
  const std::string path = segments()[1];
  power_went(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5000);
  lose_ledger();
  copy_ledger("older", "ledger.db");
  SUBCASE("and knew it all") {
    start();
    shows(0, 0, 1, 1);
    CHECK(mark(path) == 4096);
    restart(true);  // that start has marked what it found
    shows(0, 0, 1, 1);
  }
  SUBCASE("and not where it was being rebuilt from nothing") {
    tamper("INSERT INTO meta VALUES('rebuilding',1)");
    start();
    shows(0, 1, 0, 1);
    restart();
    shows(0, 1, 0, 1);
  }
}

TEST_CASE_FIXTURE(Ends, "of_what_a_receipt_speaks_was_durable") {
  const Last it = last(small);
  start();
  for (const auto& one : lease()) deliver(one, core::Level::accepted);
  stop();
  std::filesystem::resize_file(it.path, it.size - 5000);
  lose_ledger();
  power_went(it.path);
  start();
  queue->drain();
  CHECK(queue->summary().quarantined == 1);
  CHECK(queue->summary().doubtful == 0);
}

TEST_CASE_FIXTURE(Ends, "a_segment_that_gets_no_more_is_marked_while_the_node_runs_and_by_the_next_start") {
  take(0, 1, large);
  queue->drain();
  const std::string path = segments()[0];
  CHECK(mark(path) == std::filesystem::file_size(path));
  take(1, 2);
  queue->drain();
  const std::string open = segments()[1];
  CHECK(mark(open) == 0);
  stop();
  CHECK(mark(open) == 4096 + 12288);
  power_went(path), power_went(open);
  start();
  queue->drain();
  CHECK(mark(path) == std::filesystem::file_size(path));
  CHECK(mark(open) == 4096 + 12288);
}

TEST_CASE_FIXTURE(Ends, "a_stop_that_could_not_index_everything_marks_nothing_that_is_not_known") {
  take(0, 1);
  queue->drain();
  tamper("CREATE TRIGGER full BEFORE INSERT ON item BEGIN SELECT raise(ABORT,'injected'); END");
  take(1, 2);
  stop();
  CHECK(mark(segments()[0]) == 0);
}
