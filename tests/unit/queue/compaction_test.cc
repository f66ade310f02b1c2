// SPDX-License-Identifier: Apache-2.0
// Notes that say nothing any more leave the disk; what they still say outlives any crash on the way, with and without the ledger.
#include <fstream>
#include <sstream>

#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/pledges.h"
#include "queue/segment.h"
#include "queue/unproven.h"
#include "support/power_cut_files.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("compaction" * doctest::description("contract 10"));

namespace {

struct NotesFixture : QueueFixture {
  NotesFixture() {
    stop();
    destinations = {"lead", "cloud"};
    notes_slack_bytes = 0;
    start();
  }

  // Every start begins a note segment; a round leaves those it did not write itself, and the highest.
  std::uint64_t notes_bytes() {
    std::uint64_t bytes = 0;
    for (const auto& path : segments('n')) bytes += std::filesystem::file_size(path);
    return bytes;
  }
  queue::Match find(const std::string& name) {
    queue->drain();
    const auto found = queue->lookup().find(name, 10);
    REQUIRE(found.size() == 1);
    return found[0];
  }
  void put_image(unsigned number, const std::string& study) {
    REQUIRE(put(pattern(700, number), image_facts("1.9." + std::to_string(number), study)).ok());
  }
  void settle(unsigned number, const std::string& destination, core::Level level) {
    const std::string sop = "1.9." + std::to_string(number);
    for (const auto& one : lease(1000, destination))
      if (one.item.facts.get(core::Fact::sop_instance_uid) == sop)
        deliver(one, level, destination);
      else
        queue->put_back(destination, one.item.id, "", Millis(0), false);
    queue->drain();
  }
  void reject(unsigned number, const std::string& destination, const char* reason) {
    const std::string sop = "1.9." + std::to_string(number);
    for (const auto& one : lease(1000, destination))
      if (one.item.facts.get(core::Fact::sop_instance_uid) == sop)
        queue->reject(destination, one.item.id, reason);
      else
        queue->put_back(destination, one.item.id, "", Millis(0), false);
    queue->drain();
  }
  queue::DestinationCount counted(const queue::QueueSummary& summary, const std::string& destination) {
    for (const auto& one : summary.destinations)
      if (one.destination == destination) return one;
    return {};
  }

  // Every kind of note, some taken back by later ones, over many note segments.
  void live() {
    for (unsigned i = 1; i <= 12; ++i) put_image(i, i <= 6 ? "1.1" : i <= 10 ? "1.2" : "1.3");
    settle(1, "lead", core::Level::archived), settle(1, "cloud", core::Level::archived);  // gone
    turns(2);
    settle(2, "lead", core::Level::accepted);
    settle(3, "lead", core::Level::archived);
    REQUIRE(queue->orders().hold(find("1.3"), "").ok());
    reject(4, "cloud", "no such patient");
    restart();
    settle(2, "lead", core::Level::archived);
    REQUIRE(queue->orders().resend(find("1.9.3"), "lead").ok());  // archived, taken back
    REQUIRE(queue->orders().resume(find("1.3"), "cloud").ok());
    REQUIRE(queue->orders().resume(find("1.9.4"), "cloud").ok());  // rejected, taken back
    restart();
    settle(3, "lead", core::Level::accepted);  // less than it had
    reject(4, "cloud", "still no such patient");
    settle(5, "lead", core::Level::accepted);
    REQUIRE(queue->orders().prioritise(find("1.2"), core::Priority::emergency).ok());
    REQUIRE(queue->orders().hold(find("1.9.7"), "lead").ok());
    restart();
    settle(6, "lead", core::Level::archived), settle(6, "cloud", core::Level::archived);  // gone
    REQUIRE(queue->orders().owe(find("1.2"), "museum").ok());
    ask_for("1.9.1"), ask_for("1.9.6");
    turns(2);
    restart();
  }

  // What is known of an image, as a modality that asks for storage commitment is told.
  void ask_for(const std::string& sop) {
    REQUIRE(queue->pledges().keep({"2.25." + sop, "CT1", "SAMPAN", "192.0.2.7", {{"1.2.840.10008.5.1.4.1.1.2", sop}}}).ok());
  }
  bool knows_it_is_gone(const std::string& sop) {
    const auto standing = queue->pledges().standing("2.25." + sop);
    REQUIRE(standing);
    return standing->instances.at(0).where == queue::PledgedInstance::Where::let_go;
  }

