// SPDX-License-Identifier: Apache-2.0
#include "sim/simulated_disk.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sampan::sim {
namespace {

constexpr std::uint64_t block = 4096, sector = 512;

std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

SimulatedDisk::SimulatedDisk(std::uint64_t seed, std::uint64_t total_bytes) : dice_(seed), total_bytes_(total_bytes) {}

bool SimulatedDisk::chance(unsigned in_1000) { return in_1000 > 0 && dice_() % 1000 < in_1000; }

bool SimulatedDisk::fault(unsigned in_1000) {
  const bool fails = chance(in_1000);
  failures_ += fails ? 1 : 0;
  return fails;
}

void SimulatedDisk::fail(const Faults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

void SimulatedDisk::resize(std::uint64_t total_bytes) {
  const std::lock_guard lock(mutex_);
  total_bytes_ = total_bytes;
}

std::uint64_t SimulatedDisk::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_blocks_ * block;
}

// Once dead nothing is counted any more, so that what a dying process still tries does not move the dice.
Status SimulatedDisk::begin_change(unsigned io_in_1000, const char* what) {
  if (dead()) return sampan::fail(Errc::io, std::string(what) + ": the machine is off");
  if (++operations_ >= die_at_) return sampan::fail(Errc::io, std::string(what) + ": the machine went off");
  if (fault(io_in_1000)) return sampan::fail(Errc::io, std::string(what) + ": injected");
  return {};
}

Status SimulatedDisk::allocate(Inode& inode, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return {};
  const std::uint64_t last = (offset + length - 1) / block;
  if (inode.blocks.size() <= last) inode.blocks.resize(last + 1);
  std::uint64_t wanted = 0;
  for (std::uint64_t i = offset / block; i <= last; ++i) wanted += inode.blocks[i] ? 0 : 1;
  if (wanted > 0 && (used_blocks_ + wanted) * block > total_bytes_) return ++failures_, sampan::fail(Errc::full, "write: no space");
  for (std::uint64_t i = offset / block; i <= last; ++i) inode.blocks[i] = true;
  used_blocks_ += wanted;
  return {};
}

void SimulatedDisk::free_blocks(Inode& inode, std::uint64_t offset, std::uint64_t length) {
  for (std::uint64_t i = (offset + block - 1) / block; i < inode.blocks.size() && (i + 1) * block <= offset + length; ++i) {
    used_blocks_ -= inode.blocks[i] ? 1 : 0;
    inode.blocks[i] = false;
  }
}

void SimulatedDisk::apply(Bytes& to, const Change& change) {
  switch (change.what) {
    case Change::What::write:
      if (to.size() < change.offset + change.bytes.size()) to.resize(change.offset + change.bytes.size());
      std::copy(change.bytes.begin(), change.bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(change.offset));
      return;
    case Change::What::truncate: return to.resize(change.offset);
    case Change::What::punch: {
      const std::uint64_t from = std::min<std::uint64_t>(change.offset, to.size());
      const std::uint64_t end = std::min<std::uint64_t>(change.offset + change.length, to.size());
      std::fill(to.begin() + static_cast<std::ptrdiff_t>(from), to.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
      return;
    }
  }
}

// Some sectors arrive; where the size did and the bytes did not, they read as zeros.
void SimulatedDisk::apply_torn(Bytes& to, const Change& change) {
  if (change.what != Change::What::write) return apply(to, change);
  const bool whole_size = chance(500);
  for (std::uint64_t at = 0; at < change.bytes.size(); at += sector) {
    if (chance(500)) continue;
    const std::uint64_t end = std::min<std::uint64_t>(at + sector, change.bytes.size());
    Change part{Change::What::write, change.offset + at, 0, {}};
    part.bytes.assign(change.bytes.begin() + static_cast<std::ptrdiff_t>(at), change.bytes.begin() + static_cast<std::ptrdiff_t>(end));
    apply(to, part);
  }
  if (whole_size && to.size() < change.offset + change.bytes.size()) to.resize(change.offset + change.bytes.size());
}

void SimulatedDisk::settle(Inode& inode, unsigned keeps_in_1000, bool in_order) {
  for (const Change& change : std::exchange(inode.pending, {})) {
    if (chance(keeps_in_1000)) {
      apply(inode.kept, change);
    } else {
      if (chance(300)) apply_torn(inode.kept, change);
      if (in_order) return;
    }
  }
}

void SimulatedDisk::apply_name(Names& names, const NameChange& change) {
  if (!change.from.empty()) {
    const auto found = names.find(change.from);
    if (found != names.end() && found->second == change.inode) names.erase(found);
  }
  if (!change.to.empty()) names[change.to] = change.inode;
}

void SimulatedDisk::change_name(NameChange change) {
  apply_name(names_, change);
  pending_names_.push_back(std::move(change));
}

void SimulatedDisk::restart() {
  const std::lock_guard lock(mutex_);
  die_at_ = UINT64_MAX;
}

void SimulatedDisk::cut_power() {
  const std::lock_guard lock(mutex_);
  die_at_ = UINT64_MAX;
  const unsigned keeps = std::array{0u, 500u, 900u, 1000u}[dice_() % 4];
  const bool in_order = chance(500);
  for (const NameChange& change : std::exchange(pending_names_, {}))
    if (chance(keeps)) apply_name(kept_names_, change);
  for (const auto& [name, inode] : names_)  // one that has lost its name is settled too, for what it is worth
    settle(*inode, keeps, in_order);
  for (const auto& [name, inode] : kept_names_) settle(*inode, keeps, in_order);
  names_ = kept_names_;
  used_blocks_ = 0;
  for (const auto& [name, inode] : names_) {
    inode->now = inode->kept;
    inode->blocks.resize((inode->now.size() + block - 1) / block);
    used_blocks_ += static_cast<std::uint64_t>(std::count(inode->blocks.begin(), inode->blocks.end(), true));
  }
}

void SimulatedDisk::erase(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return;
  free_blocks(*found->second, 0, UINT64_MAX / 2);
  std::erase_if(pending_names_, [&](const NameChange& change) { return change.inode == found->second; });
  names_.erase(found);
  kept_names_.erase(path);
}

void SimulatedDisk::overwrite(const std::string& path, std::uint64_t offset, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return;
  const Change change{Change::What::write, offset, 0, Bytes(bytes.begin(), bytes.end())};
  apply(found->second->now, change);
  apply(found->second->kept, change);
}

void SimulatedDisk::truncate(const std::string& path, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return;
  Inode& inode = *found->second;
  inode.pending.clear();
  inode.now.resize(std::min<std::uint64_t>(size, inode.now.size()));
  inode.kept.resize(std::min<std::uint64_t>(size, inode.kept.size()));
}

Result<std::unique_ptr<SimulatedDisk::Handle>> SimulatedDisk::open_handle(const std::string& path, bool create) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found != names_.end()) return std::make_unique<Handle>(*this, found->second);
  if (!create) return sampan::fail(Errc::not_found, "open " + path + ": no such file");
  if (Status begun = begin_change(faults_.write_io, "create"); !begun) return begun.error();
  if (fault(faults_.full)) return sampan::fail(Errc::full, "create: injected");
  auto inode = std::make_shared<Inode>();
  change_name({directory_of(path), {}, path, inode});
  return std::make_unique<Handle>(*this, inode);
}

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path, Mode mode) {
  const bool create = mode == Mode::create_new || mode == Mode::append_new;
  if (dead()) return sampan::fail(Errc::io, "open: the machine is off");
  if (create && exists(path)) return sampan::fail(Errc::io, "open " + path + ": it exists");
  auto handle = open_handle(path, create);
  if (!handle) return handle.error();
  return std::unique_ptr<File>(std::move(*handle));
}

