// SPDX-License-Identifier: Apache-2.0
#include "queue/unreadable.h"

namespace sampan::queue {

void Unreadable::met(Sequence seq, const Error& error) {
  const std::lock_guard lock(mutex_);
  if (items_.size() < counted_max) items_.insert(seq);
  why_ = error.message;
}

void Unreadable::forget(Sequence seq) {
  const std::lock_guard lock(mutex_);
  items_.erase(seq);
}

Unreadable::Summary Unreadable::summary() const {
  const std::lock_guard lock(mutex_);
  return {items_.size(), items_.empty() ? "" : why_};
}

}  // namespace sampan::queue
