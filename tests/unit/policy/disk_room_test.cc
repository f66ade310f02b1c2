// SPDX-License-Identifier: Apache-2.0
#include "policy/disk_room.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::policy;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t gb = 1'000'000'000;
constexpr DiskRoom at(std::uint64_t free_percent) { return {free_percent * gb, 100 * gb, 0}; }

}  // namespace

TEST_CASE("a_disk_is_low_below_a_fifth_critical_below_a_twentieth_and_well_with_some_room_more") {
  CHECK(judge_disk(at(20), {}, DiskState::well) == DiskState::well);
  CHECK(judge_disk({20 * gb - 100, 100 * gb, 0}, {}, DiskState::well) == DiskState::low);
  CHECK(judge_disk(at(21), {}, DiskState::low) == DiskState::low);
  CHECK(judge_disk(at(22), {}, DiskState::low) == DiskState::well);
  CHECK(judge_disk(at(5), {}, DiskState::well) == DiskState::low);
  CHECK(judge_disk(at(4), {}, DiskState::low) == DiskState::critical);
  CHECK(judge_disk(at(6), {}, DiskState::critical) == DiskState::low);
  CHECK(judge_disk({}, {}, DiskState::well) == DiskState::well);
}

TEST_CASE("a_disk_that_is_full_within_three_days_is_low_however_much_is_free_where_images_stay") {
  const DiskForecast soon{24 * gb, 71h, false}, later{24 * gb, 72h, false};
  auto room = at(60);
  room.owed_bytes = 7 * gb;
  CHECK(judge_disk(room, soon, DiskState::well) == DiskState::low);
  CHECK(judge_disk(room, later, DiskState::well) == DiskState::well);
  CHECK(judge_disk(room, later, DiskState::low) == DiskState::well);
  CHECK(judge_disk(room, {24 * gb, {}, false}, DiskState::well) == DiskState::well);
  // A small disk of a node that passes on what comes: less than six hours of it are here.
  room.owed_bytes = 5 * gb;
  CHECK(judge_disk(room, soon, DiskState::well) == DiskState::well);
}

TEST_CASE("what_may_go_is_what_no_destination_that_must_have_it_is_owed") {
  CHECK(reclaimable_bytes(100, {}) == 0);
  const Unproven lead{true, 30, 100}, copy{false, 80, 80}, second{true, 90, 100};
  CHECK(reclaimable_bytes(100, std::span(&lead, 1)) == 70);
  const Unproven one_optional[] = {lead, copy};
  CHECK(reclaimable_bytes(100, one_optional) == 70);
  const Unproven both[] = {lead, second};
  CHECK(reclaimable_bytes(100, both) == 0);
  // What goes to a copy alone stays until the copy has it, however little the lead is owed.
  const Unproven some_for_copy_alone[] = {{true, 0, 60}, {false, 90, 100}};
  CHECK(reclaimable_bytes(100, some_for_copy_alone) == 60);
  const Unproven little_owed[] = {{true, 10, 60}, {false, 5, 100}};
  CHECK(reclaimable_bytes(100, little_owed) == 85);
  // Where nothing is required, all of them count as required.
  CHECK(reclaimable_bytes(100, std::span(&copy, 1)) == 20);
}

TEST_CASE("images_are_refused_before_nothing_is_free") {
  CHECK(usable_bytes({10 * gb, 100 * gb, 50 * gb}) == 60 * gb - core::limits::reserve_bytes);
  CHECK(usable_bytes({100, 1000, 0}) == 50);
  CHECK(usable_bytes({10, 1000, 0}) == 0);
}
