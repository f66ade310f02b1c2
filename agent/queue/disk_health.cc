// SPDX-License-Identifier: Apache-2.0
#include "queue/disk_health.h"

#include "base/log.h"

namespace sampan::queue {

void DiskHealth::met(const Error& error) {
  if (error.code != Errc::io) return;
  const std::lock_guard lock(words_mutex_);
  words_ = "the disk does not take what is written: " + error.message;
  if (!doubtful_.exchange(true)) log::error(words_);
}

Status DiskHealth::try_it() {
  const std::uint8_t byte = 1;
  if (Status written = write_durably(files_, path_, {&byte, 1}); !written) return written;
  return files_.unlink(path_);
}

Status DiskHealth::ask() {
  if (!doubtful_) return {};
  const std::unique_lock trying(mutex_, std::try_to_lock);
  const Status tried = trying ? try_it() : Status(fail(Errc::io, ""));
  const std::lock_guard lock(words_mutex_);
  if (!tried) return fail(Errc::io, words_);
  if (doubtful_.exchange(false)) log::warn("the disk takes what is written again");
  return {};
}

}  // namespace sampan::queue