Status SimulatedDisk::make_directories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (dead()) return sampan::fail(Errc::io, "mkdir: the machine is off");
  directories_.insert(path);
  return {};
}

Status SimulatedDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (Status begun = begin_change(faults_.sync_io, "fsync"); !begun) return begun;
  for (const NameChange& change : pending_names_)
    if (change.directory == path) apply_name(kept_names_, change);
  std::erase_if(pending_names_, [&](const NameChange& change) { return change.directory == path; });
  return {};
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(from);
  if (found == names_.end()) return sampan::fail(Errc::not_found, "rename " + from + ": no such file");
  if (Status begun = begin_change(faults_.write_io, "rename"); !begun) return begun;
  change_name({directory_of(from), from, to, found->second});
  return {};
}

Status SimulatedDisk::unlink(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return sampan::fail(Errc::not_found, "unlink " + path + ": no such file");
  if (Status begun = begin_change(faults_.write_io, "unlink"); !begun) return begun;
  free_blocks(*found->second, 0, UINT64_MAX / 2);
  change_name({directory_of(path), path, {}, found->second});
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (dead()) return sampan::fail(Errc::io, "opendir: the machine is off");
  std::vector<std::string> found;
  for (const auto& [path, inode] : names_)
    if (directory_of(path) == directory) found.push_back(path.substr(directory.size() + 1));
  return found;
}

