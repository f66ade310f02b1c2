// SPDX-License-Identifier: Apache-2.0
// A DICOM medium: what its directory names is waited for, told when it does not come, and nothing of it stays behind.
#include <doctest/doctest.h>

#include "folder_fixture.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

using Names = std::vector<std::string>;

// As long as it takes, in steps as the thread takes them.
void wait(Drop& drop, Millis time) {
  for (const auto end = drop.clock.mono() + time; drop.clock.mono() < end;) {
    drop.scan();
    drop.pass(drop.options.stable_time);
    drop.round->work();
  }
}

}  // namespace

TEST_CASE("a_medium_is_read_as_a_whole_in_the_order_of_its_dicomdir") {
  Drop drop;
  put(drop.root() / "cd/DICOMDIR", dicomdir({"IMG\\B", "IMG\\A", "..\\..\\etc"}));
  put(drop.root() / "cd/img/a", dicom_file("1.2.1"));
  put(drop.root() / "cd/img/b", dicom_file("1.2.2"));
  put(drop.root() / "cd/AUTORUN.INF", as_bytes("[autorun]"));
  drop.settle();
  CHECK(drop.taken() == Names{"1.2.2", "1.2.1"});
  CHECK(drop.incomplete.empty());
  CHECK(listing(drop.root()).empty());
  CHECK(listing(drop.root(), true) == Names{".sampan-rejected/cd/AUTORUN.INF", ".sampan-rejected/cd/AUTORUN.INF.reason.txt"});
}

TEST_CASE("a_dicomdir_stays_until_its_files_are_taken") {
  Drop drop;
  put(drop.root() / "DICOMDIR", dicomdir({"A"}));
  put(drop.root() / "A", dicom_file("1.2.1"));
  drop.sink.refuse_all = fail(Errc::full, "full");
  drop.settle();
  drop.sink.refuse_all.reset();
  CHECK(listing(drop.root()) == Names{"A", "DICOMDIR"});
  drop.pass(drop.options.retry_every);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.1"});
  CHECK(listing(drop.root(), true).empty());
  CHECK(drop.incomplete.empty());
}

TEST_CASE("a_dicomdir_that_is_copied_first_waits_for_as_long_as_its_images_come") {
  Drop drop;
  put(drop.root() / "cd/DICOMDIR", dicomdir({"A", "B", "C"}));
  for (const char* name : {"A", "B", "C"}) {
    wait(drop, drop.options.unclosed_time - 2 * drop.options.stable_time);
    CHECK(listing(drop.root()) == Names{"cd/DICOMDIR"});
    put(drop.root() / "cd" / name, dicom_file("1.2." + std::string(name, 1)));
  }
  wait(drop, 3 * drop.options.stable_time);
  CHECK(drop.sink.stored.size() == 3);
  CHECK(drop.incomplete.empty());
  CHECK_FALSE(drop.round->condition().missing_since);
  CHECK(listing(drop.root(), true).empty());
}

TEST_CASE("a_dicomdir_that_is_copied_last_knows_what_was_taken_before_it") {
  Drop drop;
  put(drop.root() / "img/a", dicom_file("1.2.1"));
  put(drop.root() / "readme", as_bytes("hello"));
  drop.settle();
  put(drop.root() / "DICOMDIR", dicomdir({"IMG\\A", "README"}));
  drop.settle();
  CHECK(listing(drop.root()).empty());
  CHECK(drop.incomplete.empty());
}

TEST_CASE("files_of_a_medium_that_never_come_are_told_and_its_directory_does_not_stay" * doctest::description("contract 11")) {
  for (const bool keep : {false, true}) {
    Drop drop([&](auto& options) { options.keep = keep; });
    put(drop.root() / "cd/DICOMDIR", dicomdir({"IMG\\A", "IMG\\GONE", "IMG\\LOST"}));
    put(drop.root() / "cd/img/a", dicom_file("1.2.1"));
    wait(drop, drop.options.unclosed_time - drop.options.stable_time);
    CHECK(drop.incomplete.empty());
    CHECK(fs::exists(drop.root() / "cd/DICOMDIR"));
    wait(drop, 3 * drop.options.stable_time);
    CHECK(drop.incomplete == std::vector<std::uint64_t>{2});
    CHECK(drop.round->condition().missing_files == 2);
    CHECK(drop.round->condition().missing_since.has_value());
    CHECK(listing(drop.root()).empty());
    CHECK(listing(drop.root(), true) == (keep ? Names{".sampan-done/cd/DICOMDIR", ".sampan-done/cd/img/a"} : Names{}));
    // What comes after all is taken like any other.
    put(drop.root() / "cd/img/gone", dicom_file("1.2.2"));
    drop.settle();
    CHECK(drop.taken() == Names{"1.2.1", "1.2.2"});
  }
}

TEST_CASE("files_of_a_medium_that_were_taken_before_a_restart_are_not_told_as_missing") {
  Drop drop;
  put(drop.root() / "img/a", dicom_file("1.2.1"));
  put(drop.root() / "img/b", dicom_file("1.2.2"));
  drop.settle();
  REQUIRE(drop.taken() == Names{"1.2.1", "1.2.2"});
  drop.restart();
  SUBCASE("all of them") {
    put(drop.root() / "DICOMDIR", dicomdir({"IMG\\A", "IMG\\B"}, {"1.2.1", "1.2.2"}));
    wait(drop, drop.options.unclosed_time + 2 * drop.options.stable_time);
    CHECK(drop.incomplete.empty());
    CHECK_FALSE(drop.round->condition().missing_since);
  }
  SUBCASE("but for one that never came, and one that does not say what it is") {
    put(drop.root() / "DICOMDIR", dicomdir({"IMG\\A", "IMG\\GONE", "IMG\\B", "README"}, {"1.2.1", "1.2.3", "1.2.2"}));
    wait(drop, drop.options.unclosed_time + 2 * drop.options.stable_time);
    CHECK(drop.incomplete == std::vector<std::uint64_t>{2});
  }
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("the_next_medium_with_the_same_names_is_waited_for_on_its_own") {
  Drop drop;
  put(drop.root() / "DICOMDIR", dicomdir({"A"}));
  put(drop.root() / "A", dicom_file("1.2.1"));
  drop.settle();
  REQUIRE(listing(drop.root()).empty());
  put(drop.root() / "DICOMDIR", dicomdir({"A"}));
  drop.settle();
  CHECK(listing(drop.root()) == Names{"DICOMDIR"});
  wait(drop, drop.options.unclosed_time + drop.options.stable_time);
  CHECK(drop.incomplete == std::vector<std::uint64_t>{1});
}
