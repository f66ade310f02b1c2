// SPDX-License-Identifier: Apache-2.0
// Duties: what the scheduler needs from the queue. Lend me what is due; here is what became of it.
//
// A lease lives in memory only and ends when the item is settled; every leased item is settled exactly once. After a
// crash nothing is leased, so there is nothing to repair.
// Threads: lease() from the scheduler's thread, settle() from any lane's; settle() may wait for a sync.
// Fails:   an item whose payload cannot be opened is not lent; settling what is not leased is ignored.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "core/courier.h"
#include "core/outcome.h"

namespace sampan::scheduler {

inline constexpr MonoTime never{INT64_MAX};

// What a destination may refuse as a whole.
struct ClassKey {
  std::string sop_class;
  std::string transfer_syntax;
  friend auto operator<=>(const ClassKey&, const ClassKey&) = default;
};

inline ClassKey class_of(const core::Item& item) {
  return {std::string(item.facts.get(core::Fact::sop_class_uid)),
          std::string(item.facts.get(core::Fact::transfer_syntax_uid))};
}

struct LeaseRequest {
  std::string destination;
  std::size_t items_max = 1;
  std::uint64_t bytes_max = 0;        // enough once reached; the first item is lent whatever its size
  std::set<ClassKey> skip_classes{};  // blocked here
  std::set<Uuid> skip_items{};        // few; suspected of breaking attempts
  std::set<Uuid> only_items{};        // few; empty: any
  std::optional<ClassKey> only_class{};
  bool only_emergencies = false;
};

struct Leased {
  std::vector<core::Consignment> items;  // in the order of the queue
  // Set when items is empty and a waiting item that fits the request becomes due later: when.
  std::optional<MonoTime> due_at;
};

// Back to waiting. The wait counts from now; its owner keeps it across restarts and clamps it against clock jumps
// (policy::wait_left).
struct PutBack {
  std::string reason;
  Millis wait{0};
  bool counted = false;  // was a try of this item, and adds to its attempts
};

struct Settlement {
  Uuid item;
  std::variant<core::Delivered, PutBack, core::Rejected> what;
};

class Duties {
 public:
  virtual ~Duties() = default;
  virtual Leased lease(const LeaseRequest& request) = 0;
  virtual void settle(const std::string& destination, std::span<const Settlement> settlements) = 0;
};

}  // namespace sampan::scheduler
