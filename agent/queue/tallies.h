// SPDX-License-Identifier: Apache-2.0
// Tallies: what the ledger counts as it changes, so that no question has to read rows to count them (FORMAT.md).
//
// Changes gather in memory and are written by flush(), as part of the transaction of the rows they speak of.
// Threads: that of the ledger.
// Fails:   as the statements of its connection do; clear() forgets what was gathered for a transaction that was lost.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "queue/ledger_schema.h"
#include "queue/sql.h"

namespace sampan::queue {

// A delivery, as it is counted.
struct CountedDelivery {
  std::int64_t exam = 0;
  int destination = 0;
  int state = 0;
  int level = 0;
  std::int64_t bytes = 0;
  std::int64_t received_ms = 0;
  std::int64_t rank = 0;
  std::string reason;
};

class Tallies {
 public:
  explicit Tallies(Sql& sql);

  // at_ms: when it came to be so; 0: nobody knows.
  void enter(const CountedDelivery& delivery, std::int64_t at_ms) { count(delivery, 1, at_ms); }
  void leave(const CountedDelivery& delivery) { count(delivery, -1, 0); }
  // Rows of item that are new, or forgotten. Changes of their state are counted by a trigger.
  void item(ItemState state, std::int64_t items, std::int64_t bytes);
  // An item of an exam came; seq is that item.
  void exam(std::int64_t exam, std::int64_t seq, std::int64_t received_ms, std::int64_t bytes);

  void flush();
  void clear();

 private:
  struct Sum {
    std::int64_t items = 0, bytes = 0;
    std::int64_t first_ms = 0, last_ms = 0;  // 0: unknown
    std::int64_t seq = 0;
    void at(std::int64_t ms);
  };
  template <std::size_t N>
  using Sums = std::map<std::array<std::int64_t, N>, Sum>;
  void count(const CountedDelivery& delivery, int sign, std::int64_t at_ms);
  void write(Statement& into, const Sum& sum, int column);
  void flush_hours();  // and forgets those beyond their bound

  Sums<3> deliveries_;  // destination, state, level
  Sums<4> exam_deliveries_;
  Sums<2> minutes_;     // destination, minute
  std::map<std::pair<std::array<std::int64_t, 2>, std::string>, std::int64_t> reasons_;
  Sums<1> exams_, items_, hours_;
  std::int64_t last_hour_ = -1;
  Statement add_delivery_, add_exam_delivery_, add_minute_, drop_minute_, add_reason_, drop_reason_, add_exam_, add_item_,
      add_hour_, drop_hours_;
};

}  // namespace sampan::queue
