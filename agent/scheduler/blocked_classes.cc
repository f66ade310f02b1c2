// SPDX-License-Identifier: Apache-2.0
#include "scheduler/blocked_classes.h"

#include <algorithm>
#include <utility>

namespace sampan::scheduler {

bool BlockedClasses::refuse(const ClassKey& key, std::string reason, WallTime since, MonoTime probe_at) {
  const bool known = classes_.contains(key);
  if (!known && classes_.size() >= classes_max_) return false;
  BlockedClass& blocked = classes_[key];
  if (!known) blocked.since = since;
  blocked.reason = std::move(reason);
  blocked.probe_at = probe_at;
  ++blocked.refusals;
  return !known;
}

std::optional<ClassKey> BlockedClasses::due(MonoTime now) const {
  for (const auto& [key, blocked] : classes_) {
    if (!blocked.probing && blocked.probe_at <= now) return key;
  }
  return std::nullopt;
}

MonoTime BlockedClasses::next_probe_at() const {
  MonoTime next = never;
  for (const auto& [key, blocked] : classes_) {
    if (!blocked.probing) next = std::min(next, blocked.probe_at);
  }
  return next;
}

BlockedClass* BlockedClasses::find(const ClassKey& key) {
  const auto found = classes_.find(key);
  return found == classes_.end() ? nullptr : &found->second;
}

void BlockedClasses::probe_begins(const ClassKey& key, const Uuid& item) {
  BlockedClass* blocked = find(key);
  if (blocked == nullptr) return;
  blocked->probing = true;
  if (blocked->tried.size() >= tried_max_) blocked->tried.clear();
  blocked->tried.insert(item);
}

void BlockedClasses::probe_ends(const ClassKey& key) {
  if (BlockedClass* blocked = find(key)) blocked->probing = false;
}

void BlockedClasses::probe_found_nothing(const ClassKey& key, MonoTime due_at) {
  BlockedClass* blocked = find(key);
  if (blocked == nullptr) return;
  blocked->probe_at = due_at;
  blocked->empty = true;
}

void BlockedClasses::new_round(const ClassKey& key) {
  if (BlockedClass* blocked = find(key)) blocked->tried.clear();
}

std::set<Uuid> BlockedClasses::tried(const ClassKey& key) const {
  const auto found = classes_.find(key);
  return found == classes_.end() ? std::set<Uuid>{} : found->second.tried;
}

void BlockedClasses::something_new(MonoTime now) {
  for (auto& [key, blocked] : classes_) {
    if (std::exchange(blocked.empty, false)) blocked.probe_at = now;
  }
}

unsigned BlockedClasses::refusals(const ClassKey& key) const {
  const auto found = classes_.find(key);
  return found == classes_.end() ? 0 : found->second.refusals;
}

std::set<ClassKey> BlockedClasses::keys() const {
  std::set<ClassKey> keys;
  for (const auto& [key, blocked] : classes_) keys.insert(key);
  return keys;
}

}  // namespace sampan::scheduler
