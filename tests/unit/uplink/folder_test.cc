// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <functional>
#include <future>
#include <map>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "support/corpus.h"
#include "support/memory_payload.h"
#include "support/part10.h"
#include "support/temporary_directory.h"
#include "uplink/folder.h"
#include "uplink/folder_names.h"

using namespace sampan;
using test::MemoryPayload;
using core::Consignment;
using core::Delivered;
using core::Fact;
using core::Outcome;
using core::Rejected;
using core::Retry;
using core::Scope;
namespace fs = std::filesystem;

namespace {

// The real disk, with a diary of what was asked of it; fails the writes it is told to.
class WatchedDisk final : public FileSystem {
 public:
  std::vector<std::string> diary;
  std::size_t writes_before_full = SIZE_MAX;
  std::function<void()> before_rename;

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    auto file = disk().open(path, mode);
    if (!file) return file;
    return std::unique_ptr<File>(new Watched(std::move(*file), path, *this));
  }
  Status make_directories(const std::string& path) override { return disk().make_directories(path); }
  Status sync_directory(const std::string& path) override {
    return note("sync-directory", path), disk().sync_directory(path);
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (before_rename) before_rename();
    return note("rename", to), disk().rename(from, to);
  }
  Status unlink(const std::string& path) override { return disk().unlink(path); }
  Result<std::vector<std::string>> list(const std::string& path) override { return disk().list(path); }
  Result<DiskSpace> space(const std::string& path) override { return disk().space(path); }
  void note(const std::string& what, const std::string& path) {
    diary.push_back(what + " " + fs::path(path).filename().string());
  }

 private:
  struct Watched final : File {
    Watched(std::unique_ptr<File> file, std::string at, WatchedDisk& by) : inner(std::move(file)), path(at), disk(by) {}
    Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override { return inner->read_at(offset, into); }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
      if (disk.writes_before_full-- == 0) return fail(Errc::full, "write " + path + ": No space left on device");
      return inner->write_at(offset, bytes);
    }
    Status sync() override { return disk.note("sync", path), inner->sync(); }
    Result<std::uint64_t> size() override { return inner->size(); }
    Status punch(std::uint64_t offset, std::uint64_t length) override { return inner->punch(offset, length); }
    Status reserve(std::uint64_t length) override { return inner->reserve(length); }
    void write_back(std::uint64_t offset, std::uint64_t length) override { inner->write_back(offset, length); }
    void will_need(std::uint64_t offset, std::uint64_t length) override { inner->will_need(offset, length); }
    void forget(std::uint64_t offset, std::uint64_t length) override { inner->forget(offset, length); }
    std::unique_ptr<File> inner;
    std::string path;
    WatchedDisk& disk;
  };
};

Consignment consign(Bytes bytes, const std::string& sop = "1.2.3", bool damaged = false) {
  Consignment cargo;
  cargo.item.id = make_uuid7(system_clock().wall(), system_random());
  cargo.item.size = bytes.size();
  cargo.item.sha256 = sha256(bytes);
  cargo.item.facts.set(Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  cargo.item.facts.set(Fact::sop_instance_uid, sop);
  cargo.item.facts.set(Fact::transfer_syntax_uid, std::string(test::explicit_le));
  cargo.item.facts.set(Fact::study_instance_uid, "1.2");
  cargo.item.facts.set(Fact::series_instance_uid, "1.3");
  cargo.item.facts.set(Fact::calling_ae, "CT1");
  cargo.payload = std::make_shared<MemoryPayload>(std::move(bytes), damaged ? 0 : UINT64_MAX);
  return cargo;
}

Bytes noise(std::size_t size, std::uint8_t seed = 1) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>((i * 131 + seed) >> 3);
  return bytes;
}

struct Folder {
  test::TemporaryDirectory directory;
  WatchedDisk files;
  std::unique_ptr<core::Courier> courier =
      uplink::make_folder_courier({(directory.path() / "lead").string()}, files, system_clock());

