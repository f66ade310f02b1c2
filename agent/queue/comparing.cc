// SPDX-License-Identifier: Apache-2.0
#include "queue/comparing.h"

#include <algorithm>

#include "base/log.h"
#include "core/limits.h"
#include "queue/store.h"

namespace sampan::queue {

// What the store thread says, to one who may have stopped waiting.
struct Comparing::Answer {
  std::mutex mutex;
  std::condition_variable came;
  bool given = false;
  std::optional<Ledger::Undecided> item;
};

Comparing::Comparing(Store& store, Compare compare, bool own_thread)
    : store_(store), compare_(std::move(compare)), own_thread_(own_thread) {
  if (own_thread_) thread_ = std::thread([this] { run(); });
}

Comparing::~Comparing() { stop(); }

void Comparing::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  idle_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Comparing::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(woken_, true)) return;
  }
  work_.notify_all();
}

void Comparing::drain() {
  if (!own_thread_) return run_by_hand();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return stopping_ || (!woken_ && !busy_); });
}

void Comparing::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    busy_ = woken_;
    if (!busy_) {
      idle_.notify_all();
      work_.wait(lock, [this] { return stopping_ || woken_; });
      continue;
    }
    woken_ = false;
    lock.unlock();
    const auto item = next();
    const bool more = item && decide(*item);
    lock.lock();
    woken_ = woken_ || more;
  }
  busy_ = false;
  idle_.notify_all();
}

void Comparing::run_by_hand() {
  while (std::exchange(woken_, false))
    if (const auto item = next()) woken_ = decide(*item) || woken_;
  woken_ = unanswered_;  // the next time
}

std::optional<Ledger::Undecided> Comparing::next() {
  const auto answer = std::make_shared<Answer>();
  store_.change([answer](Ledger& ledger) {
    answer->item = ledger.undecided();
  }, [answer] {  // not of a batch that was lost: some of the others may not have been read
    const std::lock_guard lock(answer->mutex);
    answer->given = true;
    answer->came.notify_all();
  });
  if (!own_thread_) {
    store_.drain();
    unanswered_ = !answer->given;
    return unanswered_ ? std::nullopt : answer->item;
  }
  std::unique_lock lock(answer->mutex);
  // Looked at now and then: a store that cannot write, and is told to stop, answers nobody.
  while (!answer->given) {
    answer->came.wait_for(lock, std::chrono::milliseconds(100));
    const std::lock_guard own(mutex_);
    if (stopping_) return {};
  }
  return answer->item;
}

// False: there is no going on now.
bool Comparing::decide(const Ledger::Undecided& item) {
  for (const Sequence other : item.others) {
    switch (compare_(item.seq, other)) {
      case Likeness::same: return store_.decide(item.seq, ""), true;
      case Likeness::other: break;
      case Likeness::interrupted: return false;
      case Likeness::broke_off:
        failures_ = failed_ == item.seq ? failures_ + 1 : 1;
        failed_ = item.seq;
        if (failures_ < core::limits::comparisons_max) return pause();
        log::warn("an image is held: comparing it with an earlier one of its UID failed " + std::to_string(failures_) + " times");
        return store_.decide(item.seq, content_breaks), true;
    }
  }
  store_.decide(item.seq, content_differs);
  return true;
}

bool Comparing::pause() {
  if (!own_thread_) return true;
  std::unique_lock lock(mutex_);
  return !work_.wait_for(lock, core::limits::comparison_pause, [this] { return stopping_; });
}

}  // namespace sampan::queue
