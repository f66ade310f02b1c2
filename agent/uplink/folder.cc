// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "core/limits.h"
#include "dicom/part10.h"
#include "uplink/folder_names.h"
#include "uplink/folder_root.h"
#include "uplink/folder_share.h"

namespace sampan::uplink {
namespace {

using core::Consignment;
using core::Delivered;
using core::Fact;
using core::Item;
using core::Outcome;
using core::Rejected;
using core::Retry;
using core::Scope;

namespace fs = std::filesystem;

constexpr std::size_t buffer_bytes = 256u << 10;
// A group is published when it holds so much; its reports wait no longer than that takes to sync.

// Between finding a name free and taking it, no other lane may take it.
std::mutex naming;

Retry copy_fails(const Error& error) {
  return {
      error.code == Errc::damaged ? "stored copy does not verify" : "stored copy cannot be read", Scope::item, {}, 0};
}

bool is_news(const Item& item) { return item.kind == core::Kind::event || item.kind == core::Kind::sample; }
// Written as it is; anything else is an image, behind a head of its own.
bool is_plain_file(const Item& item) {
  return is_news(item) || (item.kind == core::Kind::message && item.facts.has(Fact::media_type));
}

// When the item was made, by its id: the same on every copy, also of one that was queued again after a crash (RFC 9562 5.7).
WallTime time_of(const Uuid& id) {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | id.bytes[i];
  return {ms};
}

// Where an item is published below the root: <directory>/<stem><ending>.
struct Address {
  std::string directory, stem, ending;
};

Address address_of(const Item& item) {
  const core::Facts& facts = item.facts;
  if (is_news(item))
    return {"telemetry/" + to_iso8601(time_of(item.id)).substr(0, 10), to_string(item.id),
            "." + std::string(core::traits(item.kind).name) + ".jsonl"};
  if (is_plain_file(item))
    return {"files/" + to_iso8601(item.received).substr(0, 10),
            to_string(item.id) + "-" + safe_file_name(facts.get(Fact::name)), ""};
  return {safe_name(facts.get(Fact::study_instance_uid), "no-study") + "/" +
              safe_name(facts.get(Fact::series_instance_uid), "no-series"),
          safe_name(facts.get(Fact::sop_instance_uid), "no-instance"), ".dcm"};
}

// One item on its way: written to a temporary file, or found there already.
struct Staged {
  const Consignment* cargo = nullptr;
  std::string directory;
  std::string temporary;       // empty when the same data set is there already
  std::unique_ptr<File> file;  // of temporary, until it is synced
};

struct Place {
  std::string path;
  bool holds_the_same = false;
};

class FolderCourier final : public core::Courier {
 public:
  FolderCourier(FolderOptions options, FileSystem& files, const Clock& clock)
      : root_(options, files), files_(files), clock_(clock) {}

  void attempt(std::span<Consignment> batch, const core::Report& report) override {
    std::optional<Retry> broken;
    looked_ = false;
    without_links_.clear();
    for (const Consignment& cargo : batch) {
      if (!broken && interrupted_) broken = Retry{"interrupted", Scope::this_node, {}, 0};
      const std::optional<Outcome> decided = broken ? Outcome(*broken) : stage(cargo);
      if (decided) {
        if (const auto* retry = std::get_if<Retry>(&*decided); retry && retry->scope == Scope::destination)
          broken = *retry;
        report(cargo.item.id, *decided);
      }
      if (group_bytes_ >= core::limits::folder_group_bytes_max) publish(report);
    }
    publish(report);
    buffer_ = Bytes();
  }

  void rest() override {}
  void interrupt() override { interrupted_ = true; }

 private:
  // Nothing when the item is staged; else what became of it.
  std::optional<Outcome> stage(const Consignment& cargo);
  std::optional<Retry> open_root();
  Status prepare(const std::string& directory);
  Status look_for_links(const std::string& directory);
  Status make(const std::string& directory);
  Result<Place> choose(const std::string& directory, const Item& item);
  Result<bool> holds(const std::string& path, const Item& item);
  std::optional<Outcome> write(const Consignment& cargo, Staged& staged);
  std::optional<Outcome> copy(const Consignment& cargo, File& file);
  void publish(const core::Report& report);
  Status settle(Staged& staged);
  Status take_name(const Staged& staged);