  std::vector<Outcome> attempt(std::vector<Consignment>& batch) {
    std::map<Uuid, Outcome> outcomes;
    courier->attempt(batch, [&](const Uuid& id, const Outcome& outcome) {
      files.note("report", "");
      CHECK(outcomes.emplace(id, outcome).second);
      return true;
    });
    std::vector<Outcome> ordered;
    for (const Consignment& cargo : batch) ordered.push_back(outcomes.at(cargo.item.id));
    return ordered;
  }
  Outcome attempt(Consignment cargo) {
    std::vector<Consignment> batch{std::move(cargo)};
    return attempt(batch)[0];
  }
  fs::path series() const { return directory.path() / "lead/1.2/1.3"; }
  // Paths below the root, with the names of its own folder for the unfinished left out.
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& path : test::corpus_files(directory.path())) names.push_back(fs::relative(path, directory.path()));
    return names;
  }
};

Bytes data_set_of(const fs::path& path) {
  const Bytes file = test::read_bytes(path);
  const auto meta = test::read_file_meta(file);
  REQUIRE(meta.ok());
  return Bytes(file.begin() + static_cast<std::ptrdiff_t>(meta->data_set_offset), file.end());
}

bool is_delivered(const Outcome& outcome) { return std::holds_alternative<Delivered>(outcome); }
const Retry& retry(const Outcome& outcome) { return std::get<Retry>(outcome); }

}  // namespace

TEST_CASE("publishes_the_exact_data_set_of_any_size_under_a_valid_head" * doctest::description("contract 5")) {
  Folder folder;
  // Around the courier's buffer, with and without the head that shares it.
  for (const std::size_t size : {0u, 1u, 262143u, 262144u, 262145u, 261800u, 261801u, 524288u, 1000001u}) {
    const Bytes bytes = noise(size);
    const std::string sop = "1.2.3." + std::to_string(size);
    const Outcome outcome = folder.attempt(consign(bytes, sop));
    REQUIRE(is_delivered(outcome));
    const auto& receipt = std::get<Delivered>(outcome).receipt;
    CHECK(receipt.sha256 == sha256(bytes));
    CHECK(receipt.level == core::Level::archived);
    CHECK(receipt.node == "folder");
    CHECK(data_set_of(folder.series() / (sop + ".dcm")) == bytes);
  }
  const Bytes file = test::read_bytes(folder.series() / "1.2.3.1.dcm");
  const auto meta = test::read_file_meta(file);
  CHECK(meta->sop_class == "1.2.840.10008.5.1.4.1.1.2");
  CHECK(meta->sop_instance == "1.2.3.1");
  CHECK(meta->transfer_syntax == test::explicit_le);
  CHECK(load_le<std::uint32_t>(&file[140]) == meta->data_set_offset - 144);
  CHECK(meta->data_set_offset % 2 == 0);
}

TEST_CASE("every_size_around_the_buffer_arrives_whole" * doctest::description("contract 5")) {
  Folder folder;
  std::vector<Consignment> batch;
  for (std::size_t size = 262144 - 600; size < 262144; size += 2)
    batch.push_back(consign(noise(size), "1." + std::to_string(size)));
  for (const Outcome& outcome : folder.attempt(batch)) CHECK(is_delivered(outcome));
  for (const Consignment& cargo : batch) {
    const std::string name = std::string(cargo.item.facts.get(Fact::sop_instance_uid)) + ".dcm";
    CHECK(sha256(data_set_of(folder.series() / name)) == cargo.item.sha256);
  }
}

TEST_CASE("an_event_or_a_sample_is_a_line_of_json_in_a_file_of_its_own_and_comes_once" * doctest::description("contract 6")) {
  Folder folder;
  const auto news = [](core::Kind kind, const std::string& id) {
    Consignment cargo;
    const std::string line = "{\"id\":\"" + id + "\"}\n";
    Bytes bytes(line.begin(), line.end());
    cargo.item.id = uuid_from(id);
    cargo.item.kind = kind;
    cargo.item.size = bytes.size();
    cargo.item.sha256 = sha256(bytes);
    cargo.item.received = WallTime{4'000'000'000'000};  // queued again much later, after a crash
    cargo.payload = std::make_shared<MemoryPayload>(std::move(bytes));
    return cargo;
  };
  const std::string event = "01a21589-72b3-7563-bf67-b280293bd937", sample = "01a21589-76d7-7f19-aebc-5fc90916b1cb";
  for (int again = 0; again < 2; ++again) {
    std::vector<Consignment> batch{news(core::Kind::event, event), news(core::Kind::sample, sample)};
    for (const Outcome& outcome : folder.attempt(batch)) REQUIRE(is_delivered(outcome));
  }
  CHECK(folder.listing() == std::vector<std::string>{"lead/telemetry/2026-11-26/" + event + ".event.jsonl",
                                                     "lead/telemetry/2026-11-26/" + sample + ".sample.jsonl"});
  const Bytes file = test::read_bytes(folder.directory.path() / "lead/telemetry/2026-11-26" / (event + ".event.jsonl"));
  CHECK(std::string(file.begin(), file.end()) == "{\"id\":\"" + event + "\"}\n");
}