  // What anybody sees of the node, but for how much was delivered of what is gone.
  std::string picture() {
    std::ostringstream all;
    turns(2);
    for (const std::string destination : {"lead", "cloud", "museum"}) {
      all << destination;
      for (const auto& one : lease(1000, destination)) {
        all << " " << one.item.facts.get(core::Fact::sop_instance_uid) << ":" << static_cast<int>(one.item.priority);
        queue->put_back(destination, one.item.id, "", Millis(0), false);
      }
      queue->drain();
      const auto counts = counted(queue->summary(), destination);
      all << " waiting " << counts.waiting << " held " << counts.on_hold << " rejected " << counts.rejected;
      for (const auto& reason : counts.rejected_reasons) all << " (" << reason.reason << ")";
      std::set<std::string> unproven;
      clock.wall_ms += 3'600'000;
      for (const auto& one : queue->unproven().due(destination, 100).items)
        unproven.insert(std::string(one.item.facts.get(core::Fact::sop_instance_uid)));
      for (const auto& one : unproven) all << " accepted:" << one;
      all << "\n";
    }
    for (unsigned i = 1; i <= 12; ++i) {
      if (i == 1 || i == 6) continue;  // gone, and would be kept again
      const auto again = put(pattern(700, i), image_facts("1.9." + std::to_string(i), i <= 6 ? "1.1" : "1.2"));
      REQUIRE(again.ok());
      all << (again->repeated ? "." : "!");
    }
    for (const char* gone : {"1.9.1", "1.9.6"}) all << (knows_it_is_gone(gone) ? "." : "!");
    all << " items " << queue->summary().items << " quarantined " << queue->summary().quarantined;
    return all.str();
  }
};

void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace

// Notes of many segments, as long as they may be.
struct LongNotesFixture : NotesFixture {
  static constexpr unsigned images = 900;
  LongNotesFixture() {
    for (unsigned i = 1; i <= images; ++i) put_image(i, "1.1");
  }
  void archive_all(std::size_t at_once) {
    const std::string long_name(3000, 'n');
    for (std::size_t done = 0; done < images;) {
      const auto leased = lease(at_once);
      REQUIRE(!leased.empty());
      for (const auto& one : leased) queue->deliver("lead", {one.item.id, one.item.sha256, long_name, clock.wall(), core::Level::archived});
      queue->drain();
      done += leased.size();
    }
  }
  // What a start would apply again.
  std::uint64_t unread_bytes() {
    queue->drain();
    const std::uint64_t size = notes_bytes();
    std::uint64_t read = 0;
    auto ledger = queue::Sql::open(at("ledger.db").string(), true);
    REQUIRE(ledger.ok());
    queue::Statement rows(**ledger, "SELECT sum(indexed) FROM segment WHERE stream=110");
    if (rows.begin(); rows.step()) read = static_cast<std::uint64_t>(rows.number(0));
    return size - std::min(size, read);
  }
  void check_that_a_start_changes_nothing() {
    CHECK(segments('n').size() > 1);
    CHECK(unread_bytes() == 0);
    REQUIRE(queue->orders().resend(find("1.1"), "lead").ok());  // the lead lost it: a person sends it again
    CHECK(count().waiting == images);
    restart();
    CHECK(count().waiting == images);
    CHECK(count().archived == 0);
  }
};

TEST_CASE_FIXTURE(NotesFixture, "what_notes_still_say_is_the_same_after_they_were_compacted_also_without_the_ledger" *
                                    doctest::description("contract 3, 4, 10")) {
  notes_slack_bytes = 1u << 30;
  restart();
  live();
  const std::string with_ledger = picture();
  restart(true);
  const std::string without = picture();
  CHECK(without == with_ledger);
  CHECK(without.find('!') == std::string::npos);
  notes_slack_bytes = 0;
  restart();
  const std::size_t before = segments('n').size();
  turns(3);
  CHECK(segments('n').size() < before);
  CHECK(picture() == with_ledger);
  restart(true);
  CHECK(picture() == with_ledger);
}

TEST_CASE_FIXTURE(NotesFixture, "a_note_segment_with_damage_is_kept_and_what_takes_back_its_notes_as_well" *
                                    doctest::description("contract 4, 9")) {
  notes_slack_bytes = 1u << 30;
  restart();
  put_image(1, "1.1"), put_image(2, "1.1");
  settle(1, "lead", core::Level::archived);
  settle(2, "cloud", core::Level::accepted);
  settle(1, "cloud", core::Level::accepted);
  const std::string first = segments('n').at(0);
  restart();
  REQUIRE(queue->orders().resend(find("1.9.1"), "lead").ok());
  restart();
  settle(2, "lead", core::Level::accepted);
  stop();
  overwrite(first, 4096 + 4096 + 500, {1, 2, 3, 4, 5, 6, 7, 8});  // the second record of the first segment
  lose_ledger();
  notes_slack_bytes = 0;
  start();
  queue->drain();
  const auto waiting = count("lead").waiting;
  CHECK(waiting == 1);
  turns(4);
  CHECK(std::filesystem::exists(first));
  CHECK(count("lead").waiting == waiting);
  restart(true);
  turns(4);
  CHECK(count("lead").waiting == waiting);
  CHECK(count("lead").archived == 0);
}

TEST_CASE_FIXTURE(NotesFixture, "what_the_power_tore_of_notes_is_forgotten_with_their_segment" * doctest::description("contract 9, 10")) {
  const auto places = [this](const std::string& path) {
    const auto name = queue::parse_segment_name(std::filesystem::path(path).filename().string());
    auto ledger = queue::Sql::open(at("ledger.db").string(), true);
    REQUIRE(ledger.ok());
    queue::Statement rows(**ledger, "SELECT count(*) FROM quarantine WHERE segment=?");
    rows.bind(1, static_cast<std::int64_t>(name->number));
    return rows.step() ? rows.number(0) : -1;
  };
  put_image(1, "1.1");
  settle(1, "lead", core::Level::accepted);
  const std::string torn = segments('n').back();
  stop();
  std::filesystem::resize_file(torn, std::filesystem::file_size(torn) + 4096);
  overwrite(torn, std::filesystem::file_size(torn) - 4096 + 1024, Bytes(512, 0xaa));  // a sector of a record that was begun
  start();
  queue->drain();
  CHECK(queue->summary().torn_tails == 1);
  CHECK(places(torn) == 1);
  turns(2);
  CHECK(std::filesystem::exists(torn));  // the highest that is sealed
  restart();
  settle(1, "cloud", core::Level::accepted);
  restart();
  turns(4);
  CHECK_FALSE(std::filesystem::exists(torn));
  CHECK(places(torn) == 0);
}

TEST_CASE_FIXTURE(NotesFixture, "a_power_cut_at_any_step_of_a_compaction_changes_nothing_anybody_sees" *
                                    doctest::description("contract 1, 3, 4, 9")) {
  notes_slack_bytes = 1u << 30;
  restart();
  live();
  const std::string expected = picture();
  stop();
  TemporaryDirectory shelf;
  copy_folder(home.path(), shelf.path() / "before");
  int cuts = 0;
  bool whole = false;
  for (int step = 1; !whole && step < 400; ++step) {
    copy_folder(shelf.path() / "before", home.path());
    PowerCutFiles volatile_files(shelf.path() / "grave");
    notes_slack_bytes = 0;
    files.below = &volatile_files;
    start();
    queue->drain();  // the start itself is not what is cut here
    volatile_files.cut_at(step);
    turns(3);
    whole = !volatile_files.is_cut();
    stop();
    if (!whole) volatile_files.lose(static_cast<unsigned>(step));
    files.below = &disk();
    notes_slack_bytes = 1u << 30;
    if (step % 3 == 1)  // the ledger may be as old as its last sync
      for (const char* part : {"ledger.db", "ledger.db-wal", "ledger.db-shm"}) {
        std::filesystem::remove(this->at(part));
        if (std::filesystem::exists(shelf.path() / "before" / part)) std::filesystem::copy(shelf.path() / "before" / part, this->at(part));
      }
    if (step % 3 == 2) lose_ledger();
    start();
    queue->drain();
    INFO("cut at change " << step);
    REQUIRE(picture() == expected);
    stop();
    ++cuts;
  }
  CHECK(whole);
  CHECK(cuts > 10);
  MESSAGE(cuts << " cuts");
  start();
}

TEST_CASE_FIXTURE(NotesFixture, "images_that_are_gone_are_forgotten_beyond_a_bound_the_oldest_first" * doctest::description("contract 10")) {
  gone_images_kept = 4;
  restart();
  for (unsigned i = 1; i <= 8; ++i) put_image(i, i <= 4 ? "1.1" : "1.2");
  for (unsigned i = 1; i <= 8; ++i) settle(i, "lead", core::Level::archived), settle(i, "cloud", core::Level::archived);
  turns(6);
  CHECK(queue->lookup().find("1.1", 10).empty());
  CHECK(queue->lookup().find("1.2", 10).size() == 1);
  ask_for("1.9.8"), ask_for("1.9.1");
  CHECK(knows_it_is_gone("1.9.8"));
  CHECK_FALSE(knows_it_is_gone("1.9.1"));
  CHECK(counted(queue->summary(), "lead").delivered == 8);
}

TEST_CASE_FIXTURE(NotesFixture, "a_year_of_telemetry_leaves_the_state_directory_as_small_as_a_week_of_it" * doctest::description("contract 10")) {
  constexpr unsigned days = 365;
  stop();
  notes_slack_bytes = 128u << 10;  // a 32nd of what a node has, and as many samples a day
  files.syncs_for_nothing = true;
  destinations = {"lead"};
  enough = core::Level::accepted;
  start();
  std::uint64_t most_in_first_week = 0, most = 0;
  for (unsigned day = 0; day < days; ++day) {
    for (unsigned sample = 0; sample < 9; ++sample) {
      core::Manifest manifest;
      manifest.kind = core::Kind::sample;
      REQUIRE(put(pattern(900, day * 9 + sample), {}, manifest).ok());
      for (const auto& one : lease()) deliver(one, core::Level::accepted);
      queue->tick();
    }
    queue->drain();
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path()))
      if (entry.is_regular_file() && !entry.path().string().ends_with("-wal")) bytes += entry.file_size();
    most = std::max(most, bytes);
    if (day < 7) most_in_first_week = most;
    if (day % 30 == 29) restart();
  }
  MESSAGE(most_in_first_week << " bytes at most in the first week, " << most << " in the year");
  CHECK(most < most_in_first_week + 2 * notes_slack_bytes + (256u << 10));
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(NotesFixture, "what_a_person_released_stays_released_after_compaction_and_a_rebuild" * doctest::description("contract 10")) {
  for (unsigned content : {1u, 2u}) {
    REQUIRE(put(pattern(700, content), image_facts("1.9.1", "1.1")).ok());
    queue->drain();
  }
  REQUIRE(count().on_hold == 1);
  REQUIRE(queue->orders().resume(find("1.1"), "").ok());
  CHECK(count().waiting == 2);
  put_image(3, "1.3");
  restart();  // a note segment of its own for what follows
  for (int i = 0; i < 4; ++i) {
    REQUIRE(queue->orders().prioritise(find("1.3"), core::Priority::emergency).ok());
    turns(2);
  }
  CHECK(segments('n').size() < 3);
  restart(true);
  CHECK(count().on_hold == 0);
  CHECK(count().waiting == 3);
}

