// SPDX-License-Identifier: Apache-2.0
// The power goes at every single moment of a short story: images come, are delivered, and make room.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "fixture.h"
#include "support/volatile_files.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("power");

namespace {

struct Image {
  std::size_t bytes;
  unsigned seed;
  std::string sop() const { return "1.2." + std::to_string(seed); }
  Bytes payload() const { return pattern(bytes, seed); }
};
// Gathered with others, in one chunk and in several; and one that has a segment of its own.
const std::vector<Image> images{{2'000, 0}, {70'000, 1}, {1'200'000, 2}, {9'000, 3}, {30'000, 4}, {1'100'000, 5}, {5'000, 6}};

// One node over all its lives; what it promised and what left it is told at once to whoever survives.
struct Clinic {
  const std::string state;
  FileSystem& files;
  const int told;
  std::function<long()> moments;
  TestClock clock;
  std::unique_ptr<queue::Queue> queue;

  void tell(char what, unsigned image) const {
    const char word[2] = {what, static_cast<char>(image)};
    SAMPAN_ASSERT(::write(told, word, 2) == 2);
  }
  Status start() {
    queue.reset();
    queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, [] {}};
    needs.route = [](const core::Item&) { return std::vector<std::string>{"lead"}; };
    needs.may_reclaim = [](std::span<const queue::DeliveryStanding> all, bool) {
      return std::ranges::all_of(all, [](const auto& one) { return one.state == core::DeliveryState::delivered; });
    };
    auto opened = queue::Queue::open({state, "clinic"}, std::move(needs));
    if (!opened) return opened.error();
    queue = std::move(*opened);
    queue->drain();
    return {};
  }
  Result<core::Stored> put(const Image& image) {
    auto inflow = queue->open(core::Manifest{});
    if (!inflow) return inflow.error();
    if (Status done = (*inflow)->append(image.payload()); !done) return done.error();
    return (*inflow)->commit(image_facts(image.sop()));
  }
  void take(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; ++i) {
      SAMPAN_ASSERT(put(images[i]).ok());
      tell('A', i);
    }
    queue->drain();
  }
  std::vector<core::Consignment> lease() {
    queue::LeaseQuery query;
    query.destination = "lead";
    query.items_max = 100;
    return std::move(queue->lease(query).items);
  }
  void deliver(const std::set<unsigned>& wanted) {
    tell('R', static_cast<unsigned>(moments()));
    for (const auto& one : lease()) {
      const std::string sop(one.item.facts.get(core::Fact::sop_instance_uid));
      const unsigned image = static_cast<unsigned>(sop.back() - '0');
      if (!wanted.contains(image)) {
        queue->put_back("lead", one.item.id, "", Millis(0), false);
        continue;
      }
      tell('D', image);
      queue->deliver("lead", {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived});
    }
    queue->drain();
    clock.mono_ms += 60'000;
    queue->tick();
    queue->drain();
  }
};

// Segments are unlinked, records are punched out beside living ones, and new ones are written meanwhile.
void story(Clinic& clinic) {
  SAMPAN_ASSERT(clinic.start().ok());
  clinic.take(0, 4);
  SAMPAN_ASSERT(clinic.start().ok());
  clinic.take(4, 6);
  clinic.deliver({0, 1, 2});
  clinic.take(6, 7);
  SAMPAN_ASSERT(clinic.start().ok());
  clinic.deliver({3, 5});
}

struct Told {
  int exit_code = 0;
  std::set<unsigned> acknowledged, delivered, room_is_made;  // the last: the moments after which room begins to be made
};

// The story in a process of its own, until the power goes.
Told tell_until(const std::string& state, const VolatileFiles::Cut& cut) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    VolatileFiles files(state, cut);
    Clinic clinic{state, files, ends[1], [&files] { return files.moments(); }, {}, nullptr};
    story(clinic);
    ::_exit(0);
  }
  ::close(ends[1]);
  Told told;
  for (char word[2]; ::read(ends[0], word, 2) == 2;)
    (word[0] == 'A' ? told.acknowledged : word[0] == 'D' ? told.delivered : told.room_is_made).insert(static_cast<unsigned char>(word[1]));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  told.exit_code = WEXITSTATUS(status);
  return told;
}

