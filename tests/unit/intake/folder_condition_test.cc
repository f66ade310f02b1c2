// SPDX-License-Identifier: Apache-2.0
// What a folder says of itself: what is wrong with it, what waits in it for a person, and when that is over.
#include <doctest/doctest.h>
#include <unistd.h>

#include "folder_fixture.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

// The superuser of a test may do everything: as somebody else, for this thread only.
class AsNobody {
 public:
  AsNobody() {
    if (own_ == 0 && ::seteuid(65534) != 0) SAMPAN_PANIC("seteuid");
  }
  ~AsNobody() {
    if (own_ == 0 && ::seteuid(own_) != 0) SAMPAN_PANIC("seteuid");
  }

 private:
  const uid_t own_ = ::geteuid();
};

// Everybody reaches it, whoever runs the test.
void open_to_all(const Drop& drop) {
  fs::permissions(drop.directory.path(), fs::perms::all);
  fs::permissions(drop.root(), fs::perms::all);
}

constexpr fs::perms readable{0555};

}  // namespace

TEST_CASE("a_folder_that_is_well_says_when_its_last_file_was_taken") {
  Drop drop;
  drop.settle();
  CHECK_FALSE(drop.round->condition().last_file);
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  drop.settle();
  CHECK(drop.round->condition().last_file == drop.clock.wall());
  CHECK(drop.round->condition().trouble == FolderTrouble::none);
  CHECK_FALSE(drop.round->wants_scan_soon());
}

TEST_CASE("a_folder_that_nobody_may_write_says_so_before_a_file_comes_and_is_freed_without_a_restart") {
  Drop drop;
  open_to_all(drop);
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  fs::permissions(drop.root() / "IM1", fs::perms::all);
  put(drop.root() / "report", as_bytes("hello"));
  fs::permissions(drop.root() / "report", fs::perms::all);
  fs::permissions(drop.root(), readable);
  {
    const AsNobody nobody;
    drop.scan();
    CHECK(drop.round->condition().trouble == FolderTrouble::unwritable);
    CHECK(drop.round->condition().said == "Permission denied");
    CHECK(drop.round->wants_scan_soon());
    for (int i = 0; i < 2; ++i) drop.settle();
    CHECK(drop.taken() == std::vector<std::string>{"1.2.1"});
    CHECK(drop.round->condition().trouble == FolderTrouble::unwritable);
  }
  fs::permissions(drop.root(), fs::perms::all);
  {
    const AsNobody nobody;
    drop.settle();
    drop.settle();
  }
  CHECK(drop.round->condition().trouble == FolderTrouble::none);
  CHECK(listing(drop.root()).empty());
  CHECK(drop.round->condition().set_aside == 1);
}

TEST_CASE("a_folder_below_it_that_nobody_may_write_is_told_until_its_files_are_gone") {
  Drop drop;
  open_to_all(drop);
  put(drop.root() / "cd/IM1", dicom_file("1.2.1"));
  fs::permissions(drop.root() / "cd/IM1", fs::perms::all);
  fs::permissions(drop.root() / "cd", readable);
  {
    const AsNobody nobody;
    for (int i = 0; i < 2; ++i) drop.settle();
    CHECK(drop.round->condition().trouble == FolderTrouble::unwritable);
    drop.scan();
    CHECK(drop.round->condition().trouble == FolderTrouble::unwritable);
  }
  fs::permissions(drop.root() / "cd", fs::perms::all);
  SUBCASE("a_person_takes_them_away") {
    fs::remove(drop.root() / "cd/IM1");
    drop.scan();
    CHECK(drop.round->condition().trouble == FolderTrouble::none);
  }
  SUBCASE("the_folder_becomes_writable") {
    for (int i = 0; i < 2; ++i) drop.settle();
    CHECK(drop.round->condition().trouble == FolderTrouble::none);
    CHECK(listing(drop.root()).empty());
  }
}

TEST_CASE("a_folder_and_a_file_that_nobody_may_read_are_told") {
  Drop drop;
  open_to_all(drop);
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  fs::permissions(drop.root() / "IM1", fs::perms::none);
  {
    const AsNobody nobody;
    drop.settle();
    CHECK(drop.round->condition().trouble == FolderTrouble::files_unreadable);
  }
  fs::permissions(drop.root() / "IM1", fs::perms::all);
  fs::permissions(drop.root(), fs::perms::none);
  {
    const AsNobody nobody;
    CHECK_FALSE(drop.round->scan([](const std::string&) {}));
    CHECK(drop.round->condition().trouble == FolderTrouble::unreadable);
    CHECK(drop.round->condition().said == "Permission denied");
  }
  fs::permissions(drop.root(), fs::perms::all);
  for (int i = 0; i < 2; ++i) drop.pass(drop.options.retry_every), drop.settle();
  CHECK(drop.round->condition().trouble == FolderTrouble::none);
  CHECK(drop.taken() == std::vector<std::string>{"1.2.1"});
}

