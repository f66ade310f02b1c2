// SPDX-License-Identifier: Apache-2.0
// Image pages: every delivery of an exam, or of one item of it, some items at a time, so that memory does not follow the exam.
//
// Each page is one true picture; between two of them the exam goes on living.
// Threads: one at a time; it outlives no LedgerView.
// Fails:   a ledger that does not answer ends the pages early: good() is false.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.h"
#include "core/outcome.h"
#include "queue/question.h"

namespace sampan::queue {

enum class Payload { here, reclaimed, damaged };

struct ImageDelivery {
  Uuid item;
  Payload payload = Payload::here;
  std::string destination;
  core::DeliveryState state = core::DeliveryState::waiting;
  std::string reason;
};

class ImagePages {
 public:
  ImagePages(LedgerView& view, std::int64_t exam, const std::optional<Uuid>& item) : view_(view), exam_(exam), item_(item) {}

  // All deliveries of the next items, those of one item beside each other; empty: there are no more.
  std::vector<ImageDelivery> next();
  bool good() const { return good_; }

  static constexpr std::size_t items_a_page = core::limits::notes_waiting_max / 4;

 private:
  std::vector<ImageDelivery> of_one(Question& question);
  std::vector<ImageDelivery> page(Question& question);
  bool next_order(Question& question);

  LedgerView& view_;
  const std::int64_t exam_;
  const std::optional<Uuid> item_;
  static constexpr std::int64_t before_all = std::numeric_limits<std::int64_t>::min();
  int state_ = 1;                            // of the items that are read now
  std::int64_t read_to_ = before_all;        // study_order, of that state
  std::optional<std::int64_t> study_order_;  // that is read now
  std::int64_t seq_ = 0;                     // read last, of that study_order
  bool done_ = false, good_ = true;
};

}  // namespace sampan::queue