TEST_CASE("reports_delivery_only_after_file_name_and_directory_are_synced" * doctest::description("contract 3")) {
  Folder folder;
  std::vector<Consignment> batch{consign(noise(10), "1.1"), consign(noise(20), "1.2")};
  folder.attempt(batch);
  const std::vector<std::string> expected{"sync " + to_string(batch[0].item.id) + ".part",
                                          "rename 1.1.dcm",
                                          "sync " + to_string(batch[1].item.id) + ".part",
                                          "rename 1.2.dcm",
                                          "sync-directory 1.3",
                                          "report ",
                                          "report "};
  CHECK(folder.files.diary == expected);
}

TEST_CASE("the_same_data_set_again_is_delivered_and_published_once" * doctest::description("contract 6")) {
  Folder folder;
  CHECK(is_delivered(folder.attempt(consign(noise(1000)))));
  folder.files.diary.clear();
  CHECK(is_delivered(folder.attempt(consign(noise(1000)))));
  CHECK(folder.listing() == std::vector<std::string>{"lead/1.2/1.3/1.2.3.dcm"});
  // The first attempt may have died before its directory was synced.
  CHECK(folder.files.diary == std::vector<std::string>{"sync-directory 1.3", "report "});
}

TEST_CASE("another_data_set_under_the_same_uid_is_published_beside_the_first" * doctest::description("contract 6")) {
  Folder folder;
  std::vector<Consignment> batch{consign(noise(1000, 1)), consign(noise(1000, 9)), consign(noise(1000, 1)),
                                 consign(noise(999))};
  for (const Outcome& outcome : folder.attempt(batch)) CHECK(is_delivered(outcome));
  const auto beside = [&](std::size_t i) { return "1.2.3~" + to_hex(batch[i].item.sha256).substr(0, 8) + ".dcm"; };
  CHECK(data_set_of(folder.series() / "1.2.3.dcm") == noise(1000, 1));
  CHECK(data_set_of(folder.series() / beside(1)) == noise(1000, 9));
  CHECK(data_set_of(folder.series() / beside(3)) == noise(999));
  CHECK(folder.listing().size() == 3);
}

TEST_CASE("a_damaged_file_in_the_place_is_left_and_the_good_one_published_beside_it" *
          doctest::description("contract 6")) {
  Folder folder;
  folder.attempt(consign(noise(1000)));
  fs::resize_file(folder.series() / "1.2.3.dcm", 50);
  const Consignment cargo = consign(noise(1000));
  CHECK(is_delivered(folder.attempt(cargo)));
  const std::string stem = "1.2.3~" + to_hex(cargo.item.sha256);
  fs::resize_file(folder.series() / (stem.substr(0, 14) + ".dcm"), 51);
  CHECK(is_delivered(folder.attempt(consign(noise(1000)))));
  CHECK(data_set_of(folder.series() / (stem + ".dcm")) == noise(1000));
  fs::resize_file(folder.series() / (stem + ".dcm"), 52);
  CHECK(is_delivered(folder.attempt(consign(noise(1000)))));
  CHECK(data_set_of(folder.series() / (stem + ".dcm")) == noise(1000));
  CHECK(folder.listing().size() == 3);
}

