// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder_fixture.h"
#include "intake/folder_plain.h"
#include "intake/folder_whole.h"

using namespace sampan;
using namespace sampan::intake;
using core::Fact;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

std::string text_of(const fs::path& path) {
  const Bytes bytes = test::read_bytes(path);
  return std::string(as_text(bytes));
}

}  // namespace

TEST_CASE("a_file_becomes_an_image_byte_for_byte_and_is_removed" * doctest::description("contract 1, 5")) {
  Drop drop;
  const Bytes data_set = small_image("1.2.3", 700'000);
  put(drop.root() / "IM1", test::file_head(ct_class, "1.2.3", explicit_le) + data_set);
  drop.settle();
  REQUIRE(drop.sink.stored.size() == 1);
  const auto& cargo = drop.sink.stored[0];
  CHECK(cargo.bytes == data_set);
  CHECK(cargo.manifest.kind == core::Kind::image);
  CHECK(cargo.manifest.id.is_nil());
  CHECK(cargo.facts.get(Fact::sop_class_uid) == ct_class);
  CHECK(cargo.facts.get(Fact::sop_instance_uid) == "1.2.3");
  CHECK(cargo.facts.get(Fact::transfer_syntax_uid) == explicit_le);
  CHECK(cargo.facts.get(Fact::calling_ae) == "DROP1");
  CHECK(cargo.facts.get(Fact::modality) == "CT");
  CHECK_FALSE(cargo.facts.has(Fact::peer_address));
  CHECK_FALSE(cargo.facts.has(Fact::data_sop_instance_uid));
  CHECK(drop.sizes == std::vector<std::uint64_t>{data_set.size()});
  CHECK(listing(drop.root(), true).empty());
  CHECK(drop.round->work() == never);
}

TEST_CASE("the_original_stays_until_the_commit_said_that_it_is_durable" * doctest::description("contract 1")) {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  drop.sink.fail_commit = fail(Errc::io, "fdatasync: no");
  drop.settle();
  CHECK(drop.sink.stored.empty());
  CHECK(listing(drop.root()) == Names{"IM1"});
  drop.sink.fail_commit.reset();
  bool there_at_commit = false;
  drop.on_received = [&] { there_at_commit = fs::exists(drop.root() / "IM1"); };
  drop.pass(drop.options.retry_every);
  drop.round->work();
  CHECK(there_at_commit);
  CHECK(drop.taken() == Names{"1.2.3"});
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("a_crash_between_commit_and_removal_makes_the_same_item_again" * doctest::description("contract 6")) {
  for (const bool image : {true, false}) {
    Drop drop([](auto& options) { options.carry_any = true; });
    put(drop.root() / "sub/one", image ? dicom_file("1.2.3") : Bytes(as_bytes("%PDF-1.4 ecg").begin(), as_bytes("%PDF-1.4 ecg").end()));
    // What a crash leaves: the file as it was, which its folder takes along, and a program that remembers nothing.
    const fs::path left = drop.directory.path() / "left";
    drop.on_received = [&] { fs::rename(drop.root() / "sub", left); };
    drop.settle();
    drop.on_received = {};
    fs::rename(left, drop.root() / "sub");
    REQUIRE(listing(drop.root()) == Names{"sub/one"});
    drop.restart();
    drop.settle();
    CHECK(listing(drop.root()).empty());
    REQUIRE(drop.sink.stored.size() == 2);
    const auto &first = drop.sink.stored[0], &again = drop.sink.stored[1];
    CHECK(first.facts == again.facts);
    CHECK(first.bytes == again.bytes);
    CHECK(first.manifest.id == again.manifest.id);
    CHECK(first.manifest.id.is_nil() == image);
  }
}

TEST_CASE("a_half_written_file_waits_until_it_is_whole") {
  Drop drop;
  const Bytes whole = dicom_file("1.2.3", 5000);
  put(drop.root() / "IM1", ByteView(whole).first(1000));
  drop.scan();
  drop.pass(drop.options.stable_time - 1ms);
  CHECK(drop.round->work() == drop.clock.mono() + 1ms);
  put(drop.root() / "IM1", ByteView(whole).subspan(1000), std::ios::app);
  drop.pass(1ms);
  CHECK(drop.round->work() == drop.clock.mono() + drop.options.stable_time);
  CHECK(drop.sink.opened == 0);
  drop.pass(drop.options.stable_time);
  drop.round->work();
  REQUIRE(drop.sink.stored.size() == 1);
  CHECK(drop.sink.stored[0].bytes == small_image("1.2.3", 5000));
}

TEST_CASE("what_its_writer_closed_is_taken_at_once") {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  drop.round->saw("IM1", Sight::created);
  drop.round->saw("IM1", Sight::closed);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.3"});
}

TEST_CASE("an_image_that_was_closed_cut_short_waits_for_the_rest_and_is_taken_as_it_is_when_none_comes" * doctest::description("contract 2")) {
  Drop drop;
  const Bytes whole = dicom_file("1.2.3", 5000);
  for (const char* name : {"copied-again", "left"}) {
    put(drop.root() / name, ByteView(whole).first(3000));
    drop.round->saw(name, Sight::created);
    drop.round->saw(name, Sight::closed);
  }
  drop.round->work();
  drop.pass(drop.options.unclosed_time - 1ms);
  drop.round->work();
  CHECK(drop.sink.opened == 0);
  CHECK(listing(drop.root()) == Names{"copied-again", "left"});
  put(drop.root() / "copied-again", whole);
  drop.round->saw("copied-again", Sight::closed);
  drop.round->work();
  REQUIRE(drop.sink.stored.size() == 1);
  CHECK(drop.sink.stored[0].bytes == small_image("1.2.3", 5000));
  drop.pass(1ms);
  drop.round->work();
  REQUIRE(drop.sink.stored.size() == 2);
  CHECK(drop.sink.stored[1].bytes.size() < drop.sink.stored[0].bytes.size());
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("a_data_set_that_is_cut_within_a_sequence_or_its_pixels_ends_early") {
  test::DataSetWriter writer;
  writer.text(0x00080018, "UI", "1.2.3");
  writer.header(0x00081115, "SQ", 0xffffffff);
  for (const std::uint32_t length : {0xffffffffu, 10u}) {
    writer.header(0xfffee000, "", length);
    writer.text(0x00080060, "CS", "MR");
    if (length == 0xffffffff) writer.header(0xfffee00d, "", 0);
  }
  writer.header(0xfffee0dd, "", 0);
  writer.header(0x7fe00010, "OB", 0xffffffff);
  writer.header(0xfffee000, "", 0);
  writer.header(0xfffee000, "", 40);
  writer.raw(Bytes(40));
  writer.header(0xfffee0dd, "", 0);
  const Bytes whole = writer.bytes();
  const auto is_short = [&whole](std::size_t size, std::string_view syntax = explicit_le) {
    const auto read = [&](std::uint64_t at, ByteSpan into) {
      std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(at), into.size(), into.begin());
      return Result<std::size_t>(into.size());
    };
    return ends_early(read, 0, size, syntax);
  };
  CHECK_FALSE(is_short(whole.size()));
  CHECK_FALSE(is_short(0));
  CHECK_FALSE(is_short(whole.size() - 20, "1.2.840.10008.1.2.1.99"));
  const std::size_t sequence_begins = 26, sequence_ends = 78, pixels_begin = 90;
  for (std::size_t size = sequence_begins; size < whole.size(); ++size)
    if (size < sequence_ends || size >= pixels_begin) CHECK(is_short(size));
  CHECK_FALSE(is_short(sequence_ends));
}

TEST_CASE("a_file_that_somebody_has_open_for_writing_waits") {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  const int writer = ::open((drop.root() / "IM1").c_str(), O_WRONLY | O_CLOEXEC);
  drop.settle();
  CHECK(drop.sink.opened == 0);
  ::close(writer);
  drop.pass(drop.options.stable_time);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.3"});
}

TEST_CASE("a_locked_file_waits") {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  const int holder = ::open((drop.root() / "IM1").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(holder, LOCK_EX) == 0);
  drop.settle();
  CHECK(drop.sink.opened == 0);
  ::close(holder);
  drop.pass(drop.options.stable_time);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.3"});
}

TEST_CASE("a_file_that_changes_while_it_is_read_is_not_committed_half" * doctest::description("contract 5")) {
  Drop drop;
  const Bytes whole = dicom_file("1.2.3", 600'000);
  for (const bool grows : {true, false}) {
    put(drop.root() / "IM1", whole);
    drop.telling.on_append = [&] {
      put(drop.root() / "IM1", ByteView(whole).first(10), grows ? std::ios::app : std::ios::trunc);
    };
    drop.settle();
    CHECK(drop.sink.stored.empty());
    CHECK(drop.sink.abandoned == (grows ? 1 : 2));
    put(drop.root() / "IM1", whole);
  }
  drop.settle();
  REQUIRE(drop.sink.stored.size() == 1);
  CHECK(drop.sink.stored[0].bytes == small_image("1.2.3", 600'000));
}

TEST_CASE("what_replaced_the_file_after_it_was_read_is_taken_as_well") {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  drop.on_received = [&] {
    drop.on_received = {};
    put(drop.root() / "new", dicom_file("1.2.4"));
    fs::rename(drop.root() / "new", drop.root() / "IM1");
  };
  drop.settle();
  CHECK(drop.taken() == Names{"1.2.3"});
  CHECK(listing(drop.root()) == Names{"IM1"});
  for (int i = 0; i < 2; ++i) drop.pass(drop.options.stable_time), drop.round->work();
  CHECK(drop.taken() == Names{"1.2.3", "1.2.4"});
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("a_file_that_somebody_opened_again_to_write_while_it_was_stored_is_not_taken_from_under_him" * doctest::description("contract 1")) {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  int writer = -1;
  drop.on_received = [&] {
    if (writer < 0) writer = ::open((drop.root() / "IM1").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  };
  drop.settle();
  REQUIRE(writer >= 0);
  REQUIRE(listing(drop.root()) == Names{"IM1"});
  CHECK(::write(writer, "more", 4) == 4);
  ::close(writer);
  for (int i = 0; i < 2; ++i) drop.pass(drop.options.stable_time), drop.round->work();
  REQUIRE(drop.sink.stored.size() == 2);
  CHECK(drop.sink.stored[1].bytes.size() == drop.sink.stored[0].bytes.size() + 4);
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("a_file_that_vanishes_is_forgotten") {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.3"));
  drop.scan();
  fs::remove(drop.root() / "IM1");
  drop.pass(drop.options.stable_time);
  CHECK(drop.round->work() == never);
  CHECK(drop.sink.opened == 0);
}

TEST_CASE("a_full_sink_leaves_everything_in_its_place_and_is_asked_again" * doctest::description("contract 2")) {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  put(drop.root() / "IM2", dicom_file("1.2.2"));
  drop.sink.refuse_all = fail(Errc::full, "the disk is full");
  drop.settle();
  CHECK(listing(drop.root()) == Names{"IM1", "IM2"});
  CHECK(drop.sink.opened == 0);
  CHECK(drop.round->work() == drop.clock.mono() + drop.options.retry_every);
  drop.sink.refuse_all.reset();
  drop.sink.fail_append = fail(Errc::full, "no space");
  drop.pass(drop.options.retry_every);
  drop.round->work();
  CHECK(listing(drop.root()) == Names{"IM1", "IM2"});
  CHECK(drop.sink.abandoned == 1);
  drop.sink.fail_append.reset();
  drop.pass(drop.options.retry_every);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.1", "1.2.2"});
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("a_file_that_finds_no_room_holds_nobody_up_and_is_said" * doctest::description("contract 2, 8")) {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.1", 300'000));
  drop.sink.room = 200'000;
  drop.settle();
  put(drop.root() / "IM2", dicom_file("1.2.2"));
  drop.settle();
  CHECK(drop.taken() == Names{"1.2.2"});
  CHECK(listing(drop.root()) == Names{"IM1"});
  CHECK(drop.sink.opened == 1);  // not a byte of the other was read for nothing
  CHECK(drop.round->condition().trouble == FolderTrouble::file_too_large);
  CHECK(drop.round->condition().said == "420 MB");
  drop.sink.room = 400'000;
  drop.pass(drop.options.retry_every);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.2", "1.2.1"});
  CHECK(drop.round->condition().trouble == FolderTrouble::none);
}

TEST_CASE("an_unreadable_file_is_tried_again_and_holds_nobody_up" * doctest::description("contract 8")) {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  put(drop.root() / "IM2", dicom_file("1.2.2"));
  fs::permissions(drop.root() / "IM1", fs::perms::none);
  // The superuser of a test may read everything: as somebody else, for this thread only.
  fs::permissions(drop.directory.path(), fs::perms::all);
  fs::permissions(drop.root(), fs::perms::all);
  drop.scan();
  drop.pass(drop.options.stable_time);
  const auto own = ::geteuid();
  if (own == 0) REQUIRE(::seteuid(65534) == 0);
  drop.round->work();
  if (own == 0) REQUIRE(::seteuid(own) == 0);
  CHECK(drop.taken() == Names{"1.2.2"});
  CHECK(listing(drop.root()) == Names{"IM1"});
  fs::permissions(drop.root() / "IM1", fs::perms::owner_all);
  drop.pass(drop.options.retry_every);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.2", "1.2.1"});
}

TEST_CASE("an_original_that_cannot_be_removed_is_taken_once_and_not_again_and_again") {
  Drop drop;
  const fs::path folder = drop.root() / "cd";
  const fs::perms readable{0555};
  put(folder / "IM1", dicom_file("1.2.1"));
  fs::permissions(drop.directory.path(), fs::perms::all);
  fs::permissions(drop.root(), fs::perms::all);
  fs::permissions(folder / "IM1", fs::perms::all);
  fs::permissions(folder, readable);
  const auto own = ::geteuid();
  if (own == 0) REQUIRE(::seteuid(65534) == 0);
  for (int i = 0; i < 3; ++i) drop.settle();
  if (own == 0) REQUIRE(::seteuid(own) == 0);
  CHECK(drop.taken() == Names{"1.2.1"});
  fs::permissions(folder, fs::perms::owner_all);
  CHECK(listing(drop.root()) == Names{"cd/IM1"});
}

TEST_CASE("originals_are_kept_aside_when_so_configured_and_never_replaced") {
  Drop drop([](auto& options) { options.keep = true; });
  for (int i = 0; i < 3; ++i) {
    put(drop.root() / "ct/study/IM1", dicom_file("1.2." + std::to_string(i)));
    drop.settle();
  }
  CHECK(drop.taken() == Names{"1.2.0", "1.2.1", "1.2.2"});
  CHECK(listing(drop.root()).empty());
  CHECK(listing(drop.done()) == Names{"ct/study/IM1", "ct/study/IM1~2", "ct/study/IM1~3"});
  CHECK(test::read_bytes(drop.done() / "ct/study/IM1~3") == dicom_file("1.2.2"));
  drop.settle();
  CHECK(drop.taken().size() == 3);
}

TEST_CASE("what_is_no_dicom_is_set_aside_unchanged_with_a_reason_in_two_languages") {
  Drop drop;
  const std::string long_name(255, 'n');
  put(drop.root() / "sub/报告.txt", as_bytes("hello"));
  put(drop.root() / long_name, as_bytes("hello"));
  drop.settle();
  CHECK(drop.sink.opened == 0);
  CHECK(listing(drop.root()).empty());
  CHECK(text_of(drop.rejected() / "sub/报告.txt") == "hello");
  const std::string note = text_of(drop.rejected() / "sub/报告.txt.reason.txt");
  CHECK(note.find("这个文件没有被接收：它不是 DICOM 文件。") != std::string::npos);
  CHECK(note.find("This file was not taken: it is not a DICOM file.") != std::string::npos);
  CHECK(listing(drop.rejected()).size() == 4);
  CHECK(drop.reasons == std::vector<Unfit>{Unfit::not_dicom, Unfit::not_dicom});
}

TEST_CASE("the_side_folder_is_open_to_the_people_of_the_folder") {
  Drop drop;
  const auto agreed = fs::perms::owner_all | fs::perms::group_all;
  fs::permissions(drop.root(), agreed | fs::perms::set_gid);
  put(drop.root() / "a", as_bytes("hello"));
  const auto mask = ::umask(0077);
  drop.settle();
  ::umask(mask);
  CHECK(fs::status(drop.rejected()).permissions() == (agreed | fs::perms::set_gid));
  CHECK((fs::status(drop.rejected() / "a.reason.txt").permissions() & fs::perms::group_read) != fs::perms::none);
}

TEST_CASE("a_file_closed_before_it_was_finished_is_not_called_bad_too_soon") {
  Drop drop;
  put(drop.root() / "IM1", {});
  put(drop.root() / "IM2", as_bytes("DIC"));
  for (const char* name : {"IM1", "IM2"}) drop.round->saw(name, Sight::closed);
  drop.round->work();
  drop.pass(drop.options.stable_time - 1ms);
  drop.round->work();
  CHECK(drop.reasons.empty());
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  put(drop.root() / "IM2", dicom_file("1.2.2"));
  for (const char* name : {"IM1", "IM2"}) drop.round->saw(name, Sight::closed);
  drop.round->work();
  CHECK(drop.taken() == Names{"1.2.1", "1.2.2"});
}

TEST_CASE("empty_files_and_temporary_names_wait_much_longer") {
  Drop drop;
  put(drop.root() / "empty", {});
  for (const char* name : {"a.part", "b.TMP", ".c", "d~"}) put(drop.root() / name, dicom_file("1.2." + std::string(name, 1)));
  drop.settle();
  CHECK(drop.sink.opened == 0);
  CHECK(drop.reasons.empty());
  drop.pass(drop.options.unclosed_time);
  drop.round->work();
  CHECK(drop.sink.stored.size() == 4);
  CHECK(drop.reasons == std::vector<Unfit>{Unfit::empty});
  CHECK(listing(drop.root()).empty());
}

TEST_CASE("an_empty_file_that_gets_content_waits_no_longer_than_others") {
  Drop drop;
  put(drop.root() / "IM1", {});
  drop.scan();
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  drop.settle();
  CHECK(drop.taken() == Names{"1.2.1"});
}

TEST_CASE("a_thousand_files_are_taken_in_one_go_and_in_order") {
  Drop drop;
  Names expected;
  for (int i = 1000; i < 2000; ++i) {
    const std::string uid = "1.2." + std::to_string(i);
    expected.push_back(uid);
    put(drop.root() / ("d" + std::to_string(i % 7)) / ("IM" + std::to_string(i)), dicom_file(uid));
  }
  drop.settle();
  Names taken = drop.taken();
  CHECK(taken != expected);  // folder by folder
  std::sort(taken.begin(), taken.end());
  CHECK(taken == expected);
  CHECK(listing(drop.root(), true).empty());
}

TEST_CASE("links_pipes_and_hidden_folders_are_left_alone" * doctest::description("contract 8")) {
  Drop drop;
  const fs::path outside = drop.directory.path() / "outside";
  put(outside / "secret", dicom_file("1.2.9"));
  fs::create_symlink(outside / "secret", drop.root() / "link");
  fs::create_directory_symlink(outside, drop.root() / "folder");
  fs::create_symlink(drop.root(), drop.root() / "loop");
  REQUIRE(::mkfifo((drop.root() / "pipe").c_str(), 0600) == 0);
  put(drop.root() / ".snapshot/IM1", dicom_file("1.2.8"));
  drop.settle();
  drop.round->saw("link", Sight::closed);
  drop.round->saw("folder/secret", Sight::closed);
  drop.round->saw("pipe", Sight::closed);
  CHECK(drop.round->work() == never);
  CHECK(drop.sink.opened == 0);
  CHECK(drop.reasons.empty());
  CHECK(fs::exists(outside / "secret"));
}

TEST_CASE("folders_are_entered_to_a_bounded_depth") {
  Drop drop;
  fs::path path = drop.root();
  for (unsigned depth = 0; depth <= core::limits::folder_depth_max + 1; ++depth) {
    put(path / "IM", dicom_file("1.2." + std::to_string(depth)));
    path /= "d";
  }
  drop.settle();
  CHECK(drop.sink.stored.size() == core::limits::folder_depth_max + 1);
  CHECK(drop.folders.size() == core::limits::folder_depth_max + 1);
}

TEST_CASE("odd_names_are_only_names") {
  Drop drop;
  const Names names{"-rf", "a b", "q'uote", "semi;colon&amp", "%2e%2e", "back\\slash", "new\nline", "张三_胸片",
                    "\xff\xfe", std::string(255, 'a'), "IM.reason.txt"};
  for (std::size_t i = 0; i < names.size(); ++i) put(drop.root() / names[i], dicom_file("1.2." + std::to_string(i)));
  drop.settle();
  CHECK(drop.sink.stored.size() == names.size());
  CHECK(listing(drop.root(), true).empty());
}

TEST_CASE("any_file_travels_where_so_configured_and_is_never_a_cargo_that_expires" * doctest::description("contract 2")) {
  Drop drop([](auto& options) { options.carry_any = true; });
  Bytes pdf(600'000, 7);
  std::copy_n("%PDF-1.7", 8, pdf.begin());
  put(drop.root() / "sub/张三 心电图.pdf", pdf);
  put(drop.root() / "b.xml", as_bytes("<ecg/>"));
  put(drop.root() / "c", as_bytes("?"));
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  drop.settle();
  REQUIRE(drop.sink.stored.size() == 4);
  const auto& sent = drop.sink.stored[3];
  CHECK(sent.bytes == pdf);
  CHECK(sent.facts.get(Fact::name) == "张三 心电图.pdf");
  CHECK(sent.facts.get(Fact::media_type) == "application/pdf");
  CHECK(sent.facts.get(Fact::calling_ae) == "DROP1");
  const auto& traits = core::traits(sent.manifest.kind);
  CHECK_FALSE(traits.expires);
  CHECK(traits.when_full != core::WhenFull::drop_oldest);
  CHECK(drop.sink.stored[0].manifest.kind == core::Kind::image);
  CHECK(drop.sink.stored[1].facts.get(Fact::media_type) == "application/xml");
  CHECK(drop.sink.stored[2].facts.get(Fact::media_type) == "application/octet-stream");
  CHECK(listing(drop.root(), true).empty());
}

TEST_CASE("a_plain_file_written_again_is_another_item") {
  Drop drop([](auto& options) { options.carry_any = true; });
  for (int i = 0; i < 2; ++i) {
    put(drop.root() / "a.pdf", as_bytes("%PDF-1.4"));
    fs::last_write_time(drop.root() / "a.pdf", fs::file_time_type::clock::now() - std::chrono::seconds(i));
    drop.settle();
  }
  REQUIRE(drop.sink.stored.size() == 2);
  CHECK(drop.sink.stored[0].manifest.id != drop.sink.stored[1].manifest.id);
}

// As a copier puts it in that keeps the times: path, bytes and time of modification are those of the one that went.
TEST_CASE("a_plain_file_put_in_anew_is_another_item_than_the_same_one_that_went" * doctest::description("contract 2")) {
  Drop drop([](auto& options) { options.carry_any = true; });
  const auto written = fs::file_time_type::clock::now() - 1000h;
  for (int i = 0; i < 2; ++i) {
    put(drop.root() / "a.pdf", as_bytes("%PDF-1.4"));
    fs::last_write_time(drop.root() / "a.pdf", written);
    drop.settle();
  }
  REQUIRE(drop.sink.stored.size() == 2);
  CHECK_FALSE(drop.sink.stored[0].manifest.id.is_nil());
  CHECK(drop.sink.stored[0].manifest.id != drop.sink.stored[1].manifest.id);
}

TEST_CASE("a_plain_file_found_again_is_the_same_item_and_every_sign_that_it_was_put_in_anew_makes_another" * doctest::description("contract 2, 6")) {
  const Digest content{1}, other_content{2};
  const FileState state{8, 1'700'000'000'123'456'789, 1'800'000'000'123'456'789, 64, 12};
  const Uuid id = plain_file_id("DROP1/a.pdf", state, content);
  FileState found_again = state, other_inode = state, later = state, written = state;
  found_again.device = 65, other_inode.inode = 13, later.changed_ns += 1, written.modified_ns += 1'000'000;
  CHECK(plain_file_id("DROP1/a.pdf", found_again, content) == id);
  for (const FileState& other : {other_inode, later, written}) CHECK(plain_file_id("DROP1/a.pdf", other, content) != id);
  CHECK(plain_file_id("DROP1/b.pdf", state, content) != id);
  CHECK(plain_file_id("DROP1/a.pdf", state, other_content) != id);
}

TEST_CASE("a_missing_folder_is_no_failure_for_ever") {
  Drop drop;
  fs::remove(drop.root());
  CHECK(drop.round->scan([](const std::string&) {}).error().code == Errc::not_found);
  CHECK(drop.round->condition().trouble == FolderTrouble::missing);
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  drop.settle();
  CHECK(drop.taken() == Names{"1.2.1"});
}

TEST_CASE("a_stop_in_the_middle_leaves_the_file_for_the_next_start") {
  Drop drop;
  put(drop.root() / "IM1", dicom_file("1.2.1"));
  drop.scan();
  drop.pass(drop.options.stable_time);
  drop.stopping = true;
  drop.round->work();
  CHECK(drop.sink.stored.empty());
  CHECK(listing(drop.root()) == Names{"IM1"});
}