TEST_CASE_FIXTURE(NotesFixture, "what_takes_back_the_notes_of_a_segment_that_a_start_could_not_read_is_kept" * doctest::description("contract 4, 9")) {
  notes_slack_bytes = 1u << 30;
  restart();
  put_image(1, "1.1"), put_image(2, "1.2");
  REQUIRE(queue->orders().hold(find("1.1"), "").ok());
  const std::string first = segments('n').at(0);
  restart();
  REQUIRE(queue->orders().resume(find("1.1"), "").ok());
  restart();
  REQUIRE(queue->orders().prioritise(find("1.2"), core::Priority::emergency).ok());
  stop();
  const std::string aside = at("aside").string();
  std::filesystem::rename(first, aside);
  std::ofstream(first, std::ios::binary) << std::string(8192, 'x');  // for now nothing of it reads
  notes_slack_bytes = 0;
  start();
  turns(4);
  CHECK(count("lead").on_hold == 0);
  stop();
  std::filesystem::rename(aside, first);
  lose_ledger();
  start();
  queue->drain();
  CHECK(count("lead").on_hold == 0);
  CHECK(count("lead").waiting == 2);
}

TEST_CASE_FIXTURE(LongNotesFixture, "no_note_is_applied_again_by_a_start_that_was_written_with_others_into_several_segments" * doctest::description("contract 4")) {
  stop();
  notes_slack_bytes = 1u << 30;
  start();
  archive_all(images);
  check_that_a_start_changes_nothing();
}

TEST_CASE_FIXTURE(LongNotesFixture, "no_note_is_applied_again_by_a_start_that_compaction_wrote_into_several_segments" * doctest::description("contract 4, 10")) {
  archive_all(100);
  restart();
  turns(6);
  check_that_a_start_changes_nothing();
}
