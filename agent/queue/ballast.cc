// SPDX-License-Identifier: Apache-2.0
#include "queue/ballast.h"

#include <algorithm>

#include "base/log.h"
#include "core/limits.h"

namespace sampan::queue {

namespace limits = core::limits;

void Ballast::restore() {
  if (whole_ || !files_.make_directories(folder_)) return;
  const auto space = files_.space(folder_);
  if (!space) return;
  const std::uint64_t bytes = std::min<std::uint64_t>(limits::ballast_bytes, space->total_bytes / 50);
  const std::uint64_t reserve = std::min<std::uint64_t>(limits::reserve_bytes, space->total_bytes / 20);
  if (space->free_bytes < reserve + 2 * bytes) return;
  if (space->total_inodes > 0 && space->free_inodes < std::min(limits::reserve_inodes, space->total_inodes / 20) + 2 * files_held)
    return;
  bool good = true;
  for (unsigned i = 0; i < files_held; ++i) {
    if (files_.open(path_of(i), FileSystem::Mode::read)) continue;
    const auto file = files_.open(path_of(i), FileSystem::Mode::create_new);
    good = good && file && (*file)->reserve(bytes / files_held).ok();
  }
  whole_ = good;
}

void Ballast::release(unsigned count) {
  whole_ = false;
  bool some = false;
  for (unsigned i = 0; i < count; ++i) some = files_.unlink(path_of(i)).ok() || some;
  if (some) log::warn("the disk is full: the space that was held back is given back");
}

}  // namespace sampan::queue
