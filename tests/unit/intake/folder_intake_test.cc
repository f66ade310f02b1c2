// SPDX-License-Identifier: Apache-2.0
// The intake on its own thread, with the kernel's word and with polling; and what the corpus of bad files makes of it.
#include <doctest/doctest.h>

#include <map>

#include "folder_fixture.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

// Real time: long waits where nothing should depend on them, short ones where the test is about them.
struct Running {
  explicit Running(const std::function<void(FolderIntakeOptions&)>& adjust)
      : drop(adjust), intake(drop.sink, system_clock(), drop.options, drop) {
    if (!intake.start()) SAMPAN_PANIC("no thread");
  }
  ~Running() { intake.stop(); }
  bool wait_for(std::size_t images) {
    return drop.sink.watched.wait([&] { return drop.sink.stored.size() >= images; });
  }
  std::size_t stored() {
    const auto lock = drop.sink.watched.lock();
    return drop.sink.stored.size();
  }
  // Closed again and again: the first time nobody may be watching yet.
  bool write_until_taken(const fs::path& path, const std::string& uid) {
    const std::size_t before = stored();
    const auto end = std::chrono::steady_clock::now() + patience;
    while (stored() == before && std::chrono::steady_clock::now() < end) {
      put(path, dicom_file(uid));
      const auto look_again = std::chrono::steady_clock::now() + Millis(50);
      while (stored() == before && std::chrono::steady_clock::now() < look_again) std::this_thread::sleep_for(Millis(2));
    }
    return stored() > before && wait_until_gone(path);
  }
  bool wait_until_gone(const fs::path& path) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (fs::exists(path) && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(Millis(2));
    return !fs::exists(path);
  }

  Drop drop;
  FolderIntake intake;
};

constexpr Millis ages{3'600'000};

void only_the_kernel(FolderIntakeOptions& options) {
  options.watching = FolderWatching::inotify;
  options.stable_time = options.rescan_every = options.poll_every = options.unclosed_time = ages;
}

void only_polling(FolderIntakeOptions& options) {
  options.watching = FolderWatching::poll;
  options.stable_time = options.poll_every = Millis(20);
  options.rescan_every = ages;
}

}  // namespace

TEST_CASE("the_kernel_tells_of_closed_files_of_moved_ones_and_of_new_folders") {
  Running running(only_the_kernel);
  const fs::path root = running.drop.root(), outside = running.drop.directory.path() / "outside";
  REQUIRE(running.write_until_taken(root / "IM1", "1.2.1"));
  const std::size_t before = running.stored();
  put(outside / "IM2", dicom_file("1.2.2"));
  fs::rename(outside / "IM2", root / "IM2");
  CHECK(running.wait_for(before + 1));
  CHECK(running.write_until_taken(root / "a/b/IM3", "1.2.3"));
}

TEST_CASE("polling_takes_what_stays_the_same") {
  Running running(only_polling);
  for (int i = 0; i < 50; ++i)
    put(running.drop.root() / "s" / std::to_string(i), dicom_file("1.2." + std::to_string(i)));
  CHECK(running.wait_for(50));
  CHECK(running.wait_until_gone(running.drop.root() / "s/49"));
}

TEST_CASE("a_folder_that_comes_later_is_found") {
  Running running([](FolderIntakeOptions& options) {
    only_the_kernel(options);
    options.stable_time = Millis(20);
    options.retry_every = Millis(20);
    fs::remove(options.path);
  });
  put(running.drop.root() / "IM1", dicom_file("1.2.1"));
  CHECK(running.wait_for(1));
}

TEST_CASE("a_stop_ends_a_waiting_intake_at_once") {
  Running running(only_the_kernel);
  const auto began = std::chrono::steady_clock::now();
  running.intake.stop();
  CHECK(std::chrono::steady_clock::now() - began < patience);
}

TEST_CASE("every_file_of_the_corpus_of_bad_ones_is_taken_or_set_aside" * doctest::description("contract 8")) {
  const fs::path corpus = test::corpus_directory();
  if (corpus.empty()) {
    MESSAGE("skipped: no corpus here (SAMPAN_CORPUS)");
    return;
  }
  Drop drop;
  std::size_t count = 0;
  for (const auto& path : test::corpus_files(corpus / "bad")) {
    const fs::path to = drop.root() / fs::relative(path, corpus / "bad");
    fs::create_directories(to.parent_path());
    fs::copy_file(path, to);
    ++count;
  }
  drop.settle();
  drop.pass(drop.options.unclosed_time);
  for (int i = 0; i < 3; ++i) drop.pass(drop.options.stable_time), drop.round->work();
  CHECK(listing(drop.root()).empty());
  CHECK(drop.sink.stored.size() + drop.reasons.size() + drop.incomplete.size() == count);
  for (const auto& path : test::corpus_files(corpus / "bad/made/not_dicom"))
    CHECK_MESSAGE(fs::exists(drop.rejected() / "made/not_dicom" / path.filename()), path);
  for (const auto& path : test::corpus_files(corpus / "bad/made/names"))
    CHECK_FALSE(fs::exists(drop.rejected() / "made/names" / path.filename()));
  for (const char* name : {"group_length_ffffffff", "group_length_long", "group_length_past_end", "group_length_short",
                           "group_length_zero", "no_group_length", "preamble_mz", "preamble_tiff"})
    CHECK_MESSAGE(!fs::exists(drop.rejected() / "made/meta" / (std::string(name) + ".dcm")), name);
  CHECK_FALSE(fs::exists(drop.done()));
}

TEST_CASE("every_good_file_of_the_corpus_is_taken_unchanged" * doctest::description("contract 5")) {
  const fs::path corpus = test::corpus_directory();
  if (corpus.empty()) {
    MESSAGE("skipped: no corpus here (SAMPAN_CORPUS)");
    return;
  }
  Drop drop;
  for (const char* part : {"charset", "nonimage", "mr"})
    for (const auto& path : test::corpus_files(corpus / part)) {
      const Bytes file = test::read_bytes(path);
      put(drop.root() / path.filename(), file);
      drop.sink.stored.clear();
      drop.settle();
      const auto meta = test::read_file_meta(file);
      REQUIRE(meta.ok());
      REQUIRE_MESSAGE(drop.sink.stored.size() == 1, path);
      const auto& cargo = drop.sink.stored[0];
      CHECK(cargo.bytes == Bytes(file.begin() + static_cast<std::ptrdiff_t>(meta->data_set_offset), file.end()));
      CHECK(cargo.facts.get(core::Fact::transfer_syntax_uid) == meta->transfer_syntax);
    }
  CHECK(drop.reasons.empty());
}