  const FolderRoot root_;
  FileSystem& files_;
  const Clock& clock_;
  std::atomic<bool> interrupted_{false};
  Bytes buffer_;
  std::vector<Staged> group_;
  std::uint64_t group_bytes_ = 0;
  bool looked_ = false;  // at the root, in the running attempt
  std::set<std::string> known_directories_;  // made or seen by this courier
  std::set<std::string> without_links_;      // of those, in the running attempt
};

std::optional<Outcome> FolderCourier::stage(const Consignment& cargo) {
  const Item& item = cargo.item;
  if (item.kind != core::Kind::image && !is_plain_file(item)) return Rejected{"the folder cannot hold this kind of cargo"};
  if (item.kind == core::Kind::image && !item.facts.has(Fact::transfer_syntax_uid))
    return Rejected{"no transfer syntax: not a DICOM instance"};
  Staged staged;
  staged.cargo = &cargo;
  staged.directory = root_.path() + "/" + address_of(item).directory;
  if (auto closed = open_root()) return closed;
  if (Status made = prepare(staged.directory); !made) return folder_fails(made.error());
  const auto place = choose(staged.directory, item);
  if (!place) return folder_fails(place.error());
  if (!place->holds_the_same)
    if (auto failed = write(cargo, staged)) return failed;
  group_.push_back(std::move(staged));
  return std::nullopt;
}

// What is written below an empty mount point would count as archived, and be seen by nobody.
std::optional<Retry> FolderCourier::open_root() {
  if (std::exchange(looked_, true) && known_directories_.contains(root_.incoming())) return std::nullopt;
  const std::lock_guard lock(naming);  // lanes settle one after the other
  auto closed = root_.look();
  if (!closed) {
    if (Status made = prepare(root_.incoming()); !made) closed = folder_fails(made.error());
  }
  if (!closed) closed = root_.settle();
  if (closed) known_directories_.clear();
  return closed;
}

Status FolderCourier::prepare(const std::string& directory) {
  if (known_directories_.contains(directory)) return look_for_links(directory);
  if (Status made = make(directory); !made) return made.error();
  if (known_directories_.size() >= core::limits::folders_made_max) known_directories_.clear();
  known_directories_.insert(directory);
  return {};
}

// Somebody may have put one in the place of a folder that this courier knows.
Status FolderCourier::look_for_links(const std::string& directory) {
  if (without_links_.contains(directory)) return {};
  if (Status free = has_no_links(root_.path(), directory); !free) return known_directories_.clear(), free;
  without_links_.insert(directory);
  return {};
}

Status FolderCourier::make(const std::string& directory) {
  std::error_code unknown;
  const bool fresh = !fs::exists(root_.path(), unknown);
  if (Status free = has_no_links(root_.path(), directory); !free) return free;
  if (Status made = files_.make_directories(directory); !made) return made.error();
  if (fresh) share_root(root_.path());
  return directory == root_.incoming() ? Status() : share_folders(root_.path(), directory);
}

// The first name that is free or holds the same data set. The last one states the content: what it holds instead is
// damaged, and is replaced.
Result<Place> FolderCourier::choose(const std::string& directory, const Item& item) {
  const Address address = address_of(item);
  const std::string stem = directory + "/" + address.stem;
  const std::string hex = to_hex(item.sha256);
  std::string path;
  for (const std::string& suffix : {std::string(), "~" + hex.substr(0, 8), "~" + hex}) {
    path = stem + suffix + address.ending;
    const auto same = holds(path, item);
    if (!same && same.error().code == Errc::not_found) return Place{path, false};
    if (!same) return same.error();
    if (*same) return Place{path, true};
  }
  return Place{path, false};
}

Result<bool> FolderCourier::holds(const std::string& path, const Item& item) {
  auto file = files_.open(path, FileSystem::Mode::read);
  if (!file) return file.error();
  auto offset = is_plain_file(item) ? Result<std::uint64_t>(std::uint64_t{0}) : dicom::data_set_offset(**file);
  if (!offset) return offset.error().code == Errc::invalid ? Result<bool>(false) : offset.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  if (*size != *offset + item.size) return false;
  Sha256 hash;
  buffer_.resize(buffer_bytes);
  while (*offset < *size) {
    const auto got = (*file)->read_at(*offset, buffer_);
    if (!got) return got.error();
    if (*got == 0) return false;
    hash.update(ByteView(buffer_).first(*got));
    *offset += *got;
  }
  return hash.finish() == item.sha256;
}

std::optional<Outcome> FolderCourier::write(const Consignment& cargo, Staged& staged) {
  staged.temporary = root_.incoming() + "/" + to_string(cargo.item.id) + ".part";
  if (Status gone = files_.unlink(staged.temporary); !gone && gone.error().code != Errc::not_found)
    return folder_fails(gone.error());
  auto file = files_.open(staged.temporary, FileSystem::Mode::create_new);
  if (!file) return known_directories_.clear(), folder_fails(file.error());
  staged.file = std::move(*file);
  auto failed = copy(cargo, *staged.file);
  if (failed)
    (void)files_.unlink(staged.temporary);
  else
    group_bytes_ += cargo.item.size;
  return failed;
}

// Head and data set, through one buffer; the sum is taken of what is written.
std::optional<Outcome> FolderCourier::copy(const Consignment& cargo, File& file) {
  const Bytes head = is_plain_file(cargo.item) ? Bytes() : dicom::part10_head(cargo.item.facts);
  buffer_.resize(buffer_bytes);
  std::copy(head.begin(), head.end(), buffer_.begin());
  std::size_t filled = head.size();
  std::uint64_t read_bytes = 0, written_bytes = 0;
  Sha256 hash;
  for (bool more = true; more;) {
    if (interrupted_) return Retry{"interrupted", Scope::this_node, {}, 0};
    const auto got = cargo.payload->read(read_bytes, ByteSpan(buffer_).subspan(filled));
    if (!got) return copy_fails(got.error());
    hash.update(ByteView(buffer_).subspan(filled, *got));
    read_bytes += *got;
    filled += *got;
    more = filled == buffer_.size();
    if (Status written = file.write_at(written_bytes, ByteView(buffer_).first(filled)); !written)
      return folder_fails(written.error());
    written_bytes += filled;
    filled = 0;
  }
  // The sync of the group comes later: let the disk begin.
  file.write_back(0, written_bytes);
  if (hash.finish() != cargo.item.sha256) return copy_fails(fail(Errc::damaged, {}));
  return std::nullopt;
}

Status FolderCourier::settle(Staged& staged) {
  if (staged.temporary.empty()) return {};
  share_file(staged.temporary, root_.path());
  Status settled = staged.file->sync();
  staged.file.reset();
  if (settled) settled = take_name(staged);
  if (!settled) (void)files_.unlink(staged.temporary);
  return settled;
}

Status FolderCourier::take_name(const Staged& staged) {
  std::lock_guard lock(naming);
  const auto place = choose(staged.directory, staged.cargo->item);
  if (!place) return place.error();
  if (place->holds_the_same) return files_.unlink(staged.temporary);
  return files_.rename(staged.temporary, place->path);
}

void FolderCourier::publish(const core::Report& report) {
  std::map<std::string, Status> directories;
  std::vector<Status> settled;
  for (Staged& staged : group_) {
    settled.push_back(settle(staged));
    if (settled.back()) directories.emplace(staged.directory, Status());
  }
  for (auto& [directory, synced] : directories) synced = files_.sync_directory(directory);
  const auto gone = group_.empty() ? std::nullopt : root_.look();  // meanwhile: then nobody knows on which disk they are
  if (gone) known_directories_.clear();
  for (std::size_t i = 0; i < group_.size(); ++i) {
    const Item& item = group_[i].cargo->item;
    if (gone) {
      report(item.id, *gone);
      continue;
    }
    const Status& status = settled[i] ? directories.at(group_[i].directory) : settled[i];
    if (!status) known_directories_.clear();
    if (status)
      report(item.id, Delivered{{item.id, item.sha256, "folder", clock_.wall(), core::Level::archived}});
    else
      report(item.id, folder_fails(status.error()));
  }
  group_.clear();
  group_bytes_ = 0;
}

}  // namespace

std::unique_ptr<core::Courier> make_folder_courier(FolderOptions options, FileSystem& files, const Clock& clock) {
  return std::make_unique<FolderCourier>(std::move(options), files, clock);
}

}  // namespace sampan::uplink
