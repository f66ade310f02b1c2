// SPDX-License-Identifier: Apache-2.0
#include "queue/scan_ahead.h"

#include <system_error>
#include <utility>

namespace sampan::queue {
namespace {

constexpr std::size_t findings_ahead = 1024;  // some 300 kB; enough for a sync of the ledger not to stop the disk
constexpr std::size_t go_on_at = findings_ahead / 2;  // so that the two do not wake each other for every record

}  // namespace

ScanAhead::ScanAhead(SegmentScan scan, Runs runs) : scan_(std::move(scan)) {
  if (runs == Runs::as_asked) return;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return;
  }
}

ScanAhead::~ScanAhead() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ScanAhead::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    Finding found = scan_.next();
    lock.lock();
    held_ = found.what != Finding::What::record;
    found_.push_back(std::move(found));
    if (found_.size() == 1) changed_.notify_all();
    if (held_ || found_.size() >= findings_ahead)
      changed_.wait(lock, [this] { return ending_ || (!held_ && found_.size() <= go_on_at); });
  }
}

Finding ScanAhead::next() {
  if (!thread_.joinable()) return scan_.next();
  std::unique_lock lock(mutex_);
  if (found_.empty()) {
    held_ = false;  // what was held is in the hands of whoever asks now
    changed_.notify_all();
    changed_.wait(lock, [this] { return !found_.empty(); });
  }
  Finding found = std::move(found_.front());
  found_.pop_front();
  if (found_.size() == go_on_at) changed_.notify_all();
  return found;
}

}  // namespace sampan::queue
