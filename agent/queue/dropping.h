// SPDX-License-Identifier: Apache-2.0
// Dropping: a destination that left the settings does not come back, as a person says: what was owed to it is owed no more.
//
// Where another destination that counts is owed the image, its duty stays and is enough. Where none is, the image is kept
// and waits for nobody, as one that matched no route: the settings route it again. Only who asks for it gives those up.
// What the destination proved to keep is left as it is; telemetry that nobody else is owed goes.
// Durable when it returns, image by image: one that is broken off is ordered again, and a rebuild knows it.
// Threads: any; each waits for the store. Memory does not follow the number of images.
// Fails:   not written in time -> Errc::timeout: it will be, as soon as it can; nor before the store stops -> stopped;
//          of many only some -> limit; a ledger that does not answer -> io; notes did
//          not read, and may say who else is owed what is to be given up -> refused.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "queue/ledger.h"
#include "queue/question.h"

namespace sampan::queue {

class Store;

// Of items that were owed to it, or that it accepted and did not prove to keep.
struct Dropped {
  std::uint64_t elsewhere = 0;  // another destination that counts is owed it, or has it
  std::uint64_t kept = 0;       // nobody else that counts: kept here
  std::uint64_t given_up = 0;   // the same, given up as ordered
  std::uint64_t damaged = 0;    // they could not have been sent; the bytes stay
  std::uint64_t telemetry = 0;  // events and samples
  bool more = false;            // it took long enough for now: the same order again goes on with the rest
  std::uint64_t all() const { return elsewhere + kept + given_up + damaged + telemetry; }
  void add(const Dropped& other) {
    elsewhere += other.elsewhere, kept += other.kept, given_up += other.given_up, damaged += other.damaged, telemetry += other.telemetry;
  }
};

class Dropping {
 public:
  Dropping(Store& store, LedgerView& view, const Clock& clock) : store_(store), view_(view), clock_(clock) {}

  struct Order {
    std::string destination;
    std::set<std::string> required;  // the destinations that count
    bool give_up = false;            // also what nobody else is owed
    Millis patience = std::chrono::hours(24);  // at least a page is done
  };
  // What drop() would do; where it takes too long, with more: at least so much.
  Result<Dropped> count(const Order& order);
  Result<Dropped> drop(const Order& order);

 private:
  struct Place {
    std::int64_t state = 0, rank = 0, study_order = 0, seq = 0;
  };
  struct Debt {
    Ledger::Candidate item;
    ItemState state = ItemState::living;
    bool telemetry = false, elsewhere = false, anywhere = false;  // owed to others: to those that count; to any
  };
  struct Page {
    std::vector<Debt> debts;
    bool last = false;
  };
  Result<Page> next(const Order& order, Place& after);
  Result<Dropped> walk(const Order& order, bool carry_out);
  // What another was given since the page was read is his alone, as if the page had said so.
  Status carry_out(const Order& order, std::vector<Debt>& debts);
  Note release(const Order& order, const Debt& debt);

  Store& store_;
  LedgerView& view_;
  const Clock& clock_;
};

}  // namespace sampan::queue
