// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "core/limits.h"
#include "fixture.h"
#include "queue/unproven.h"
#include "unit/queue/sized_files.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("reclaim");

TEST_CASE_FIXTURE(QueueFixture, "nothing_is_reclaimed_before_its_receipt" * doctest::description("contract 4")) {
  for (unsigned i = 0; i < 4; ++i) REQUIRE(put(pattern(100'000, i), image_facts("1." + std::to_string(i))).ok());
  auto items = lease();
  deliver(items[0], core::Level::accepted);
  deliver(items[1], core::Level::archived);
  queue->tick();
  queue->drain();
  CHECK(queue->summary().items == 3);
  CHECK(content(items[0]) == pattern(100'000, 0));
  CHECK(content(items[2]) == pattern(100'000, 2));
}

TEST_CASE_FIXTURE(QueueFixture, "a_segment_whose_items_are_all_archived_is_unlinked_and_stays_gone" * doctest::description("contract 4")) {
  for (unsigned i = 0; i < 4; ++i) REQUIRE(put(pattern(i == 3 ? 3'000'000 : 100'000, i), image_facts("1." + std::to_string(i))).ok());
  for (const auto& one : lease()) deliver(one);
  queue->tick();
  queue->drain();
  CHECK(segments().empty());
  restart(true);
  CHECK(lease().empty());
  CHECK(queue->summary().items == 0);
}

// The ledger that a power cut leaves may end before the segment does, and the start behind it may not get at the file.
TEST_CASE_FIXTURE(QueueFixture, "a_segment_that_a_start_could_not_read_stays_with_what_no_ledger_knows" * doctest::description("contract 1, 4")) {
  bool reads = false;
  SUBCASE("it does not read") {}
  SUBCASE("it reads") { reads = true; }
  const auto copy_ledger = [this](const char* from, const char* to) {
    for (const std::string part : {"", "-wal"})
      if (std::filesystem::exists(at(from + part))) std::filesystem::copy_file(at(from + part), at(to + part));
  };
  REQUIRE(put(pattern(20'000, 1), image_facts("1.1")).ok());
  deliver(lease(1).at(0), core::Level::accepted);
  copy_ledger("ledger.db", "before");
  REQUIRE(put(pattern(20'000, 2), image_facts("1.2")).ok());
  stop();
  const std::vector<std::string> images = segments();
  lose_ledger();
  copy_ledger("before", "ledger.db");
  REQUIRE(images.size() == 1);
  files.sync_fails = !reads;
  start();
  queue->drain();
  files.sync_fails = false;
  CHECK(queue->summary().foreign == (reads ? 0 : 1));
  clock.wall_ms += 60'000;
  for (const auto& one : queue->unproven().due("lead", 10).items)
    queue->unproven().archived(one, {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived});
  turns(3);
  CHECK(queue->summary().items == (reads ? 1 : 0));
  REQUIRE(std::filesystem::exists(images.at(0)));
  restart();
  const auto left = lease();
  REQUIRE(left.size() == 1);
  CHECK(content(left[0]) == pattern(20'000, 2));
}

TEST_CASE_FIXTURE(QueueFixture, "reclaimed_records_are_punched_and_their_neighbours_live_on" * doctest::description("contract 4")) {
  for (unsigned i = 0; i < 6; ++i) REQUIRE(put(pattern(1'000'000, i), image_facts("1." + std::to_string(i))).ok());
  restart();  // seals the segment
  auto items = lease();
  REQUIRE(items.size() == 6);
  for (const unsigned i : {0u, 2u, 3u}) deliver(items[i]);
  queue->tick();
  queue->drain();
  struct ::stat info{};
  REQUIRE(::stat(segments()[0].c_str(), &info) == 0);
  CHECK(info.st_blocks * 512 < 3'400'000);
  CHECK(content(items[1]) == pattern(1'000'000, 1));
  restart(true);
  CHECK(lease().size() == 3);
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "where_no_part_of_a_file_can_be_given_back_room_returns_with_small_segments" * doctest::description("contract 4, 10")) {
  files.punch_fails = true;
  const auto room_after_all_but_one_of = [this](unsigned batch) {
    for (unsigned i = 0; i < 36; ++i) REQUIRE(put(pattern(1'000'000, batch + i), image_facts(std::to_string(batch + i))).ok());
    for (const auto& one : lease())
      if (const Bytes held = content(one); held != pattern(1'000'000, batch) && held != pattern(1'000'000, 0)) deliver(one);
    queue->tick();
    queue->drain();
    std::uint64_t bytes = 0;
    for (const auto& path : segments()) bytes += std::filesystem::file_size(path);
    return bytes;
  };
  const std::uint64_t before = room_after_all_but_one_of(0);
  CHECK(before > 36'000'000);  // they lie in one segment, and one of them lives
  restart();                    // seals it; what is gone is found first, and then to be punched out
  for (int round = 0; round < 2; ++round) {
    queue->tick();
    queue->drain();
  }
  CHECK(room_after_all_but_one_of(100) - before < 3 * core::limits::small_segment_bytes_max);
  restart(true);
  CHECK(lease().size() == 2);
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "an_item_half_punched_when_the_power_went_alarms_nobody" * doctest::description("contract 4, 9")) {
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(1'000'000, i), image_facts("1." + std::to_string(i))).ok());
  restart();
  auto items = lease();
  const std::string path = segments()[0];
  const std::uint64_t second = 4096 + 245 * 4096;  // a record of 1,000,000 bytes takes 245 blocks
  Bytes header(4096);
  std::ifstream(path, std::ios::binary).seekg(static_cast<std::streamoff>(second)).read(reinterpret_cast<char*>(header.data()), 4096);
  REQUIRE(queue::decode_header(header));
  deliver(items[1]);
  queue->tick();
  queue->drain();
  stop();
  // Only the first of the two punches reached the disk.
  overwrite(path, second, header);
  lose_ledger();
  start();
  CHECK(lease().size() == 2);
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "other_content_under_the_name_of_a_reclaimed_image_waits_for_a_person_also_without_the_ledger" * doctest::description("contract 6")) {
  REQUIRE(put(pattern(100'000, 1), image_facts("1.1")).ok());
  for (const auto& one : lease()) deliver(one);
  queue->tick();
  queue->drain();
  REQUIRE(segments().empty());
  REQUIRE(put(pattern(100'000, 2), image_facts("1.1")).ok());
  queue->drain();
  CHECK(lease().empty());
  restart(true);
  CHECK(lease().empty());
  CHECK(queue->summary().items == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "an_item_committed_while_its_segment_empties_is_never_lost" * doctest::description("contract 2, 4")) {
  for (unsigned i = 0; i < 200; ++i) {
    REQUIRE(put(pattern(2000, i), image_facts("1." + std::to_string(i))).ok());
    if (i % 2 == 0) continue;
    auto items = lease(1);
    REQUIRE(items.size() == 1);
    queue->deliver("lead", {items[0].item.id, items[0].item.sha256, "PACS", clock.wall(), core::Level::archived});
    queue->tick();
  }
  CHECK(lease().size() == 100);
  restart(true);
  CHECK(lease().size() == 100);
}

TEST_CASE_FIXTURE(QueueFixture, "copies_stay_while_there_is_room_and_make_some_before_the_disk_is_low" * doctest::description("contract 4")) {
  // A disk that holds nothing but the spool, and copies that go only when it needs the room.
  SizedFiles small;
  small.sized = {80u << 20, 80u << 20, 0, 0};
  small.used_under = at("spool");
  files.below = &small;
  files.syncs_for_nothing = true;
  const auto start_again = [&] {
    stop();
    queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, {}};
    needs.route = [this](const core::Item&) { return destinations; };
    needs.may_reclaim = [](std::span<const queue::DeliveryStanding> all, bool space_is_short) {
      return space_is_short && std::ranges::all_of(all, [](const auto& one) { return one.level == core::Level::archived; });
    };
    needs.changed = [] {};
    auto opened = queue::Queue::open({home.path().string(), "test", unindexed_items_max, notes_slack_bytes, gone_images_kept}, std::move(needs));
    REQUIRE(opened.ok());
    queue = std::move(*opened);
    queue->drain();
  };
  start_again();
  const auto free_percent = [&] { return small.space("")->free_bytes * 100 / small.sized.total_bytes; };
  std::uint64_t least = 100, rises = 0;
  for (unsigned i = 0; i < 6000; i += 100) {
    for (unsigned k = i; k < i + 100; ++k) REQUIRE(put(pattern(19'000, k), image_facts("1." + std::to_string(k))).ok());
    for (const auto& one : lease()) queue->deliver("lead", {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived});
    queue->drain();
    start_again();  // what is still being filled gives nothing back
    const std::uint64_t before = free_percent();
    queue->tick();
    queue->drain();
    const std::uint64_t after = free_percent();
    if (before >= core::limits::reclaim_below_percent) CHECK(after == before);
    if (after > before) {
      ++rises;
      CHECK(after >= core::limits::reclaim_until_percent);
      CHECK(after <= core::limits::reclaim_until_percent + 3);
    }
    least = std::min(least, before);
  }
  CHECK(least >= core::limits::disk_low_percent);
  CHECK(least < core::limits::reclaim_below_percent);
  CHECK(rises >= 3);
}

TEST_CASE_FIXTURE(QueueFixture, "nothing_goes_by_a_receipt_that_notes_which_did_not_open_may_have_taken_back" * doctest::description("contract 4")) {
  enough = static_cast<core::Level>(9);  // it stays for now
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  const auto leased = lease();
  deliver(leased.at(0));
  restart();
  queue::UnprovenItem lost;
  lost.item = leased.at(0).item;
  lost.seq = static_cast<queue::Sequence>(asked("SELECT seq FROM item"));
  lost.owed_to = "lead";
  queue->unproven().send_again(lost, "it is not there");
  queue->drain();
  stop();
  lose_ledger();
  const std::string notes = segments('n').back();
  std::filesystem::rename(notes, notes + "x");
  std::filesystem::create_directory(notes);
  enough = core::Level::archived;
  start();
  turns();
  CHECK(queue->summary().items == 1);
  stop();
  std::filesystem::remove(notes);
  std::filesystem::rename(notes + "x", notes);
  start();
  turns();
  CHECK(queue->summary().items == 1);
  CHECK(count().waiting == 1);
}
