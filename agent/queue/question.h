// SPDX-License-Identifier: Apache-2.0
// Question: one true picture of the ledger for as long as it is asked, beside the store thread and the leases.
//
// LedgerView is the connection for what people ask; a Question on it reads everything as it was when it began.
// Threads: any; one question at a time, the others wait.
// Fails:   a ledger that does not answer gives no rows, and a warning when the question ends.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "queue/sql.h"

namespace sampan::queue {

class LedgerView {
 public:
  static Result<std::unique_ptr<LedgerView>> open(const std::string& path);
  // Since it was last asked.
  bool found_damage() { return found_damage_.exchange(false); }
  // Questions that were not answered, or not to the end, since it was opened: what they told is less than there is.
  std::uint64_t failures() const { return failures_; }

 private:
  friend class Question;
  explicit LedgerView(std::unique_ptr<Sql> sql) : sql_(std::move(sql)) {}
  std::mutex mutex_;
  std::atomic<bool> found_damage_{false};
  std::atomic<std::uint64_t> failures_{0};
  std::unique_ptr<Sql> sql_;
};

class Question {
 public:
  explicit Question(LedgerView& view);
  ~Question();  // every Statement of it is gone
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  Statement ask(std::string_view text) { return Statement(*view_.sql_, text); }
  bool good() const { return view_.sql_->status().ok(); }

 private:
  LedgerView& view_;
  const std::unique_lock<std::mutex> lock_;
};

}  // namespace sampan::queue
