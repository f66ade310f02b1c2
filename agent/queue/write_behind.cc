// SPDX-License-Identifier: Apache-2.0
#include "queue/write_behind.h"

#include <system_error>
#include <utility>

#include "base/panic.h"

namespace sampan::queue {

std::unique_ptr<WriteBehind> WriteBehind::start() {
  std::unique_ptr<WriteBehind> made(new WriteBehind);
  try {
    made->thread_ = std::thread([behind = made.get()] { behind->run(); });
  } catch (const std::system_error&) {
    return nullptr;
  }
  return made;
}

WriteBehind::~WriteBehind() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WriteBehind::begin(std::function<Status()> work) {
  {
    const std::lock_guard lock(mutex_);
    SAMPAN_ASSERT(!work_);
    work_ = std::move(work);
  }
  changed_.notify_all();
}

Status WriteBehind::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !work_; });
  return done_;
}

void WriteBehind::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || work_; });
    if (!work_) return;
    lock.unlock();
    Status done = work_();
    lock.lock();
    work_ = nullptr;
    done_ = std::move(done);
    changed_.notify_all();
  }
}

}  // namespace sampan::queue
