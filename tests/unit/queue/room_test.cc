// SPDX-License-Identifier: Apache-2.0
// How full a disk may be: from where on no image is taken, and from where on the ballast is let go.
#include <sqlite3.h>

#include <map>
#include <mutex>

#include "fixture.h"
#include "queue/ballast.h"
#include "queue/segment.h"
#include "unit/queue/sized_files.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr std::uint64_t mib = 1u << 20, gib = 1u << 30;

struct Sized : QueueFixture {
  SizedFiles sizes;
  Sized() { files.below = &sizes; }
  bool takes_images() const { return queue->admits(core::Kind::image).ok(); }
  bool takes_events() const { return queue->admits(core::Kind::event).ok(); }
  bool out_of_room() {
    const queue::SpoolFolder folder(sizes, home.path().string(), Uuid{}, clock);
    return queue::is_out_of_room(folder);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Sized, "no_image_is_taken_where_less_than_the_reserve_is_free" * doctest::description("contract 2")) {
  sizes.sized.free_bytes = core::limits::reserve_bytes;
  CHECK(takes_images());
  --sizes.sized.free_bytes;
  CHECK_FALSE(takes_images());
  CHECK(takes_events());
  // Of a small disk it is a twentieth.
  sizes.sized = {1000 * mib, 50 * mib, 0, 0};
  CHECK(takes_images());
  --sizes.sized.free_bytes;
  CHECK_FALSE(takes_images());
}

TEST_CASE_FIXTURE(Sized, "what_is_known_to_be_larger_than_the_room_is_refused_before_a_byte_of_it_is_written" * doctest::description("contract 2")) {
  sizes.sized = {1000 * mib, 150 * mib, 0, 0};  // 50 of them are the reserve
  core::Manifest manifest;
  manifest.kind = core::Kind::image;
  manifest.size_hint = 99 * mib;
  CHECK(queue->open(manifest).ok());
  manifest.size_hint = 100 * mib;
  const auto refused = queue->open(manifest);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::limit);
  CHECK(refused.error().message == "there is no room for one file of this size: 104 MB");
  CHECK(takes_images());
  manifest.kind = core::Kind::event;
  CHECK(queue->open(manifest).ok());
}

TEST_CASE_FIXTURE(Sized, "no_image_is_taken_where_there_are_not_enough_names_left" * doctest::description("contract 2")) {
  sizes.sized.free_inodes = core::limits::reserve_inodes;
  CHECK(takes_images());
  --sizes.sized.free_inodes;
  CHECK_FALSE(takes_images());
  CHECK(takes_events());
  sizes.sized.total_inodes = 1000, sizes.sized.free_inodes = 50;
  CHECK(takes_images());
  sizes.sized.free_inodes = 49;
  CHECK_FALSE(takes_images());
  sizes.sized.total_inodes = 0, sizes.sized.free_inodes = 0;  // a file system that does not count them
  CHECK(takes_images());
}

TEST_CASE_FIXTURE(Sized, "the_ballast_is_for_a_disk_that_has_next_to_nothing_left" * doctest::description("contract 2")) {
  sizes.sized.free_bytes = 4 * mib;
  CHECK_FALSE(out_of_room());
  --sizes.sized.free_bytes;
  CHECK(out_of_room());
  sizes.sized = {100 * mib, 1 * mib, 0, 0};
  CHECK_FALSE(out_of_room());
  --sizes.sized.free_bytes;
  CHECK(out_of_room());
  sizes.sized = {500 * gib, 400 * gib, 1'000'000, 4};
  CHECK_FALSE(out_of_room());
  sizes.sized.free_inodes = 3;
  CHECK(out_of_room());
}

TEST_CASE_FIXTURE(Sized, "ballast_is_made_only_where_twice_as_much_is_left_above_the_reserve" * doctest::description("contract 2")) {
  constexpr std::uint64_t names = 50 + 2 * core::limits::ballast_files;
  // Of a disk of 100 MiB: 5 are the reserve, 2 the ballast.
  const std::pair<DiskSpace, std::size_t> table[] = {
      {{100 * mib, 9 * mib, 0, 0}, core::limits::ballast_files},         {{100 * mib, 9 * mib - 1, 0, 0}, 0},
      {{100 * mib, 50 * mib, 1000, names}, core::limits::ballast_files}, {{100 * mib, 50 * mib, 1000, names - 1}, 0},
  };
  for (const auto& row : table) {
    const DiskSpace& space = row.first;
    CAPTURE(space.free_bytes);
    CAPTURE(space.free_inodes);
    sizes.sized = space;
    const TemporaryDirectory place;
    queue::Ballast ballast(sizes, place.path().string());
    ballast.restore();
    const auto in = std::filesystem::directory_iterator(place.path() / "ballast");
    CHECK(static_cast<std::size_t>(std::distance(begin(in), end(in))) == row.second);
  }
}

namespace {

// SQLite's own files, on a disk where they find room only once this one was gone.
struct FullUntilGone {
  static inline std::string held;
  static inline std::atomic<bool> is_gone;
  static inline sqlite3_vfs* const real = sqlite3_vfs_find(nullptr);
  static inline int (*write)(sqlite3_file*, const void*, int, sqlite3_int64);
  static inline std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods;  // of files of each kind
  sqlite3_vfs vfs = *real;
  FullUntilGone(const std::filesystem::path& path) {
    held = path.string();
    is_gone = false;
    vfs.zName = "full until gone";
    vfs.xOpen = open;
    sqlite3_vfs_register(&vfs, 1);
  }
  ~FullUntilGone() {
    sqlite3_vfs_register(real, 1);
    sqlite3_vfs_unregister(&vfs);
  }
  static int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    const int code = real->xOpen(real, name, file, flags, out);
    if (code != SQLITE_OK) return code;
    auto& own = methods.try_emplace(file->pMethods, *file->pMethods).first->second;
    write = file->pMethods->xWrite;
    own.xWrite = [](sqlite3_file* to, const void* from, int bytes, sqlite3_int64 at) {
      is_gone = is_gone || !std::filesystem::exists(held);
      return is_gone ? write(to, from, bytes, at) : SQLITE_FULL;
    };
    file->pMethods = &own;
    return code;
  }
};

}  // namespace

TEST_CASE_FIXTURE(QueueFixture, "a_start_that_finds_some_room_but_too_little_for_its_ledger_has_the_ballast" * doctest::description("contract 2, 9")) {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  lose_ledger();
  REQUIRE(std::filesystem::exists(at("ballast/0")));
  {
    const FullUntilGone disk(at("ballast/0"));
    start();
    CHECK(lease().size() == 1);
    stop();
  }
  start();
}
