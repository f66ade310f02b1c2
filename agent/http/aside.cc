// SPDX-License-Identifier: Apache-2.0
#include "http/aside.h"

#include <utility>

namespace sampan::http {

Aside::Aside(std::size_t waiting_max) : waiting_max_(waiting_max), thread_([this] { run(); }) {}
Aside::~Aside() { stop(); }

bool Aside::take(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(std::move(job));
  }
  work_.notify_one();
  return true;
}

void Aside::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job(true);
    lock.lock();
  }
}

void Aside::stop() {
  std::deque<Job> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
  }
  work_.notify_one();
  for (const Job& job : left) job(false);
  if (thread_.joinable()) thread_.join();
}

}  // namespace sampan::http
