// SPDX-License-Identifier: Apache-2.0
#include "queue/keyring.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "queue/key_doors.h"
#include "queue/key_files.h"
#include "queue/recovery_key.h"

namespace sampan::queue {
namespace {

bool is_own(ProtectorKind kind) { return kind == ProtectorKind::file || kind == ProtectorKind::credential; }

}  // namespace

struct Keyring::State {
  State(FileSystem& f, const std::string& state) : files(f), paths(state), memory((core::limits::node_keys_max + 1) * sizeof(Key)) {}

  FileSystem& files;
  const KeyPaths paths;
  LockedMemory memory;  // this machine's protector, then the node keys
  std::array<std::uint64_t, core::limits::node_keys_max> ids{};
  std::atomic<std::size_t> count{0};  // of those that may be used
  std::mutex changing;                // held over everything written, however long the disk takes
  mutable std::mutex mutex;           // over text, for a moment; who is changing reads it without
  KeyText text;                       // as on disk
  Uuid node;
  std::uint64_t last_generation = 0;  // ever tried to be written

  Key at(std::size_t slot) const {
    Key key;
    std::copy_n(memory.bytes().begin() + static_cast<std::ptrdiff_t>(slot * sizeof(Key)), sizeof(Key), key.begin());
    return key;
  }
  void put(std::size_t slot, const Key& key) {
    std::copy_n(key.begin(), sizeof(Key), memory.bytes().begin() + static_cast<std::ptrdiff_t>(slot * sizeof(Key)));
  }
  Key node_key(std::size_t index) const { return at(index + 1); }
  // Not used before count says so.
  void set_node_key(std::size_t index, const Key& key) { put(index + 1, key), ids[index] = key_id(key); }

