// SPDX-License-Identifier: Apache-2.0
// LedgerReader: questions to the ledger, on a connection of its own, so that nobody waits for the store thread.
//
// Threads: any; one question at a time.
// Fails:   a ledger that does not answer gives empty answers and a warning; the spool still has everything.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "queue/lacking.h"
#include "queue/ledger.h"
#include "queue/sql.h"

namespace sampan::queue {

struct DueDelivery {
  Sequence seq = 0;
  unsigned attempts = 0;
  std::optional<core::Priority> priority;  // as it stands now
  std::uint64_t bytes = 0;                 // of the payload
};

struct DueQuery {
  std::string destination;
  std::size_t items_max = 1;
  WallTime now{};
  Millis back_off_most{};                       // a not_before further away than this is a clock that jumped
  std::vector<std::int64_t> blocked_classes;    // not these
  std::optional<std::int64_t> only_class;       // only this one
  std::vector<Uuid> only_items;                 // few; empty: any
  bool only_emergencies = false;                // of all these
};

class LedgerReader {
 public:
  static Result<std::unique_ptr<LedgerReader>> open(const std::string& path, const Keyring& keys);

  // Waiting deliveries in the order they are due, without those in leased. What travels ahead of images comes first, but
  // while images are due it gets only its share.
  std::vector<DueDelivery> due(const DueQuery& query, const std::unordered_set<Sequence>& leased);
  bool waits(const std::string& destination);
  // How long until a delivery that fits the query is due; nothing when none waits. Where the ledger did not answer, a while.
  std::optional<Millis> next_due(const DueQuery& query);
  // An item of this name and content is in custody, or was and is receipted; one with two names only where it has both.
  struct Known {
    Uuid id;
    Sequence seq = 0;
    bool reclaimed = false;
  };
  std::optional<Known> same_instance(const core::Facts& facts, const Digest& sha256);
  // What it is not owed yet, of what is owed of the same image that came again.
  Lack lack(Sequence item, std::span<const std::string> owed, core::Priority priority);
  // Since it was last asked.
  bool found_damage() { return found_damage_.exchange(false); }
  std::int64_t class_key(std::string_view sop_class, std::string_view transfer_syntax) const {
    return keys_.of_class(sop_class, transfer_syntax);
  }

 private:
  LedgerReader(std::unique_ptr<Sql> sql, const Keyring& keys);
  int number_of(const std::string& destination);
  void take_due(Statement& rows, const DueQuery& query, const std::unordered_set<Sequence>& leased, std::size_t items_max, std::vector<DueDelivery>& found);
  std::unique_lock<std::mutex> ask();  // an earlier error is forgotten
  void complain();
  std::mutex mutex_;
  std::atomic<bool> found_damage_{false};
  bool unanswered_ = false;  // some question, since next_due() was asked
  std::unique_ptr<Sql> sql_;
  IndexKeys keys_;
  std::map<std::string, int> destinations_;
  Statement due_, due_first_, due_urgent_, due_class_, due_item_, waits_, next_, next_urgent_, same_, number_;
  Lacking lacking_;
};

}  // namespace sampan::queue
