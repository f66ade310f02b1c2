// SPDX-License-Identifier: Apache-2.0
// Damage that a person looked at: told no more, kept, and known to every later start.
#include "fixture.h"
#include "queue/damage.h"
#include "queue/end_mark.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("queue seen" * doctest::description("contract 2, 9"));

namespace {

struct Looks : QueueFixture {
  void take(unsigned from, unsigned to) {
    for (unsigned n = from; n < to; ++n) REQUIRE(put(pattern(10'000, n), image_facts("1." + std::to_string(n))).ok());
    queue->drain();
  }
  // Of three records of 12288 bytes, as a power cut may leave the last one where the ledger went as well.
  void tear() {
    take(0, 3);
    stop();
    const std::string path = segments()[0];
    overwrite(path, queue::end_mark_at, Bytes(queue::sector_bytes, 0));
    std::filesystem::resize_file(path, 4096 + 3 * 12288 - 5000);
    lose_ledger();
    start();
    queue->drain();
  }
  void read_all() {
    for (auto& one : lease()) {
      Bytes into(one.payload->size());
      static_cast<void>(one.payload->read(0, into));
    }
  }
  void shows(std::uint64_t quarantined, std::uint64_t doubtful) {
    queue->drain();
    CHECK(queue->summary().quarantined == quarantined);
    CHECK(queue->summary().doubtful == doubtful);
    CHECK(queue->damage().places(10).size() == quarantined + doubtful);
  }
  void look(const std::string& name = "") {
    const auto seen = queue->damage().seen(name);
    REQUIRE(seen.ok());
    CHECK(*seen == 1);
    queue->drain();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Looks, "a_doubtful_end_that_a_person_looked_at_is_told_no_more_also_after_every_later_start") {
  tear();
  shows(0, 1);
  const auto places = queue->damage().places(10);
  CHECK(places[0].doubtful);
  CHECK(places[0].name() == std::to_string(queue::parse_segment_name(std::filesystem::path(segments()[0]).filename().string())->number) + "-28672");
  REQUIRE(places[0].about.has_value());
  CHECK(places[0].about->ms == clock.wall().ms);
  CHECK(queue->damage().seen("1-4096").error().code == Errc::not_found);
  const std::uint64_t bytes = std::filesystem::file_size(segments()[0]);
  REQUIRE(queue->counts().undelivered({}).ok());
  CHECK(*queue->counts().undelivered({}) == 3);
  look(places[0].name());
  for (const bool without_ledger : {false, false, true, true}) {
    shows(0, 0);
    CHECK(*queue->counts().undelivered({}) == 2);
    restart(without_ledger);
  }
  CHECK(std::filesystem::file_size(segments()[0]) == bytes);
  for (const auto& one : lease()) deliver(one);
  turns(3);
  CHECK(queue->summary().items == 0);
  REQUIRE(std::filesystem::exists(segments()[0]));  // what is in doubt stays on the disk
  CHECK(std::filesystem::file_size(segments()[0]) == bytes);
}

TEST_CASE_FIXTURE(Looks, "the_word_of_a_person_outlives_a_compaction_of_notes") {
  tear();
  look();
  notes_slack_bytes = 0;
  restart();
  const std::string said = segments('n').front();
  for (const auto& one : lease()) deliver(one);  // in a segment of notes behind it
  turns(6);
  CHECK_FALSE(std::filesystem::exists(said));
  restart(true);
  shows(0, 0);
}

TEST_CASE_FIXTURE(Looks, "more_damage_at_a_place_that_was_looked_at_is_told") {
  take(0, 3);
  const std::string path = segments()[0];
  stop();
  overwrite(path, 4096 + 6000, {1, 2, 3});
  lose_ledger();
  start();
  shows(1, 0);
  look();
  shows(0, 0);
  stop();
  overwrite(path, 4096 + 12288 + 6000, {1, 2, 3});  // the one behind it: the range grows
  lose_ledger();
  start();
  shows(1, 0);
}

TEST_CASE_FIXTURE(Looks, "what_reads_again_after_a_person_looked_at_it_is_told_when_it_is_damaged_later") {
  take(0, 2);
  const std::string path = segments()[0];
  stop();
  lose_ledger();
  files.unreadable_from = 4096 + 4096, files.unreadable_to = 4096 + 4096 + 512;  // a sector of the first record
  start();
  shows(1, 0);
  look();
  shows(0, 0);
  files.unreadable_from = files.unreadable_to = 0;
  restart();
  CHECK(count().waiting == 2);
  SUBCASE("and the ledger knows it") {}
  SUBCASE("and a rebuild meets the notes") { restart(true); }
  SUBCASE("and the notes were compacted") {
    notes_slack_bytes = 0;
    restart();
    const std::string said = segments('n').front();
    deliver(lease().at(1));  // in a segment of notes behind it
    turns(6);
    CHECK_FALSE(std::filesystem::exists(said));
    restart(true);
  }
  overwrite(path, 4096 + 6000, {1, 2, 3});
  read_all();
  shows(1, 0);
  CHECK(count().on_hold == 1);
  restart(true);
  shows(1, 0);
}

TEST_CASE_FIXTURE(Looks, "of_a_place_that_a_person_looked_at_only_what_still_does_not_read_stays_looked_at") {
  take(0, 3);
  const std::string path = segments()[0];
  stop();
  lose_ledger();
  files.unreadable_from = 4096 + 4096, files.unreadable_to = 4096 + 12288 + 6000;  // of the first record and of the second
  start();
  shows(1, 0);
  look();
  files.unreadable_to = 4096 + 4096 + 512;
  restart();
  CHECK(count().waiting == 2);
  shows(0, 0);
  files.unreadable_from = files.unreadable_to = 0;
  overwrite(path, 4096 + 6000, {1, 2, 3});
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    shows(0, 0);
  }
  stop();
  lose_ledger();
  overwrite(path, 4096 + 12288 + 6000, {1, 2, 3});
  start();
  shows(1, 0);
}

TEST_CASE_FIXTURE(Looks, "a_damaged_image_that_a_person_looked_at_is_owed_no_more_and_is_taken_and_sent_when_it_comes_again") {
  take(0, 2);
  SUBCASE("as it came") {}
  SUBCASE("as a rebuild found it") { restart(true); }
  const std::string path = segments()[0];
  overwrite(path, 4096 + 6000, {1, 2, 3});
  read_all();
  shows(1, 0);
  CHECK(count().on_hold == 1);
  CHECK(queue->damage().places(1)[0].study == "1.2.3");
  CHECK(queue->damage().places(1)[0].bytes == 12288);
  look();
  for (const bool without_ledger : {false, false, true}) {
    shows(0, 0);
    CHECK(count().on_hold == 0);
    CHECK(count().waiting == 1);
    restart(without_ledger);
  }
  take(0, 1);
  CHECK(count().waiting == 2);
  CHECK(lease().size() == 2);
  shows(0, 0);
  restart(true);
  CHECK(count().waiting == 2);
}
