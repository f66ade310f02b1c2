// SPDX-License-Identifier: Apache-2.0
#include "sim/sqlite_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <vector>

namespace sampan::sim {
namespace {

using Handle = SimulatedDisk::Handle;

// What all connections to one file share: its locks, and the shared memory beside it.
struct Shared {
  int readers = 0;  // with SHARED or more
  const void* writer = nullptr;  // with RESERVED or more
  bool pending = false;
  std::vector<std::unique_ptr<std::array<char, 32768>>> regions;
  struct Slot {
    int shared = 0;
    bool exclusive = false;
  };
  std::array<Slot, SQLITE_SHM_NLOCK> slots;
  int maps = 0;
};

struct World {
  std::map<std::string, SimulatedDisk*> disks;
  std::map<std::string, Shared> shared;
  std::function<std::uint64_t()> dice = [] { return std::uint64_t{0}; };
  std::function<std::int64_t()> wall_ms = [] { return std::int64_t{0}; };
};
World world;

struct Open {
  std::string path;
  SimulatedDisk* disk = nullptr;
  std::unique_ptr<Handle> handle;
  Shared* shared = nullptr;
  int lock = SQLITE_LOCK_NONE;
  bool maps = false, delete_on_close = false, entry_unsynced = false;
  unsigned shm_shared = 0, shm_exclusive = 0;  // bits of slots
};
struct VfsFile {
  sqlite3_file base;
  Open* open;
};
Open& of(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file)->open; }

SimulatedDisk* disk_of(const std::string& path) {
  for (const auto& [prefix, disk] : world.disks)
    if (path.starts_with(prefix)) return disk;
  return nullptr;
}
std::string directory_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

int code_of(const Status& status, int io) { return status ? SQLITE_OK : status.error().code == Errc::full ? SQLITE_FULL : io; }

int file_unlock(sqlite3_file* file, int to) {
  Open& open = of(file);
  if (open.lock <= to) return SQLITE_OK;
  if (open.lock >= SQLITE_LOCK_RESERVED && to < SQLITE_LOCK_RESERVED) {
    open.shared->writer = nullptr;
    open.shared->pending = false;
  }
  if (to == SQLITE_LOCK_NONE) --open.shared->readers;
  open.lock = to;
  return SQLITE_OK;
}

int file_lock(sqlite3_file* file, int to) {
  Open& open = of(file);
  Shared& shared = *open.shared;
  if (open.lock >= to) return SQLITE_OK;
  if (to == SQLITE_LOCK_SHARED) {
    if (shared.pending) return SQLITE_BUSY;
    ++shared.readers;
    open.lock = to;
    return SQLITE_OK;
  }
  if (shared.writer != nullptr && shared.writer != &open) return SQLITE_BUSY;
  shared.writer = &open;
  if (open.lock < SQLITE_LOCK_RESERVED) open.lock = SQLITE_LOCK_RESERVED;
  if (to == SQLITE_LOCK_RESERVED) return SQLITE_OK;
  shared.pending = true;
  open.lock = SQLITE_LOCK_PENDING;
  if (shared.readers > 1) return SQLITE_BUSY;
  open.lock = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

int file_reserved(sqlite3_file* file, int* out) {
  *out = of(file).shared->writer != nullptr;
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* file, int from, int count, int flags) {
  Open& open = of(file);
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (int i = from; i < from + count; ++i) {
    const auto& slot = open.shared->slots[static_cast<std::size_t>(i)];
    const unsigned bit = 1u << i;
    if ((flags & SQLITE_SHM_LOCK) == 0) continue;
    if (slot.exclusive && (open.shm_exclusive & bit) == 0) return SQLITE_BUSY;
    if (exclusive && slot.shared > ((open.shm_shared & bit) != 0 ? 1 : 0)) return SQLITE_BUSY;
  }
  for (int i = from; i < from + count; ++i) {
    auto& slot = open.shared->slots[static_cast<std::size_t>(i)];
    const unsigned bit = 1u << i;
    const bool locks = (flags & SQLITE_SHM_LOCK) != 0;
    unsigned& mine = exclusive ? open.shm_exclusive : open.shm_shared;
    if (((mine & bit) != 0) == locks) continue;
    mine ^= bit;
    if (exclusive)
      slot.exclusive = locks;
    else
      slot.shared += locks ? 1 : -1;
  }
  return SQLITE_OK;
}

int shm_map(sqlite3_file* file, int region, int, int extend, void volatile** out) {
  Open& open = of(file);
  Shared& shared = *open.shared;
  if (!open.maps) ++shared.maps, open.maps = true;
  const auto wanted = static_cast<std::size_t>(region) + 1;
  if (shared.regions.size() < wanted && extend == 0) return *out = nullptr, SQLITE_OK;
  while (shared.regions.size() < wanted) shared.regions.push_back(std::make_unique<std::array<char, 32768>>());
  *out = shared.regions[wanted - 1]->data();
  return SQLITE_OK;
}

int shm_unmap(sqlite3_file* file, int) {
  Open& open = of(file);
  if (!open.maps) return SQLITE_OK;
  shm_lock(file, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
  shm_lock(file, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
  open.maps = false;
  if (--open.shared->maps == 0) open.shared->regions.clear(), open.shared->slots = {};
  return SQLITE_OK;
}

int file_close(sqlite3_file* file) {
  Open* open = reinterpret_cast<VfsFile*>(file)->open;
  shm_unmap(file, 0);
  file_unlock(file, SQLITE_LOCK_NONE);
  if (open->delete_on_close) static_cast<void>(open->disk->unlink(open->path));
  delete open;
  return SQLITE_OK;
}

int file_read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 at) {
  auto* first = static_cast<std::uint8_t*>(into);
  const auto wanted = static_cast<std::size_t>(bytes);
  const auto got = of(file).handle->read_at(static_cast<std::uint64_t>(at), {first, wanted});
  if (!got) return SQLITE_IOERR_READ;
  if (*got == wanted) return SQLITE_OK;
  std::memset(first + *got, 0, wanted - *got);
  return SQLITE_IOERR_SHORT_READ;
}

int file_write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  const ByteView view{static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(bytes)};
  return code_of(of(file).handle->write_at(static_cast<std::uint64_t>(at), view), SQLITE_IOERR_WRITE);
}

int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  return code_of(of(file).handle->truncate(static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
}

int file_sync(sqlite3_file* file, int) {
  Open& open = of(file);
  if (Status done = open.handle->sync(); !done) return SQLITE_IOERR_FSYNC;
  if (!open.entry_unsynced) return SQLITE_OK;
  if (Status done = open.disk->sync_directory(directory_of(open.path)); !done) return SQLITE_IOERR_DIR_FSYNC;
  open.entry_unsynced = false;
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* out) {
  const auto size = of(file).handle->size();
  if (!size) return SQLITE_IOERR_FSTAT;
  *out = static_cast<sqlite3_int64>(*size);
  return SQLITE_OK;
}

const sqlite3_io_methods methods{
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_reserved,
    [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    [](sqlite3_file*) { return 4096; },
    [](sqlite3_file*) { return 0; },
    shm_map, shm_lock, [](sqlite3_file*) {}, shm_unmap, nullptr, nullptr};

int vfs_open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  auto* made = reinterpret_cast<VfsFile*>(file);
  made->base.pMethods = nullptr;
  if (name == nullptr) return SQLITE_CANTOPEN;  // temp_store=MEMORY: nothing is ever spilt
  auto open = std::make_unique<Open>();
  open->path = name;
  open->disk = disk_of(open->path);
  if (open->disk == nullptr || open->disk->dead()) return SQLITE_CANTOPEN;
  const bool is_new = !open->disk->exists(open->path);
  auto handle = open->disk->open_handle(open->path, (flags & SQLITE_OPEN_CREATE) != 0);
  if (!handle) return handle.error().code == Errc::full ? SQLITE_FULL : SQLITE_CANTOPEN;
  open->handle = std::move(*handle);
  open->shared = &world.shared[open->path];
  open->entry_unsynced = is_new && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  open->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  made->open = open.release();
  made->base.pMethods = &methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int vfs_delete(sqlite3_vfs*, const char* name, int sync) {
  auto* disk = disk_of(name);
  if (disk == nullptr) return SQLITE_IOERR_DELETE;
  if (Status gone = disk->unlink(name); !gone)
    return gone.error().code == Errc::not_found ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  if (sync != 0 && !disk->sync_directory(directory_of(name))) return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

int vfs_access(sqlite3_vfs*, const char* name, int, int* out) {
  auto* disk = disk_of(name);
  *out = disk != nullptr && disk->exists(name);
  return SQLITE_OK;
}

int vfs_full_path(sqlite3_vfs*, const char* name, int bytes, char* out) {
  sqlite3_snprintf(bytes, out, "%s", name);
  return SQLITE_OK;
}

int vfs_random(sqlite3_vfs*, int bytes, char* out) {
  for (int i = 0; i < bytes; ++i) out[i] = static_cast<char>(world.dice());
  return bytes;
}

int vfs_now(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 210866760000000 + world.wall_ms();
  return SQLITE_OK;
}
int vfs_now_days(sqlite3_vfs*, double* out) {
  *out = 2440587.5 + static_cast<double>(world.wall_ms()) / 86400000.0;
  return SQLITE_OK;
}

}  // namespace

void install_sqlite_disk() {
  static sqlite3_vfs vfs{2, sizeof(VfsFile), 512, nullptr, "sampan-sim", nullptr, vfs_open, vfs_delete, vfs_access, vfs_full_path,
                         nullptr, nullptr, nullptr, nullptr, vfs_random,
                         [](sqlite3_vfs*, int) { return 0; }, vfs_now_days,
                         [](sqlite3_vfs*, int, char*) { return 0; }, vfs_now, nullptr, nullptr, nullptr};
  sqlite3_vfs_register(&vfs, 1);
}

void reset_sqlite_disk(std::function<std::uint64_t()> dice, std::function<std::int64_t()> wall_ms) {
  world.disks.clear();
  world.shared.clear();
  world.dice = std::move(dice);
  world.wall_ms = std::move(wall_ms);
  sqlite3_randomness(0, nullptr);
}

void mount_sqlite_disk(const std::string& prefix, SimulatedDisk& disk) { world.disks[prefix] = &disk; }

}  // namespace sampan::sim