TEST_CASE("no_uid_leads_out_of_the_folder_or_takes_the_name_of_another") {
  Folder folder;
  const std::vector<std::string> hostile{"..",
                                         ".",
                                         "../../etc",
                                         "/abs",
                                         std::string("1.2\0.3", 6),
                                         "",
                                         "1.2.3~00000000",
                                         std::string(64, '1'),
                                         std::string(65, '1'),
                                         std::string(5000, 'x'),
                                         "\xd5\xc5"};
  for (const auto& uid : hostile) {
    Consignment cargo = consign(noise(100 + uid.size()), uid);
    cargo.item.facts.set(Fact::study_instance_uid, uid);
    cargo.item.facts.set(Fact::series_instance_uid, uid);
    CHECK(is_delivered(folder.attempt(std::move(cargo))));
  }
  const auto names = folder.listing();
  CHECK(names.size() == hostile.size());
  for (const auto& name : names) {
    CHECK(std::count(name.begin(), name.end(), '/') == 3);
    CHECK(name.starts_with("lead/"));
  }
  CHECK(fs::exists(folder.directory.path() / "lead/no-study/no-series/no-instance.dcm"));
  CHECK(uplink::safe_name("..", "") == "%2e%2e");
  CHECK(uplink::safe_name(std::string(5000, 'x'), "") != uplink::safe_name(std::string(5001, 'x'), ""));
}

TEST_CASE("a_full_disk_is_a_retry_of_the_destination_and_leaves_nothing_half_written" *
          doctest::description("contract 7")) {
  Folder folder;
  folder.files.writes_before_full = 1;
  std::vector<Consignment> batch{consign(noise(10), "1.1"), consign(noise(10), "1.2"), consign(noise(10), "1.3")};
  const auto outcomes = folder.attempt(batch);
  CHECK(is_delivered(outcomes[0]));
  CHECK(retry(outcomes[1]).scope == Scope::destination);
  CHECK(retry(outcomes[1]).reason == "the disk of the folder is full");
  CHECK(retry(outcomes[2]).scope == Scope::destination);
  CHECK(folder.listing() == std::vector<std::string>{"lead/1.2/1.3/1.1.dcm"});
}

TEST_CASE("a_stored_copy_that_does_not_verify_is_not_published_and_the_others_go_on" *
          doctest::description("contract 8")) {
  Folder folder;
  std::vector<Consignment> batch{consign(noise(10), "1.1", true), consign(noise(10), "1.2"), consign(noise(10), "1.3")};
  batch[1].item.sha256[0] ^= 1;
  const auto outcomes = folder.attempt(batch);
  CHECK(retry(outcomes[0]).scope == Scope::item);
  CHECK(retry(outcomes[1]).scope == Scope::item);
  CHECK(is_delivered(outcomes[2]));
  CHECK(folder.listing() == std::vector<std::string>{"lead/1.2/1.3/1.3.dcm"});
}

TEST_CASE("cargo_that_a_folder_cannot_hold_is_rejected_in_words") {
  Folder folder;
  Consignment message = consign(noise(10));
  message.item.kind = core::Kind::message;
  CHECK(std::get<Rejected>(folder.attempt(message)).reason == "the folder cannot hold this kind of cargo");
}