TEST_CASE("a_sub_folder_that_nobody_may_read_is_told_until_all_of_it_was_read") {
  Drop drop;
  open_to_all(drop);
  put(drop.root() / "study/a/IM1", dicom_file("1.2.1"));
  const auto allow = [&](const char* below, fs::perms perms) { fs::permissions(drop.root() / below, perms); };
  allow("study/a/IM1", fs::perms::all), allow("study/a", fs::perms::all), allow("study", fs::perms::all);
  for (const char* closed : {"study", "study/a"}) {
    allow(closed, fs::perms::none);
    for (int i = 0; i < 2; ++i) {
      const AsNobody nobody;
      drop.scan();
      CHECK(drop.round->condition().trouble == FolderTrouble::unreadable);
      CHECK(drop.round->condition().said == "Permission denied");
    }
    allow(closed, fs::perms::all);
  }
  drop.scan();
  CHECK(drop.round->condition().trouble == FolderTrouble::none);
  SUBCASE("also when it closes after the file was seen") {
    allow("study/a", fs::perms::none);
    {
      const AsNobody nobody;
      drop.pass(drop.options.unclosed_time), static_cast<void>(drop.round->work());
      CHECK(drop.round->condition().trouble == FolderTrouble::files_unreadable);
    }
    allow("study/a", fs::perms::all);
  }
  for (int i = 0; i < 2; ++i) drop.pass(drop.options.retry_every), drop.settle();
  CHECK(drop.round->condition().trouble == FolderTrouble::none);
  CHECK(drop.taken() == std::vector<std::string>{"1.2.1"});
}

TEST_CASE("what_was_set_aside_is_counted_until_a_person_took_it_away_also_by_the_next_start") {
  Drop drop;
  put(drop.root() / "a.txt", as_bytes("hello"));
  put(drop.root() / "sub/b.txt", as_bytes("hello"));
  drop.settle();
  CHECK(drop.round->condition().set_aside == 2);
  CHECK(drop.round->wants_scan_soon());
  drop.restart();
  drop.scan();
  CHECK(drop.round->condition().set_aside == 2);
  fs::remove(drop.rejected() / "sub/b.txt");  // its note alone is nothing
  drop.scan();
  CHECK(drop.round->condition().set_aside == 1);
  fs::remove_all(drop.rejected());
  drop.scan();
  CHECK(drop.round->condition().set_aside == 0);
  CHECK_FALSE(drop.round->wants_scan_soon());
}

TEST_CASE("file_systems_that_others_change_are_known_by_their_numbers_and_local_ones_are_not_among_them") {
  // linux/magic.h, and statfs(2) for what is not there.
  struct Known {
    const char* name;
    std::uint32_t magic;
    bool remote;
  };
  for (const Known& known : {Known{"nfs", 0x6969, true}, Known{"smb", 0x517b, true}, Known{"cifs", 0xff534d42, true},
                             Known{"smb2", 0xfe534d42, true}, Known{"fuse", 0x65735546, true}, Known{"9p", 0x01021997, true},
                             Known{"ceph", 0x00c36400, true}, Known{"afs", 0x5346414f, true}, Known{"ocfs2", 0x7461636f, true},
                             Known{"ext4", 0xef53, false}, Known{"xfs", 0x58465342, false}, Known{"btrfs", 0x9123683e, false},
                             Known{"tmpfs", 0x01021994, false}, Known{"overlay", 0x794c7630, false}, Known{"vfat", 0x4d44, false},
                             Known{"ntfs", 0x5346544e, false}, Known{"iso9660", 0x9660, false}, Known{"zfs", 0x2fc12fc1, false}})
    CHECK_MESSAGE(is_remote_type(known.magic) == known.remote, known.name);
}

// Of FAT, exFAT and what FUSE passes on nothing tells a file that is put in anew from one that went.
TEST_CASE("a_stick_is_known_by_its_file_system_to_keep_no_time_of_change" * doctest::description("contract 2")) {
  for (const std::uint32_t stick : {0x4d44u, 0x2011bab0u, 0x65735546u}) CHECK_FALSE(keeps_change_times(stick));
  for (const std::uint32_t disk : {0xef53u, 0x58465342u, 0x9123683eu, 0x01021994u, 0x5346544eu, 0xff534d42u}) CHECK(keeps_change_times(disk));
}
