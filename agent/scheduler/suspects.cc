// SPDX-License-Identifier: Apache-2.0
#include "scheduler/suspects.h"

#include <algorithm>

namespace sampan::scheduler {

Suspects::Entry& Suspects::entry(const Uuid& item) {
  const auto found = std::ranges::find(entries_, item, &Entry::item);
  if (found != entries_.end()) return *found;
  if (entries_.size() >= items_max_) entries_.pop_front();
  return entries_.emplace_back(Entry{item});
}

void Suspects::strike(const Uuid& item) {
  Entry& suspect = entry(item);
  suspect.tried = true;
  ++suspect.strikes;
}

unsigned Suspects::strikes(const Uuid& item) const {
  const auto found = std::ranges::find(entries_, item, &Entry::item);
  return found == entries_.end() ? 0 : found->strikes;
}

void Suspects::forget(const Uuid& item) {
  std::erase_if(entries_, [&](const Entry& e) { return e.item == item; });
}

bool Suspects::contains(const Uuid& item) const {
  return std::ranges::find(entries_, item, &Entry::item) != entries_.end();
}

std::set<Uuid> Suspects::all() const {
  std::set<Uuid> items;
  for (const Entry& e : entries_) items.insert(e.item);
  return items;
}

std::set<Uuid> Suspects::tried() const {
  std::set<Uuid> items;
  for (const Entry& e : entries_) {
    if (e.tried) items.insert(e.item);
  }
  return items;
}

void Suspects::new_round() {
  for (Entry& e : entries_) e.tried = false;
}

}  // namespace sampan::scheduler
