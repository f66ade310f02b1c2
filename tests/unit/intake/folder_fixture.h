// SPDX-License-Identifier: Apache-2.0
// What the tests of the folder intake share: a folder, a round over it under a clock of their own, and files to put in.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "dimse_fixture.h"
#include "intake/folder_round.h"
#include "support/corpus.h"
#include "support/part10.h"
#include "support/temporary_directory.h"

namespace sampan::intake {

namespace fs = std::filesystem;

class HandClock final : public Clock {
 public:
  MonoTime mono() const override { return {ms}; }
  WallTime wall() const override { return {1'700'000'000'000 + ms}; }
  std::int64_t ms = 1'000'000;
};

inline Bytes operator+(Bytes head, const Bytes& rest) {
  head.insert(head.end(), rest.begin(), rest.end());
  return head;
}

inline Bytes dicom_file(const std::string& sop_instance, std::size_t pixel_bytes = 100) {
  return test::file_head(ct_class, sop_instance, explicit_le) + small_image(sop_instance, pixel_bytes);
}

inline void put(const fs::path& path, ByteView bytes, std::ios::openmode mode = std::ios::trunc) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | mode);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// The directory of a medium that names these files.
inline Bytes dicomdir(const std::vector<std::string>& ids, const std::vector<std::string>& uids = {}) {
  test::DataSetWriter directory;
  directory.text(0x00041130, "CS", "CD");
  directory.header(0x00041220, "SQ", 0xffffffff);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    directory.header(0xfffee000, "", 0);  // an item, walked into
    directory.text(0x00041430, "CS", "IMAGE");
    directory.text(0x00041500, "CS", ids[i]);
    if (i < uids.size()) directory.text(0x00041511, "UI", uids[i]);
  }
  return test::file_head("1.2.840.10008.1.3.10", "1.2.9", explicit_le) + directory.bytes();
}

// Paths below a folder, sorted; its own folders only when hidden is true.
inline std::vector<std::string> listing(const fs::path& folder, bool hidden = false) {
  std::vector<std::string> names;
  for (const auto& path : test::corpus_files(folder)) {
    const std::string name = fs::relative(path, folder);
    if (hidden || !name.starts_with(".sampan-")) names.push_back(name);
  }
  return names;
}

// Lets a test do something while a file is being read.
class TellingSink final : public core::Sink {
 public:
  explicit TellingSink(core::Sink& inner) : inner_(inner) {}
  std::function<void()> on_append;

  Status admits(core::Kind kind) const override { return inner_.admits(kind); }
  Result<std::unique_ptr<core::Inflow>> open(const core::Manifest& manifest) override {
    auto opened = inner_.open(manifest);
    if (!opened) return opened.error();
    return std::unique_ptr<core::Inflow>(new Telling(*this, std::move(*opened)));
  }

 private:
  struct Telling final : core::Inflow {
    Telling(TellingSink& sink, std::unique_ptr<core::Inflow> inflow) : by(sink), inner(std::move(inflow)) {}
    Status append(ByteView bytes) override {
      if (by.on_append) std::exchange(by.on_append, {})();
      return inner->append(bytes);
    }
    Result<core::Stored> commit(const core::Facts& facts) override { return inner->commit(facts); }
    TellingSink& by;
    std::unique_ptr<core::Inflow> inner;
  };
  core::Sink& inner_;
};

class Drop final : public FolderIntake::Observer {
 public:
  explicit Drop(const std::function<void(FolderIntakeOptions&)>& adjust = {}) {
    options.path = (directory.path() / "drop").string();
    options.ae_title = "DROP1";
    fs::create_directories(options.path);
    if (adjust) adjust(options);
    restart();
  }
  // As after a crash: nothing is remembered.
  void restart() { round = std::make_unique<FolderRound>(telling, clock, options, *this, stopping); }
  fs::path root() const { return options.path; }
  fs::path rejected() const { return root() / ".sampan-rejected"; }
  fs::path done() const { return root() / ".sampan-done"; }
  void scan() { must(round->scan([this](const std::string& folder) { folders.push_back(folder); })); }
  void pass(Millis time) { clock.ms += time.count(); }
  // Looks, waits as long as it takes for a quiet file, and takes.
  void settle() {
    scan();
    pass(options.stable_time);
    round->work();
  }
  std::vector<std::string> taken() {
    std::vector<std::string> uids;
    for (const auto& cargo : sink.stored) uids.emplace_back(cargo.facts.get(core::Fact::sop_instance_uid));
    return uids;
  }

  void received(const core::Facts&, std::uint64_t bytes, bool) override {
    sizes.push_back(bytes);
    if (on_received) on_received();
  }
  void set_aside(const std::string&, Unfit reason) override { reasons.push_back(reason); }
  void medium_incomplete(const std::string&, std::uint64_t files) override { incomplete.push_back(files); }
  bool holds(const std::string& sop_instance_uid) override { return std::ranges::count(taken(), sop_instance_uid) > 0; }

  test::TemporaryDirectory directory;
  HandClock clock;
  MemorySink sink;
  TellingSink telling{sink};
  FolderIntakeOptions options;
  std::atomic<bool> stopping{false};
  std::unique_ptr<FolderRound> round;
  std::vector<std::string> folders;
  std::vector<std::uint64_t> sizes;
  std::vector<Unfit> reasons;
  std::vector<std::uint64_t> incomplete;
  std::function<void()> on_received;

 private:
  static void must(const Status& status) {
    if (!status) SAMPAN_PANIC(status.error().message.c_str());
  }
};

}  // namespace sampan::intake