TEST_CASE("a_file_that_is_no_dicom_is_published_as_it_is_under_its_day_and_its_own_name") {
  Folder folder;
  const auto pdf = [](const std::string& name, std::size_t size) {
    Consignment cargo = consign(noise(size));
    cargo.item.kind = core::Kind::message;
    cargo.item.received = WallTime{1'795'341'600'000};
    cargo.item.facts = {};
    cargo.item.facts.set(Fact::media_type, "application/pdf");
    cargo.item.facts.set(Fact::name, name);
    return cargo;
  };
  const std::vector<std::pair<std::string, std::string>> names{
      {"张三 心电图.pdf", "张三 心电图.pdf"},
      {"../../etc/passwd", "..%2f..%2fetc%2fpasswd"},
      {".", "._"},
      {"a\nb\xff\xc3.xml", "a%0ab%ff%c3.xml"},
      {"gpj\xe2\x80\xae.exe", "gpj%e2%80%ae.exe"},
      {"", "file"},
      {"con<>:\"|?*\\.", "con%3c%3e%3a%22%7c%3f%2a%5c._"}};
  std::vector<Consignment> batch;
  for (const auto& [name, safe] : names) batch.push_back(pdf(name, 300'000));
  for (const Outcome& outcome : folder.attempt(batch)) CHECK(is_delivered(outcome));
  const fs::path day = folder.directory.path() / "lead/files/2026-11-22";
  for (std::size_t i = 0; i < names.size(); ++i)
    CHECK(test::read_bytes(day / (to_string(batch[i].item.id) + "-" + names[i].second)) == noise(300'000));
  std::vector<Consignment> again;
  again.push_back(std::move(batch[0]));
  CHECK(is_delivered(folder.attempt(again)[0]));
  CHECK(folder.listing().size() == names.size());

  std::string long_name;
  for (int i = 0; i < 85; ++i) long_name += "心";
  const std::string cut = uplink::safe_file_name(long_name + ".pdf");
  CHECK(cut.size() <= 150);
  CHECK(cut.size() > 140);
  CHECK(cut.ends_with(".pdf"));
  CHECK(cut.starts_with("心心"));
  CHECK(cut != uplink::safe_file_name(long_name + "x.pdf"));
}

TEST_CASE("a_message_that_is_no_file_is_rejected") {
  Folder folder;
  Consignment message = consign(noise(10));
  message.item.kind = core::Kind::message;
  CHECK(std::holds_alternative<Rejected>(folder.attempt(message)));
}

TEST_CASE("an_unusable_root_is_a_retry_that_names_no_path" * doctest::description("contract 7, 11")) {
  Folder folder;
  std::ofstream(folder.directory.path() / "lead") << "a file";
  const Outcome outcome = folder.attempt(consign(noise(10)));
  CHECK(retry(outcome).scope == Scope::destination);
  CHECK(retry(outcome).reason.find('/') == std::string::npos);
}

TEST_CASE("a_leftover_of_a_crash_is_replaced") {
  Folder folder;
  const Consignment cargo = consign(noise(10));
  fs::create_directories(folder.directory.path() / "lead/.incoming");
  std::ofstream(folder.directory.path() / "lead/.incoming" / (to_string(cargo.item.id) + ".part"))
      << std::string(999, 'x');
  CHECK(is_delivered(folder.attempt(cargo)));
  CHECK(data_set_of(folder.series() / "1.2.3.dcm") == noise(10));
  CHECK(folder.listing().size() == 1);
}

TEST_CASE("who_may_read_the_folder_may_read_what_is_put_into_it_and_nobody_else") {
  const auto mask = ::umask(0077);
  for (const int given : {02770, 0755, 0700}) {
    Folder folder;
    const fs::perms agreed{static_cast<unsigned>(given)};
    fs::create_directories(folder.series().parent_path().parent_path());
    fs::permissions(folder.series().parent_path().parent_path(), agreed);
    REQUIRE(is_delivered(folder.attempt(consign(noise(10), "1.2.3"))));
    CHECK(fs::status(folder.series()).permissions() == agreed);
    CHECK(fs::status(folder.series().parent_path()).permissions() == agreed);
    CHECK(fs::status(folder.series() / "1.2.3.dcm").permissions() == (agreed & fs::perms{0666}));
  }
  // A root that is made here, in a folder that all may enter: for the people of that folder, not for the world.
  Folder folder;
  fs::permissions(folder.directory.path(), fs::perms{0775});
  REQUIRE(is_delivered(folder.attempt(consign(noise(10), "1.2.3"))));
  CHECK(fs::status(folder.series() / "1.2.3.dcm").permissions() == fs::perms{0660});
  ::umask(mask);
}

TEST_CASE("a_link_that_somebody_put_into_the_folder_is_not_followed_and_that_is_said") {
  Folder folder;
  const fs::path root = folder.directory.path() / "lead", target = folder.directory.path() / "target";
  fs::create_directories(root);
  fs::create_directories(target / "inner");
  fs::permissions(root, fs::perms{0777});
  for (const auto& one : {target, target / "inner"}) fs::permissions(one, fs::perms{0700});
  SUBCASE("a study") { fs::create_directory_symlink(target, root / "1.2"); }
  SUBCASE("a series") {
    fs::create_directories(root / "1.2");
    fs::create_directory_symlink(target / "inner", root / "1.2/1.3");
  }
  SUBCASE("where files begin") { fs::create_directory_symlink(target, root / ".incoming"); }
  const auto outcome = folder.attempt(consign(noise(10), "1.2.3"));
  REQUIRE(std::holds_alternative<Retry>(outcome));
  CHECK(retry(outcome).reason == "cannot write to the folder: a link or a file is in the place of a folder, and nothing is written through it");
  for (const auto& one : {target, target / "inner"}) CHECK(fs::status(one).permissions() == fs::perms{0700});
  CHECK(test::corpus_files(target).empty());
}

TEST_CASE("a_folder_that_the_courier_knows_and_somebody_swapped_for_a_link_is_not_followed_either") {
  Folder folder;
  const fs::path root = folder.directory.path() / "lead", target = folder.directory.path() / "target";
  fs::create_directories(target / "1.3");
  REQUIRE(is_delivered(folder.attempt(consign(noise(10), "1.2.3"))));
  fs::path swapped;
  SUBCASE("a study") { swapped = root / "1.2"; }
  SUBCASE("a series") { swapped = root / "1.2/1.3"; }
  SUBCASE("where files begin") { swapped = root / ".incoming"; }
  fs::rename(swapped, folder.directory.path() / "kept");
  fs::create_directory_symlink(target, swapped);
  const auto outcome = folder.attempt(consign(noise(20), "1.2.4"));
  REQUIRE(std::holds_alternative<Retry>(outcome));
  CHECK(retry(outcome).reason == "cannot write to the folder: a link or a file is in the place of a folder, and nothing is written through it");
  CHECK(test::corpus_files(target).empty());
  fs::remove(swapped);
  fs::rename(folder.directory.path() / "kept", swapped);
  CHECK(is_delivered(folder.attempt(consign(noise(20), "1.2.4"))));
}

TEST_CASE("an_interrupted_courier_reports_retry_for_everything") {
  Folder folder;
  folder.courier->interrupt();
  CHECK(retry(folder.attempt(consign(noise(10)))).scope == Scope::this_node);
  CHECK(folder.listing().empty());
}

TEST_CASE("lanes_that_share_a_root_never_overwrite_each_other" * doctest::description("contract 6")) {
  Folder folder;
  const std::string root = (folder.directory.path() / "lead").string();
  std::future<bool> other;
  // The moment between finding the name free and taking it: the other lane gets as far as it can.
  folder.files.before_rename = [&] {
    other = std::async(std::launch::async, [&root] {
      std::vector<Consignment> batch{consign(noise(100, 80))};
      bool delivered = false;
      uplink::make_folder_courier({root}, disk(), system_clock())
          ->attempt(batch, [&](const Uuid&, const Outcome& outcome) { return delivered = is_delivered(outcome); });
      return delivered;
    });
    other.wait_for(std::chrono::milliseconds(200));
  };
  CHECK(is_delivered(folder.attempt(consign(noise(100, 8)))));
  CHECK(other.get());
  CHECK(folder.listing().size() == 2);
}

namespace {

// A share below which images go, with a courier or a new one after a restart.
struct Share {
  Outcome attempt(core::Courier& who, int seed) const {
    std::vector<Consignment> batch{consign(noise(100, seed))};
    std::optional<Outcome> said;
    who.attempt(batch, [&](const Uuid&, const Outcome& outcome) { return said = outcome, true; });
    return *said;
  }
  std::unique_ptr<core::Courier> restarted(FileSystem& files = disk()) const { return uplink::make_folder_courier(options, files, system_clock()); }
  // Why nothing was written.
  std::string gets_nothing(core::Courier& who) const {
    const Outcome outcome = attempt(who, 2);
    REQUIRE(std::holds_alternative<Retry>(outcome));
    CHECK(std::get<Retry>(outcome).scope == Scope::destination);
    return std::get<Retry>(outcome).reason;
  }
  // What an earlier version remembered.
  void was_used_by_an_earlier_version() const {
    fs::create_directories(options.memory);
    std::ofstream(fs::path(options.memory) / to_hex(sha256(as_bytes(options.root))).substr(0, 16)) << options.root;
    fs::create_directories(root + "/.incoming");
  }
  test::TemporaryDirectory directory;
  const std::string root = (directory.path() / "share").string();
  const fs::path away = directory.path() / "mounted elsewhere";
  uplink::FolderOptions options{root, (directory.path() / "state/folders").string()};
};

constexpr const char* another =
    "the folder is not the one that images went to before: its disk is not mounted, or it was emptied (if it is meant, make an empty "
    "file .incoming/folder-id in it)";

}  // namespace

// What an unmounted share looks like: the mount point, empty.
TEST_CASE("a_folder_that_is_another_one_than_before_gets_nothing_until_it_is_back" * doctest::description("contract 3, 4")) {
  const Share share;
  const std::string& root = share.root;
  auto courier = share.restarted();
  fs::create_directories(root);  // a mount point is there before its disk is
  CHECK(is_delivered(share.attempt(*courier, 1)));
  fs::rename(root, share.away);
  fs::create_directories(root);
  auto after_restart = share.restarted();
  for (core::Courier* who : {courier.get(), after_restart.get()}) {
    CHECK(share.gets_nothing(*who) == another);
    CHECK(fs::is_empty(root));
  }
  fs::remove(root);
  CHECK(!is_delivered(share.attempt(*after_restart, 2)));
  CHECK(!fs::exists(root));
  fs::rename(share.away, root);
  CHECK(is_delivered(share.attempt(*after_restart, 2)));
  CHECK(is_delivered(share.attempt(*courier, 3)));
}

TEST_CASE("a_mount_point_with_a_folder_of_an_earlier_start_gets_nothing_without_its_disk" * doctest::description("contract 3, 4")) {
  const Share share;
  auto courier = share.restarted();
  CHECK(is_delivered(share.attempt(*courier, 1)));
  fs::rename(share.root, share.away);
  fs::create_directories(share.root + "/.incoming");
  const auto only_that = [&] { return test::corpus_files(share.root).empty() && fs::is_empty(share.root + "/.incoming"); };
  const auto after_restart = share.restarted();
  for (core::Courier* who : {courier.get(), after_restart.get()}) {
    CHECK(share.gets_nothing(*who) == another);
    CHECK(only_that());
  }
  std::ofstream(share.root + "/.incoming/folder-id") << "0123456789abcdef0123456789abcdef\n";  // of another folder
  CHECK(share.gets_nothing(*share.restarted()) == another);
  std::ofstream(share.root + "/.incoming/folder-id").close();  // a person means this one
  CHECK(is_delivered(share.attempt(*courier, 2)));
  CHECK(is_delivered(share.attempt(*share.restarted(), 3)));
  fs::remove_all(share.root);
  fs::rename(share.away, share.root);
  CHECK(share.gets_nothing(*share.restarted()) == another);
}

TEST_CASE("a_disk_that_goes_while_images_are_written_has_them_sent_again" * doctest::description("contract 3")) {
  const Share share;
  WatchedDisk files;
  auto courier = share.restarted(files);
  CHECK(is_delivered(share.attempt(*courier, 1)));
  files.before_rename = [&] { std::ofstream(share.root + "/.incoming/folder-id") << "0123456789abcdef0123456789abcdef\n"; };
  CHECK(share.gets_nothing(*courier) == another);
}

TEST_CASE("a_folder_that_an_earlier_version_wrote_to_is_taken_for_the_same_where_it_holds_something") {
  const Share share;
  share.was_used_by_an_earlier_version();
  CHECK(share.gets_nothing(*share.restarted()) == another);
  fs::create_directories(share.root + "/1.2");
  auto courier = share.restarted();
  CHECK(is_delivered(share.attempt(*courier, 1)));
  fs::remove(share.root + "/.incoming/folder-id");
  CHECK(share.gets_nothing(*courier) == another);  // from now on it is known by its word
}

TEST_CASE("a_folder_that_cannot_be_remembered_or_looked_at_gets_nothing_and_that_is_said") {
  Share share;
  CHECK(is_delivered(share.attempt(*share.restarted(), 1)));
  SUBCASE("written with another slash it is the same") {
    share.options.root += "//";
    fs::rename(share.root, share.away);
    fs::create_directories(share.root + "/.incoming");
    CHECK(share.gets_nothing(*share.restarted()) == another);
  }
  SUBCASE("no memory") {
    std::ofstream(share.directory.path() / "file") << "x";
    share.options.memory = (share.directory.path() / "file/folders").string();
    CHECK(share.gets_nothing(*share.restarted()).starts_with("what folder images go to cannot be remembered: "));
  }
  SUBCASE("no folder") {
    fs::remove_all(share.root + "/.incoming");
    std::ofstream(share.root + "/.incoming") << "x";
    CHECK(share.gets_nothing(*share.restarted()).starts_with("cannot write to the folder: "));
  }
}
