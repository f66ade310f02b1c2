// SPDX-License-Identifier: Apache-2.0
#include "queue/leases.h"

#include <algorithm>

namespace sampan::queue {
namespace {

constexpr std::size_t files_open_max = 8;

}  // namespace

std::unordered_set<Sequence> Leases::taken(const std::string& destination) const {
  std::lock_guard lock(mutex_);
  std::unordered_set<Sequence> taken;
  if (const auto held = held_.find(destination); held != held_.end())
    for (const auto& [item, lease] : held->second) taken.insert(lease.seq);
  return taken;
}

void Leases::add(const std::string& destination, const Uuid& item, Lease lease) {
  std::lock_guard lock(mutex_);
  held_[destination][item] = lease;
}

std::optional<Lease> Leases::find(const std::string& destination, const Uuid& item) const {
  std::lock_guard lock(mutex_);
  const auto held = held_.find(destination);
  if (held == held_.end()) return {};
  const auto lease = held->second.find(item);
  return lease == held->second.end() ? std::nullopt : std::optional<Lease>(lease->second);
}

void Leases::release(const std::string& destination, const Uuid& item) {
  std::lock_guard lock(mutex_);
  if (const auto held = held_.find(destination); held != held_.end()) held->second.erase(item);
}

Result<std::shared_ptr<File>> OpenSegments::get(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto known = std::find_if(recent_.begin(), recent_.end(), [number](const auto& entry) { return entry.first == number; });
  if (known != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, known);
    return recent_.front().second;
  }
  auto file = folder_.files().open(folder_.path_of(Stream::items, number), FileSystem::Mode::read);
  if (!file) return file.error();
  recent_.emplace_front(number, std::move(*file));
  if (recent_.size() > files_open_max) recent_.pop_back();
  return recent_.front().second;
}

}  // namespace sampan::queue