Result<DiskSpace> SimulatedDisk::space(const std::string&) {
  const std::lock_guard lock(mutex_);
  if (dead()) return sampan::fail(Errc::io, "statvfs: the machine is off");
  const std::uint64_t used = used_blocks_ * block;
  return DiskSpace{total_bytes_, total_bytes_ - std::min(used, total_bytes_), 0, 0};
}

Result<std::size_t> SimulatedDisk::Handle::read_at(std::uint64_t offset, ByteSpan into) {
  const std::lock_guard lock(owner_.mutex_);
  if (owner_.dead()) return sampan::fail(Errc::io, "read: the machine is off");
  if (owner_.fault(owner_.faults_.read_io)) return sampan::fail(Errc::io, "read: injected");
  const Bytes& now = inode_->now;
  if (offset >= now.size()) return std::size_t{0};
  const std::size_t got = std::min<std::size_t>(into.size(), now.size() - offset);
  std::copy_n(now.begin() + static_cast<std::ptrdiff_t>(offset), got, into.begin());
  return got;
}

Status SimulatedDisk::Handle::write_at(std::uint64_t offset, ByteView bytes) {
  const std::lock_guard lock(owner_.mutex_);
  if (owner_.dead()) return sampan::fail(Errc::io, "write: the machine is off");
  Change change{Change::What::write, offset, 0, Bytes(bytes.begin(), bytes.end())};
  if (Status begun = owner_.begin_change(owner_.faults_.write_io, "write"); !begun) {
    // Some of it may be on its way already.
    change.bytes.resize(owner_.chance(500) ? owner_.dice_() % (bytes.size() + 1) : 0);
    if (change.bytes.empty() || !owner_.allocate(*inode_, offset, change.bytes.size()).ok()) return begun;
    owner_.apply(inode_->now, change);
    inode_->pending.push_back(std::move(change));
    return begun;
  }
  if (owner_.fault(owner_.faults_.full)) return sampan::fail(Errc::full, "write: injected");
  if (Status room = owner_.allocate(*inode_, offset, bytes.size()); !room) return room;
  owner_.apply(inode_->now, change);
  inode_->pending.push_back(std::move(change));
  return {};
}

Status SimulatedDisk::Handle::sync() {
  const std::lock_guard lock(owner_.mutex_);
  if (owner_.dead()) return sampan::fail(Errc::io, "fdatasync: the machine is off");
  if (Status begun = owner_.begin_change(owner_.faults_.sync_io, "fdatasync"); !begun) {
    if (owner_.dead()) return begun;  // a power cut decides
    owner_.settle(*inode_, 300, false);
    return begun;
  }
  for (const Change& change : std::exchange(inode_->pending, {})) owner_.apply(inode_->kept, change);
  return {};
}

Result<std::uint64_t> SimulatedDisk::Handle::size() {
  const std::lock_guard lock(owner_.mutex_);
  return static_cast<std::uint64_t>(inode_->now.size());
}

Status SimulatedDisk::Handle::punch(std::uint64_t offset, std::uint64_t length) {
  const std::lock_guard lock(owner_.mutex_);
  if (Status begun = owner_.begin_change(owner_.faults_.write_io, "punch"); !begun) return begun;
  Change change{Change::What::punch, offset, length, {}};
  owner_.apply(inode_->now, change);
  owner_.free_blocks(*inode_, offset, length);
  inode_->pending.push_back(std::move(change));
  return {};
}

// What is not dirty is read from the disk again.
void SimulatedDisk::Handle::forget(std::uint64_t offset, std::uint64_t length) {
  const std::lock_guard lock(owner_.mutex_);
  if (!inode_->pending.empty()) return;
  Bytes& now = inode_->now;
  const std::uint64_t end = std::min<std::uint64_t>(now.size(), offset + length);
  if (offset >= end) return;
  const std::uint64_t kept = std::clamp<std::uint64_t>(inode_->kept.size(), offset, end);
  std::copy(inode_->kept.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, inode_->kept.size())),
            inode_->kept.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(end, inode_->kept.size())),
            now.begin() + static_cast<std::ptrdiff_t>(offset));
  std::fill(now.begin() + static_cast<std::ptrdiff_t>(kept), now.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
}

Status SimulatedDisk::Handle::truncate(std::uint64_t size) {
  const std::lock_guard lock(owner_.mutex_);
  if (Status begun = owner_.begin_change(owner_.faults_.write_io, "truncate"); !begun) return begun;
  const std::uint64_t before = inode_->now.size();
  Change change{Change::What::truncate, size, 0, {}};
  owner_.apply(inode_->now, change);
  if (size < before) owner_.free_blocks(*inode_, size, before - size);
  inode_->pending.push_back(std::move(change));
  return {};
}

}  // namespace sampan::sim