  Status adopt(const Uuid& owner, const std::vector<Key>& keys);
  Status wrap(WrappedNodeKey& wrapped, const std::vector<Protector>& protectors, const Key& key) const;
  Status wrap_all(KeyText& next) const;
  Status replace(KeyText next, const Key& newest);
  Status make_new(const std::vector<KeyDoor>& doors, const std::optional<OldKeys>& old);
  Status settle(const KeyDoor& opened_by, const std::vector<KeyDoor>& doors, bool both_alike);
  static std::optional<Key> add_node_key(KeyText& next);
};

Status Keyring::State::adopt(const Uuid& owner, const std::vector<Key>& keys) {
  node = owner;
  if (keys.size() > core::limits::node_keys_max) return fail(Errc::limit, "the keyring holds too many keys");
  for (std::size_t i = 0; i < keys.size(); ++i) set_node_key(i, keys[i]);
  count.store(keys.size(), std::memory_order_release);
  return {};
}

Status Keyring::State::wrap(WrappedNodeKey& wrapped, const std::vector<Protector>& protectors, const Key& key) const {
  const Key own = at(0);
  wrapped.copies.clear();
  for (const auto& protector : protectors) {
    SAMPAN_ASSERT(protector.algorithm != Algorithm::aes_256 || protector.id == key_id(own));
    auto copy = wrap_node_key(protector, &own, key);
    if (!copy) return copy.error();
    wrapped.copies.push_back(std::move(*copy));
  }
  return {};
}

// Every node key there is for every protector of next. next.keys are those in memory, and perhaps one more that has copies.
Status Keyring::State::wrap_all(KeyText& next) const {
  for (std::size_t i = 0; i < count.load(); ++i)
    if (Status done = wrap(next.keys[i], next.protectors, node_key(i)); !done) return done;
  return {};
}

// Both copies, one after the other, each whole; only then is next what holds. A crash between them leaves one of each, and both open.
Status Keyring::State::replace(KeyText next, const Key& newest) {
  next.generation = last_generation = std::max(last_generation, text.generation) + 1;
  next.seal = seal_of(next, newest);
  const std::string whole = next.whole();
  crash_point("keys.wrapped");
  if (Status written = write_durably(files, paths.at(KeyPaths::ring_copy), as_bytes(whole)); !written) return written;
  crash_point("keys.copied");
  if (Status written = write_durably(files, paths.at(KeyPaths::ring), as_bytes(whole)); !written) return written;
  crash_point("keys.replaced");
  const std::lock_guard lock(mutex);
  text = std::move(next);
  return {};
}

// Of a node that had its keys in clear, or of a new one. What this machine protects them with comes first onto the disk.
Status Keyring::State::make_new(const std::vector<KeyDoor>& doors, const std::optional<OldKeys>& old) {
  if (Status made = files.make_directories(paths.folder); !made) return made;
  const auto usable = std::find_if(doors.begin(), doors.end(), [](const KeyDoor& door) { return is_own(door.protector.kind); });
  KeyDoor own = usable == doors.end() ? file_door(random_key()) : *usable;
  if (usable == doors.end())
    if (Status written = write_local_key(files, paths, own.key); !written) return written;
  crash_point("keys.begun");
  put(0, own.key);
  own.protector.made = system_clock().wall();
  KeyText next;
  next.node = old ? old->node : make_uuid7(system_clock().wall(), system_random());
  next.protectors.push_back(own.protector);
  const std::vector<Key> keys = old ? old->keys : std::vector<Key>{random_key()};
  if (Status adopted = adopt(next.node, keys); !adopted) return adopted;
  for (const auto& key : keys) next.keys.push_back({key_id(key), old ? WallTime{} : own.protector.made, {}});
  if (Status wrapped = wrap_all(next); !wrapped) return wrapped;
  if (Status written = replace(std::move(next), keys.back()); !written) return written;
  tell_older_versions(files, paths);
  return {};
}

std::optional<Key> Keyring::State::add_node_key(KeyText& next) {
  if (next.keys.size() >= core::limits::node_keys_max) return std::nullopt;
  const Key key = random_key();
  next.keys.push_back({key_id(key), system_clock().wall(), {}});
  return key;
}

// What opened it may not be what this machine is to open it with from now on: a credential came, or the machine is another.
Status Keyring::State::settle(const KeyDoor& opened_by, const std::vector<KeyDoor>& doors, bool both_alike) {
  const auto first = std::find_if(doors.begin(), doors.end(), [](const KeyDoor& door) { return is_own(door.protector.kind); });
  KeyDoor own = opened_by;
  if (first != doors.end() && (first->protector.kind == ProtectorKind::credential || !is_own(opened_by.protector.kind))) own = *first;
  if (!is_own(own.protector.kind)) {
    own = file_door(random_key());
    if (Status written = write_local_key(files, paths, own.key); !written) return written;
  }
  put(0, own.key);
  const auto now = system_clock().wall();
  const bool known = std::any_of(text.protectors.begin(), text.protectors.end(), [&](const Protector& p) { return p.id == own.protector.id; });
  const bool stray = std::any_of(text.protectors.begin(), text.protectors.end(),
                                 [&](const Protector& p) { return is_own(p.kind) && p.id != own.protector.id; });
  if (!known || stray) {
    KeyText next = text;
    std::erase_if(next.protectors, [](const Protector& p) { return is_own(p.kind); });
    own.protector.made = now;
    next.protectors.insert(next.protectors.begin(), own.protector);
    if (Status wrapped = wrap_all(next); !wrapped) return wrapped;
    // The key file may still be found on the disk by others: what comes from now on is not under a key it opens.
    const auto newer = add_node_key(next);
    if (newer)
      if (Status wrapped = wrap(next.keys.back(), next.protectors, *newer); !wrapped) return wrapped;
    if (Status written = replace(std::move(next), newer ? *newer : node_key(count - 1)); !written) return written;
    if (newer) set_node_key(count, *newer), count.fetch_add(1, std::memory_order_release);
    log::info("the keyring is now protected by " + std::string(own.protector.kind == ProtectorKind::credential ? "a credential" : "a key file"));
  } else if (!both_alike) {
    if (Status written = replace(text, node_key(count - 1)); !written) log::warn("the keyring has one copy only: " + written.error().message);
  }
  if (own.protector.kind == ProtectorKind::credential) forget_local_key(files, paths);
  tell_older_versions(files, paths);
  return {};
}

Keyring::Keyring(std::unique_ptr<State> state) : state_(std::move(state)) {}
Keyring::Keyring(Keyring&&) noexcept = default;
Keyring& Keyring::operator=(Keyring&&) noexcept = default;
Keyring::~Keyring() = default;

Result<Keyring> Keyring::open_or_make(FileSystem& files, const KeySources& sources) {
  auto state = std::make_unique<State>(files, sources.state_directory);
  const KeyPaths& paths = state->paths;
  const auto doors = find_doors(files, sources);
  if (!doors) return doors.error();
  const auto found = find_texts(files, paths);
  if (!found) return found.error();
  if (found->any) {
    auto opened = open_newest(paths, *found, *doors);
    if (!opened) return opened.error();
    state->text = std::move(opened->first);
    if (Status adopted = state->adopt(state->text.node, opened->second.keys); !adopted) return adopted.error();
    state->last_generation = found->texts.front().generation;
    const bool whole = found->both_alike && state->text.generation == found->texts.front().generation;
    if (Status settled = state->settle(opened->second.door, *doors, whole); !settled) return settled.error();
  } else {
    auto old = find_old_keys(files, paths);
    if (!old) return old.error();
    const auto records = holds_segments(files, paths.spool);
    if (!records) return records.error();
    if (!*old && *records) return keyring_missing(paths);
    if (Status made = state->make_new(*doors, *old); !made) return made.error();
  }
  if (!state->memory.locked()) log::warn("the keys could not be locked in memory");
  return Keyring(std::move(state));
}

Result<Keyring> Keyring::open_only(FileSystem& files, const KeySources& sources) {
  auto state = std::make_unique<State>(files, sources.state_directory);
  const auto doors = find_doors(files, sources);
  if (!doors) return doors.error();
  const auto found = find_texts(files, state->paths);
  if (!found) return found.error();
  std::vector<Key> keys;
  if (found->any) {
    auto opened = open_newest(state->paths, *found, *doors);
    if (!opened) return opened.error();
    state->text = std::move(opened->first);
    keys = std::move(opened->second.keys);
  } else {
    auto old = find_old_keys(files, state->paths);
    if (!old) return old.error();
    if (!*old) return keyring_missing(state->paths);
    state->text.node = (*old)->node;
    keys = std::move((*old)->keys);
  }
  if (Status adopted = state->adopt(state->text.node, keys); !adopted) return adopted.error();
  return Keyring(std::move(state));
}

const Uuid& Keyring::node() const { return state_->node; }

Key Keyring::mint(Header& header) const {
  const std::size_t newest = state_->count.load(std::memory_order_acquire) - 1;
  const Key key = random_key();
  header.key_id = state_->ids[newest];
  header.data_key = wrap_key(state_->node_key(newest), key);
  return key;
}

Result<Key> Keyring::data_key(const Header& header) const {
  for (std::size_t i = state_->count.load(std::memory_order_acquire); i-- > 0;)
    if (state_->ids[i] == header.key_id) return unwrap_key(state_->node_key(i), header.data_key);
  return fail(Errc::damaged, "sealed under a node key that is not in the keyring");
}

bool Keyring::knows(std::uint64_t id) const {
  const auto end = state_->ids.begin() + static_cast<std::ptrdiff_t>(state_->count.load(std::memory_order_acquire));
  return std::find(state_->ids.begin(), end, id) != end;
}

Key Keyring::derive(std::string_view purpose) const { return Key{hmac_sha256(state_->node_key(0), as_bytes(purpose))}; }

Status Keyring::rotate() {
  State& s = *state_;
  const std::lock_guard lock(s.changing);
  KeyText next = s.text;
  const auto newer = State::add_node_key(next);
  if (!newer) return fail(Errc::limit, "this node has " + std::to_string(core::limits::node_keys_max) + " keys already");
  if (Status wrapped = s.wrap(next.keys.back(), next.protectors, *newer); !wrapped) return wrapped;
  if (Status written = s.replace(std::move(next), *newer); !written) return written;
  s.set_node_key(s.count, *newer);
  s.count.fetch_add(1, std::memory_order_release);
  return {};
}

Result<std::string> Keyring::make_recovery() {
  State& s = *state_;
  const std::lock_guard lock(s.changing);
  NewRecoveryKey made = make_recovery_key();
  KeyText next = s.text;
  std::erase_if(next.protectors, [](const Protector& p) { return p.kind == ProtectorKind::recovery && !p.handed_out; });
  next.protectors.push_back({key_id(made.half), ProtectorKind::recovery, Algorithm::x25519_aes_256, made.half, system_clock().wall(), false});
  Status done = s.wrap_all(next);
  if (done) done = s.replace(std::move(next), s.node_key(s.count - 1));
  if (done) return made.text;
  wipe(made.text);
  return done.error();
}

Status Keyring::handed_out() {
  State& s = *state_;
  const std::lock_guard lock(s.changing);
  KeyText next = s.text;
  const auto is_recovery = [](const Protector& p) { return p.kind == ProtectorKind::recovery; };
  const auto last = std::find_if(next.protectors.rbegin(), next.protectors.rend(), is_recovery);
  if (last == next.protectors.rend()) return fail(Errc::not_found, "no recovery key was made");
  last->handed_out = true;
  std::erase_if(next.protectors, [&, id = last->id](const Protector& p) { return is_recovery(p) && p.id != id; });
  if (Status wrapped = s.wrap_all(next); !wrapped) return wrapped;
  return s.replace(std::move(next), s.node_key(s.count - 1));
}

Protection Keyring::protection() const {
  const State& s = *state_;
  const std::lock_guard lock(s.mutex);
  Protection told;
  told.memory_locked = s.memory.locked();
  told.node_keys = s.text.keys.size();
  if (!s.text.keys.empty()) told.newest_made = s.text.keys.back().made;
  for (const auto& one : s.text.protectors) {
    if (is_own(one.kind)) told.by = one.kind;
    if (one.kind != ProtectorKind::recovery || told.recovery == Protection::Recovery::handed_out) continue;
    told.recovery = one.handed_out ? Protection::Recovery::handed_out : Protection::Recovery::made;
    told.recovery_made = one.made;
  }
  return told;
}

}  // namespace sampan::queue