// What the disk kept is enough: a start on it finds all that was promised and has not left.
void hold_to_it(const std::string& state, const Told& told, bool with_ledger) {
  Clinic clinic{state, disk(), -1, {}, {}, nullptr};
  REQUIRE(clinic.start().ok());
  CHECK(clinic.queue->summary().quarantined == 0);
  if (with_ledger) CHECK(clinic.queue->summary().doubtful == 0);
  std::set<unsigned> here;
  for (const auto& one : clinic.lease()) {
    const std::string sop(one.item.facts.get(core::Fact::sop_instance_uid));
    const Image& image = images[static_cast<std::size_t>(sop.back() - '0')];
    here.insert(image.seed);
    CHECK(content(one) == image.payload());
  }
  for (const unsigned image : told.acknowledged) {
    CAPTURE(image);
    CHECK_MESSAGE((here.contains(image) || told.delivered.contains(image)), "lost");
    if (!here.contains(image)) continue;
    const auto again = clinic.put(images[image]);
    REQUIRE(again.ok());
    CHECK_MESSAGE(again->repeated, "an image that is here is stored twice");
  }
}

void copy_ledger(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const char* name : {"ledger.db", "ledger.db-wal"})
    if (std::filesystem::exists(from / name)) std::filesystem::copy_file(from / name, to / name);
}

struct Survival {
  unsigned keep_percent;
  bool torn, with_ledger;
};

Told cut_once(long moment, unsigned seed, const Survival& survival) {
  TemporaryDirectory home;
  const auto state = home.path() / "state", after = home.path() / "after";
  std::filesystem::create_directories(state);
  std::filesystem::create_directories(after);
  VolatileFiles::Cut cut{moment, seed, survival.keep_percent, survival.torn, after.string(), [] {}};
  // A ledger as new as can be: all it wrote has survived.
  if (survival.with_ledger) cut.last_words = [&] { copy_ledger(state, after); };
  const Told told = tell_until(state.string(), cut);
  if (told.exit_code == 0) return told;
  CAPTURE(moment);
  CAPTURE(seed);
  CAPTURE(survival.keep_percent);
  REQUIRE(told.exit_code == VolatileFiles::power_gone);
  hold_to_it(after.string(), told, survival.with_ledger);
  return told;
}

// At moment after moment, until the story ends without a cut -> how many there were.
long sweep(long from, unsigned seed, const Survival& survival) {
  for (long moment = from;; ++moment)
    if (cut_once(moment, seed + static_cast<unsigned>(moment) * 7, survival).exit_code == 0) return moment - from;
}

}  // namespace

TEST_CASE("what_was_acknowledged_survives_a_power_cut_at_every_moment_without_the_ledger" * doctest::description("contract 1, 4, 9")) {
  CHECK(sweep(1, 1, {0, false, false}) > 50);
  CHECK(sweep(1, 2, {50, true, false}) > 50);
}

TEST_CASE("what_was_acknowledged_survives_a_power_cut_at_every_moment_with_the_ledger" * doctest::description("contract 1, 4, 9")) {
  CHECK(sweep(1, 3, {0, false, true}) > 50);
  CHECK(sweep(1, 4, {80, false, true}) > 50);
}

TEST_CASE("a_power_cut_while_room_is_made_leaves_neither_loss_nor_a_false_alarm" * doctest::description("contract 4, 9")) {
  const Told whole = cut_once(0, 0, {0, false, false});
  REQUIRE(whole.room_is_made.size() == 2);
  for (unsigned seed = 100; seed < 106; ++seed) CHECK(sweep(*whole.room_is_made.begin() + 1, seed, {50, seed % 2 == 0, seed % 3 == 0}) > 10);
}
