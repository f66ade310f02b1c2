// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "fixture.h"
#include "queue/keyring.h"
#include "queue/segment.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("queue damage" * doctest::description("contract 9"));

namespace {

std::set<std::string> uids(const std::vector<core::Consignment>& items) {
  std::set<std::string> found;
  for (const auto& one : items) found.insert(std::string(one.item.facts.get(core::Fact::sop_instance_uid)));
  return found;
}

TEST_CASE_FIXTURE(QueueFixture, "what_did_not_read_once_while_the_spool_was_read_is_there_at_the_next_start" * doctest::description("contract 2, 9")) {
  for (unsigned n = 1; n <= 3; ++n) REQUIRE(put(pattern(6000, n), image_facts("1.2." + std::to_string(n))).ok());
  for (const auto& one : lease(1)) deliver(one, core::Level::accepted);
  bool failed = true;
  for (int nth = 1; failed; ++nth) {
    CAPTURE(nth);
    stop();
    lose_ledger();
    files.failing_read = nth;
    start();
    queue->drain();
    failed = files.failing_read.exchange(0) == 0;
    restart();
    CHECK(lease().size() == 2);
    CHECK(queue->summary().items == 3);
    CHECK(count().delivered == 1);
  }
}

}  // namespace

TEST_CASE_FIXTURE(QueueFixture, "items_behind_a_flipped_bit_are_kept_and_the_damage_is_quarantined" * doctest::description("contract 9")) {
  for (unsigned i = 0; i < 5; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  stop();
  // Records are 16 KiB here; the third one loses a byte of its body.
  overwrite(segments()[0], 4096 + 2 * 12288 + 5000, {0x55, 1, 2, 3, 4, 5, 6, 7});
  restart(true);
  CHECK(uids(lease()) == std::set<std::string>{"1.0", "1.1", "1.3", "1.4"});
  CHECK(queue->summary().quarantined == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "foreign_files_and_copied_segments_are_counted_and_left_alone" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  stop();
  std::ofstream(at("spool/holiday.jpg")) << "not ours";
  std::ofstream(at("spool/i00000000000000aa.seg")) << "not ours either";
  std::filesystem::copy(segments()[0], at("spool/i00000000000000bb.seg"));
  std::filesystem::create_directory(at("spool/i00000000000000cc.seg"));
  std::filesystem::create_symlink("/dev/zero", at("spool/i00000000000000dd.seg"));
  REQUIRE(::mkfifo(at("spool/i00000000000000ee.seg").c_str(), 0600) == 0);
  lose_ledger();
  start();
  CHECK(lease().size() == 1);
  CHECK(queue->summary().foreign == 6);
  CHECK(std::filesystem::exists(at("spool/holiday.jpg")));
}

TEST_CASE_FIXTURE(QueueFixture, "a_ledger_that_is_garbage_empty_or_from_the_future_is_rebuilt" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  SUBCASE("garbage") {
    lose_ledger();
    std::ofstream(at("ledger.db")) << std::string(20000, 'x');
  }
  SUBCASE("empty") {
    lose_ledger();
    std::ofstream(at("ledger.db")).flush();
  }
  SUBCASE("from the future") { tamper("PRAGMA user_version=9999"); }
  start();
  queue->drain();
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2", "4.5.6")).ok());
  const auto items = lease();
  REQUIRE(items.size() == 2);
  CHECK(items[0].item.facts.get(core::Fact::sop_instance_uid) == "1.2");  // new ones before what may have been sent already
}

TEST_CASE_FIXTURE(QueueFixture, "a_ledger_that_is_cut_short_is_rebuilt_and_knows_what_waits_and_what_arrived" * doctest::description("contract 1, 9")) {
  for (unsigned i = 1; i <= 3; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  const auto first = lease();
  REQUIRE(first.size() == 3);
  deliver(first[0], core::Level::accepted);
  give_back({first[1], first[2]});
  const auto waiting = uids({first[1], first[2]});
  queue->drain();
  stop();
  tamper("PRAGMA wal_checkpoint(TRUNCATE)");  // what its log still held would mend the file
  const auto log = at("ledger.db-wal");
  REQUIRE((!std::filesystem::exists(log) || std::filesystem::is_empty(log)));
  const auto whole = std::filesystem::file_size(at("ledger.db"));
  std::uintmax_t left = 0;
  SUBCASE("in the middle") { left = whole / 2 + 100; }
  SUBCASE("in its first page") { left = 1000; }
  std::filesystem::resize_file(at("ledger.db"), left);
  start();
  CHECK(uids(lease()) == waiting);
  CHECK(count().waiting == 2);
  CHECK(count().delivered == 1);
  CHECK(queue->summary().items == 3);
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "a_payload_that_no_longer_verifies_is_quarantined_when_it_is_read" * doctest::description("contract 5, 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  queue->drain();
  overwrite(segments()[0], 4096 + 1000, {1, 2, 3, 4});
  auto items = lease();
  REQUIRE(items.size() == 2);
  Bytes room(10'000);
  CHECK(items[0].payload->read(0, room).error().code == Errc::damaged);
  give_back(items);
  CHECK(uids(lease()) == std::set<std::string>{"1.2"});
  CHECK(queue->summary().quarantined == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_the_disk_did_not_read_and_turns_out_damaged_is_not_said_to_be_tried_again" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  queue->drain();
  auto items = lease();
  files.unreadable_from = 4096, files.unreadable_to = 4096 + 12288;
  Bytes room(10'000);
  CHECK_FALSE(items.at(0).payload->read(0, room).ok());
  give_back(items);
  queue->drain();
  CHECK(queue->summary().unreadable.items == 1);
  files.unreadable_to = 0;
  overwrite(segments()[0], 4096, Bytes(128, 7));
  CHECK(lease().empty());
  queue->drain();
  CHECK(queue->summary().quarantined == 1);
  CHECK(queue->summary().unreadable.items == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "an_image_keeps_its_age_when_the_ledger_is_lost" * doctest::description("contract 7, 9")) {
  using namespace std::chrono_literals;
  const auto age = [this] { return queue->summary().age(*count().oldest_waiting, clock.wall()); };
  const auto pass = [this](Millis time) { clock.wall_ms += time.count(), clock.mono_ms += time.count(); };
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  pass(120h);
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  CHECK(age() == 120h);
  restart(true);
  CHECK(age() == 120h);
  pass(1h);
  CHECK(age() == 121h);
  restart();
  CHECK(age() == 121h);
  clock.wall_ms += Millis(100'000h).count();  // a clock that is set makes nothing older than by what passed
  CHECK(age() == 121h);
}

TEST_CASE_FIXTURE(QueueFixture, "records_under_a_key_that_an_older_keyring_does_not_have_stop_the_start_and_come_back_with_it" * doctest::description("contract 9")) {
  const std::string kept = at("kept").string();
  std::filesystem::copy(at("keys"), kept, std::filesystem::copy_options::recursive);
  REQUIRE(queue->keys().rotate().ok());
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  stop();
  std::filesystem::rename(at("keys"), at("newer"));
  std::filesystem::rename(kept, at("keys"));
  queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, {}};
  const auto opened = queue::Queue::open({home.path().string(), "test"}, std::move(needs));
  REQUIRE(!opened.ok());
  CHECK(opened.error().code == Errc::refused);
  std::filesystem::remove_all(at("keys"));
  std::filesystem::rename(at("newer"), at("keys"));
  lose_ledger();
  start();
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_the_ledger_says_of_files_that_are_gone_is_said_of_nothing_that_comes_later" * doctest::description("contract 1, 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  SUBCASE("it is still here") {
    enough = static_cast<core::Level>(3);
    deliver(lease().at(0));
  }
  SUBCASE("it was let go and is remembered") {
    deliver(lease().at(0));
    turns();
  }
  SUBCASE("it was not sent") {}
  stop();
  for (const char stream : {'i', 'n'})
    for (const auto& path : segments(stream)) std::filesystem::remove(path);
  start();
  queue->drain();
  enough = core::Level::archived;
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  SUBCASE("in one run") {}
  SUBCASE("after another start") { restart(); }
  const auto items = lease();
  const auto came = std::ranges::find_if(items, [](const auto& one) { return one.item.facts.get(core::Fact::sop_instance_uid) == "1.2"; });
  REQUIRE(came != items.end());
  CHECK(content(*came) == pattern(10'000, 2));
  give_back(items);
  turns();
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_segment_of_another_node_where_one_of_ours_was_keeps_every_byte" * doctest::description("contract 9")) {
  QueueFixture other;
  for (QueueFixture* one : {static_cast<QueueFixture*>(this), &other}) {
    for (unsigned i = 0; i < 2; ++i) REQUIRE(one->put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
    one->stop();
  }
  const std::string ours = segments().at(0);
  start();
  SUBCASE("while it still had images that may go") {
    for (const auto& item : lease()) deliver(item);
    stop();
  }
  SUBCASE("after it was emptied") {
    for (const auto& item : lease()) deliver(item);
    turns();
    restart();
    turns();
    REQUIRE_FALSE(std::filesystem::exists(ours));
    stop();
  }
  std::filesystem::copy(other.segments().at(0), ours, std::filesystem::copy_options::overwrite_existing);
  const auto text = [&] {
    std::ifstream in(ours, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string before = text();
  for (int start_again = 0; start_again < 2; ++start_again) {
    restart();
    turns(4);
  }
  stop();
  CHECK(std::filesystem::exists(ours));
  CHECK((text() == before));
}

TEST_CASE_FIXTURE(QueueFixture, "what_the_ledger_of_another_node_says_is_said_of_nothing_that_is_here" * doctest::description("contract 1, 4, 9")) {
  QueueFixture other;
  SUBCASE("where its images are archived") {}
  SUBCASE("where they wait for somebody else") { other.destinations = {"elsewhere"}; }
  for (QueueFixture* one : {static_cast<QueueFixture*>(this), &other})  // in the same places
    for (unsigned i = 0; i < 3; ++i) REQUIRE(one->put(pattern(10'000, i), image_facts((one == this ? "1." : "2.") + std::to_string(i))).ok());
  queue->drain();
  for (const auto& item : other.lease()) other.deliver(item);
  stop();
  other.stop();
  lose_ledger();
  for (const std::string part : {"ledger.db", "ledger.db-wal"})
    if (std::filesystem::exists(other.at(part))) std::filesystem::copy_file(other.at(part), at(part));
  start();
  turns(4);
  CHECK(queue->summary().quarantined == 0);
  const auto items = lease();
  REQUIRE(items.size() == 3);
  for (unsigned i = 0; i < 3; ++i) CHECK(content(items[i]) == pattern(10'000, i));
  give_back(items);
  restart();
  CHECK(lease().size() == 3);
}

TEST_CASE_FIXTURE(QueueFixture, "segments_of_another_node_stop_no_start_and_the_keys_of_another_node_do" * doctest::description("contract 9")) {
  QueueFixture other;
  for (unsigned i = 0; i < 2; ++i) REQUIRE((i == 0 ? *this : other).put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  stop(), other.stop();
  const std::string ours = segments()[0];
  std::size_t foreign = 1, here = 0;
  SUBCASE("under the name of our only one") {
    std::filesystem::copy(other.segments()[0], ours, std::filesystem::copy_options::overwrite_existing);
  }
  SUBCASE("newer than ours, and many of them, in a directory of an earlier version") {
    foreign = 20, here = 1;
    std::filesystem::remove(at("node"));
    Bytes bytes(std::filesystem::file_size(other.segments()[0]));
    std::ifstream(other.segments()[0], std::ios::binary).read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    auto header = queue::decode_segment_header(ByteView(bytes).first(4096));
    REQUIRE(header.has_value());
    for (header->number = 0x100; header->number < 0x100 + foreign; ++header->number) {
      const auto block = queue::encode(*header);
      std::copy(block.begin(), block.end(), bytes.begin());
      std::ofstream(at("spool/" + queue::segment_name(queue::Stream::items, header->number)), std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
  }
  lose_ledger();
  start();
  CHECK(lease().size() == here);
  CHECK(queue->summary().foreign == foreign);
  REQUIRE(put(pattern(100, 9), image_facts("1.9")).ok());
  stop();
  std::filesystem::remove_all(other.at("keys"));
  std::filesystem::copy(at("keys"), other.at("keys"), std::filesystem::copy_options::recursive);
  queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, {}};
  const auto refused = queue::Queue::open({other.home.path().string(), "test"}, std::move(needs));
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == Errc::refused);
}

TEST_CASE_FIXTURE(QueueFixture, "items_behind_a_bad_sector_are_carried_and_what_reads_again_later_is_carried_then" * doctest::description("contract 9")) {
  for (unsigned i = 0; i < 4; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  stop();
  SUBCASE("in a header") { files.unreadable_from = 4096 + 12288; }
  SUBCASE("in a body") { files.unreadable_from = 4096 + 12288 + 5000; }
  files.unreadable_to = files.unreadable_from + 512;
  lose_ledger();
  start();
  CHECK(uids(lease()) == std::set<std::string>{"1.0", "1.2", "1.3"});
  CHECK(queue->summary().quarantined == 1);
  files.unreadable_to = 0;
  restart();
  CHECK(uids(lease()) == std::set<std::string>{"1.0", "1.1", "1.2", "1.3"});
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "an_image_the_disk_does_not_read_stands_in_nobodys_way" * doctest::description("contract 8")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  queue->drain();
  files.unreadable_from = 4096, files.unreadable_to = 4096 + 512;
  static_cast<void>(lease(1));
  CHECK(uids(lease(1)) == std::set<std::string>{"1.2"});
  files.unreadable_to = 0;
  clock.wall_ms += 24 * 3'600'000;
  CHECK(uids(lease(1)) == std::set<std::string>{"1.1"});
}

TEST_CASE_FIXTURE(QueueFixture, "a_segment_without_a_valid_header_is_read_by_what_its_records_say" * doctest::description("contract 9")) {
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  stop();
  const std::string path = segments()[0];
  std::set<std::string> expected{"1.0", "1.1", "1.2"};
  SUBCASE("a bit of it is wrong") {  // of the node id, which no test knows
    std::ifstream file(path, std::ios::binary);
    overwrite(path, 20, {static_cast<std::uint8_t>(file.seekg(20).get() ^ 1)});
  }
  SUBCASE("it is gone") { overwrite(path, 0, Bytes(4096, 0xaa)); }
  SUBCASE("the disk does not read it") { files.unreadable_from = 0, files.unreadable_to = 512; }
  SUBCASE("and the first record with it") {
    overwrite(path, 0, Bytes(4096 + 6000, 0xaa));
    expected.erase("1.0");
  }
  lose_ledger();
  start();
  CHECK(uids(lease()) == expected);
  CHECK(queue->summary().foreign == 0);
  CHECK(queue->summary().quarantined >= 1);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE_FIXTURE(QueueFixture, "a_segment_that_was_begun_when_the_power_went_alarms_nobody_and_goes" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  stop();
  std::ofstream(at("spool/i0000000000000003.seg")).flush();
  std::ofstream(at("spool/i0000000000000004.seg")) << std::string(4096, '\0');
  std::ofstream(at("spool/i0000000000000005.seg")) << std::string(4096 * 7, '\0');
  start();
  CHECK(lease().size() == 1);
  CHECK(queue->summary().foreign == 0);
  CHECK(queue->summary().quarantined == 0);
  CHECK_FALSE(std::filesystem::exists(at("spool/i0000000000000003.seg")));
  CHECK_FALSE(std::filesystem::exists(at("spool/i0000000000000004.seg")));
  REQUIRE(put(pattern(10, 9), image_facts("1.9")).ok());
  CHECK(std::filesystem::exists(at("spool/i0000000000000006.seg")));
}

TEST_CASE_FIXTURE(QueueFixture, "a_segment_whose_header_the_power_took_and_not_the_record_begun_behind_it_is_no_foreign_file" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  stop();
  const std::string path = segments().at(0);
  overwrite(path, 0, Bytes(4096, 0));
  std::filesystem::resize_file(path, 4096 + 4096);
  lose_ledger();
  start();
  queue->drain();
  CHECK(queue->summary().foreign == 0);
  CHECK(queue->summary().quarantined == 0);
  CHECK(queue->summary().torn_tails + queue->summary().doubtful == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_disk_that_failed_a_write_promises_nothing_until_it_takes_one" * doctest::description("contract 1, 2")) {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  files.sync_fails = true;
  REQUIRE_FALSE(put(pattern(10, 2), image_facts("1.2")).ok());
  const auto refused = queue->admits(core::Kind::image);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::io);
  CHECK(refused.error().message.find("disk") != std::string::npos);
  files.sync_fails = false;
  CHECK(queue->admits(core::Kind::image).ok());
  CHECK_FALSE(std::filesystem::exists(at("probe")));
  CHECK(put(pattern(10, 2), image_facts("1.2")).ok());
}

TEST_CASE_FIXTURE(QueueFixture, "ballast_is_given_back_when_the_disk_is_full_and_made_again_when_it_is_not" * doctest::description("contract 2")) {
  const auto ballast = [this] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(at("ballast"))) count += entry.is_regular_file() ? 1 : 0;
    return count;
  };
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  const auto lent = lease();
  REQUIRE(lent.size() == 1);
  CHECK(ballast() == core::limits::ballast_files);
  files.full = true;
  queue->deliver("lead", {lent[0].item.id, lent[0].item.sha256, "PACS", clock.wall(), core::Level::archived});
  // Its receipt finds no room; half is kept for a start.
  CHECK(within(std::chrono::seconds(5), [&] { return ballast() < core::limits::ballast_files; }));
  CHECK(within(std::chrono::seconds(5), [&] { return ballast() == core::limits::ballast_files / 2; }));
  stop();
  start();
  CHECK(ballast() == 0);
  files.full = false;
  queue->tick();
  queue->drain();
  CHECK(ballast() == core::limits::ballast_files);
}

TEST_CASE_FIXTURE(QueueFixture, "ledgers_that_were_set_aside_do_not_gather_on_the_disk" * doctest::description("contract 10")) {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  for (int round = 0; round < 5; ++round) {
    queue->drain();
    stop();
    lose_ledger();
    std::ofstream(at("ledger.db")) << std::string(20000, 'x');
    clock.wall_ms += 1000;
    start();
    CHECK(lease().size() == 1);
  }
  std::size_t aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(home.path())) aside += entry.path().string().find(".damaged-") != std::string::npos ? 1 : 0;
  CHECK(aside == core::limits::damaged_ledgers_kept);
}
