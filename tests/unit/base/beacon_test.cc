// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <vector>

#include "base/beacon.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("beacon" * doctest::description("contract 8"));

namespace {

const Beacon::Content bad = Beacon::content_of("dimse", "2.25.666"), good = Beacon::content_of("dimse", "2.25.1");

struct BeaconFixture {
  TemporaryDirectory home;
  const std::string path = (home.path() / "beacon").string();
  std::unique_ptr<Beacon> open() {
    auto beacon = Beacon::make({4, 4});
    beacon->attach(path);
    return beacon;
  }
  // A process that dies of SIGKILL: in the middle of a touch, or beside one.
  void die(const Beacon::Content& content, bool touching) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const auto beacon = open();
      {
        const Beacon::Touch touch(beacon.get(), content);
        if (touching) ::raise(SIGKILL);
      }
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
  }
  // Header: mark, two counts, how long the machine runs, when it was started.
  void rewrite(std::streamoff at, std::int64_t value) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::int64_t read(std::streamoff at) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(at);
    std::int64_t value = 0;
    file.read(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
};
constexpr std::streamoff running_at = 24, started_at = 32;

}  // namespace

TEST_CASE_FIXTURE(BeaconFixture, "what_the_process_died_of_is_struck_and_what_it_did_not_die_of_is_not") {
  die(bad, true);
  die(good, false);
  die(bad, true);
  const auto beacon = open();
  CHECK(beacon->strikes(bad) == 2);
  CHECK(beacon->strikes(good) == 0);
  CHECK(beacon->struck() == 1);
}

TEST_CASE_FIXTURE(BeaconFixture, "a_touch_that_ends_well_is_forgiven_only_when_all_of_it_did") {
  die(bad, true);
  const auto beacon = open();
  { const Beacon::Touch touch(beacon.get(), bad); }
  CHECK(beacon->strikes(bad) == 1);
  beacon->forgive(bad);
  CHECK(beacon->strikes(bad) == 0);
}

TEST_CASE_FIXTURE(BeaconFixture, "a_power_cut_strikes_nobody") {
  die(bad, true);
  SUBCASE("the machine runs for less long than it did then") { rewrite(running_at, read(running_at) + 3'600'000); }
  SUBCASE("the machine was started at another time") { rewrite(started_at, read(started_at) - 60'000); }
  CHECK(open()->strikes(bad) == 0);
  CHECK(open()->strikes(bad) == 0);
}

TEST_CASE_FIXTURE(BeaconFixture, "whoever_is_forgiven_is_so_also_where_a_damaged_file_names_it_twice") {
  die(bad, true);
  REQUIRE(open()->strikes(bad) == 1);
  // The first of the strikes, behind the header and four touches, is copied to the next place.
  constexpr std::streamoff struck_at = 40 + 4 * 24, struck_bytes = 24;
  for (std::streamoff word = 0; word < struck_bytes; word += 8) rewrite(struck_at + struck_bytes + word, read(struck_at + word));
  const auto beacon = open();
  REQUIRE(beacon->struck() == 2);
  beacon->forgive(bad);
  CHECK(beacon->strikes(bad) == 0);
}

TEST_CASE_FIXTURE(BeaconFixture, "a_start_at_the_end_of_all_time_is_not_this_one") {
  for (const std::int64_t started : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), std::int64_t{-1}}) {
    die(bad, true);
    rewrite(started_at, started);
    CHECK(open()->strikes(bad) == 0);
  }
}

TEST_CASE_FIXTURE(BeaconFixture, "what_is_remembered_is_bounded_and_the_least_guilty_makes_room" * doctest::description("contract 10")) {
  die(bad, true);
  die(bad, true);
  for (int i = 0; i < 10; ++i) die(Beacon::content_of("dimse", std::to_string(i)), true);
  const auto beacon = open();
  CHECK(beacon->struck() == 4);
  CHECK(beacon->strikes(bad) == 2);
  std::vector<std::unique_ptr<Beacon::Touch>> many;
  for (int i = 0; i < 10; ++i) many.push_back(std::make_unique<Beacon::Touch>(beacon.get(), good));
}

TEST_CASE_FIXTURE(BeaconFixture, "a_file_that_is_none_of_ours_is_begun_anew_and_one_that_cannot_be_had_is_done_without" * doctest::description("contract 9")) {
  SUBCASE("garbage") { std::ofstream(path, std::ios::binary) << std::string(5000, 'x'); }
  SUBCASE("cut short") {
    die(bad, true);
    std::filesystem::resize_file(path, 20);
  }
  SUBCASE("a folder") { std::filesystem::create_directory(path); }
  SUBCASE("nowhere") { std::filesystem::remove_all(home.path()); }
  const auto beacon = open();
  CHECK(beacon->struck() == 0);
  { const Beacon::Touch touch(beacon.get(), bad); }
  const Beacon::Touch none(nullptr, bad);
}
