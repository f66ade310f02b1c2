// SPDX-License-Identifier: Apache-2.0
#include "telemetry/inbox.h"

#include <array>
#include <utility>

#include "core/limits.h"

namespace sampan::telemetry {

using core::Fact;
namespace limits = core::limits;

namespace {

constexpr std::array told_by{Fact::sop_class_uid, Fact::manufacturer, Fact::model,      Fact::device_serial, Fact::station_name,
                             Fact::software_versions, Fact::detector_id, Fact::modality, Fact::calling_ae, Fact::peer_address,
                             Fact::character_set};

std::string key_of(const core::Facts& facts) {
  std::string key;
  for (const Fact fact : told_by)
    if (fact != Fact::sop_class_uid) key.append(facts.get(fact)).push_back('\0');
  return key;
}

}  // namespace

void Inbox::saw(const core::Facts& facts, std::uint64_t bytes, bool repeated, WallTime time) {
  if (!facts.has(Fact::sop_class_uid)) return;
  const std::string key = key_of(facts);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (repeated) ++repeated_;
    auto found = seen_.find(key);
    if (found == seen_.end()) {
      if (seen_.size() >= limits::sightings_max) {
        ++lost_;
        return;
      }
      found = seen_.emplace(key, Seen{}).first;
      for (const Fact fact : told_by) found->second.facts.set(fact, std::string(facts.get(fact)));
    }
    if (!repeated) ++found->second.fresh.instances, found->second.fresh.bytes += bytes;
    found->second.last = time;
    wake = !std::exchange(something_, true);
  }
  if (wake) changed_.notify_one();
}

template <class List, class Entry>
void Inbox::add(List& list, Entry entry, std::size_t most) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (list.size() < most)
      list.push_back(std::move(entry));
    else
      ++lost_;
    wake = !std::exchange(something_, true);
  }
  if (wake) changed_.notify_one();
}

void Inbox::connected(std::string ae_title, std::string address, WallTime time) {
  add(connected_, Connected{std::move(ae_title), std::move(address), time}, limits::sightings_max);
}

void Inbox::put(News news) { add(news_, std::move(news), limits::news_waiting_max); }

Inbox::Woken Inbox::wait(Millis at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [this] { return something_ || stopped_; });
  return stopped_ ? Woken::stopped : something_ ? Woken::something : Woken::time;
}

Inbox::Woken Inbox::pause(Millis time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopped_; });
  return stopped_ ? Woken::stopped : Woken::something;
}

void Inbox::wake() {
  {
    const std::lock_guard lock(mutex_);
    something_ = true;
  }
  changed_.notify_one();
}

Inbox::Taken Inbox::take() {
  const std::lock_guard lock(mutex_);
  Taken taken;
  for (auto& [key, seen] : seen_) taken.seen.push_back(std::move(seen));
  seen_.clear();
  taken.connected = std::exchange(connected_, {});
  taken.news = std::exchange(news_, {});
  taken.lost = std::exchange(lost_, 0);
  taken.repeated = std::exchange(repeated_, 0);
  something_ = false;
  return taken;
}

void Inbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

}  // namespace sampan::telemetry
