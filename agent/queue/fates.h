// SPDX-License-Identifier: Apache-2.0
// Fates: what became of each item by the notes of a spool, where there is no ledger to keep it; judged as a rebuild judges.
//
// An item is owed to whom its record says, to whom a note gave it later, and to whom a person sent its exam. A receipt ends
// that for its destination, a verdict begins it anew. Only of an item whose record says nothing (of an earlier version) the
// notes themselves tell to whom it went.
// Threads: one.
// Fails:   nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/notes.h"

namespace sampan::queue {

// What is known about one item beyond its record.
struct Fate {
  std::set<std::string> delivered_to;
  std::set<std::string> owed_to;                   // who has given no receipt; empty name: it is kept, for nobody
  std::map<std::string, std::string> refused_by;  // of these, who and why: rejected, or on hold
  bool differs_from_gone = false;                  // another content under its SOP Instance UID was reclaimed
  bool undelivered() const { return delivered_to.empty() || !owed_to.empty(); }
};

class Fates {
 public:
  void take(const Note& note);  // in the order of the spool
  // By the ledger, after all notes. anew: whatever receipts say, because a note that took them back may not have been read.
  void owe(const Uuid& item, const std::string& destination, bool anew = false);
  // Some item of this id is gone.
  bool is_gone(const Uuid& item) const { return gone_.contains(item); }
  bool is_gone(const core::Item& item) const { return is_gone(item, false); }
  // As a copy of what stayed.
  bool is_let_go(const core::Item& item) const { return is_gone(item, true); }
  // After this one was received, the same image was reclaimed.
  bool was_reclaimed(const core::Item& item, std::int64_t sop_key) const;
  // sop_key: of its SOP Instance UID, as tombstones name it; 0: it has none.
  Fate of(const core::Item& item, const Owed& owed, std::int64_t sop_key = 0) const;

 private:
  struct Said {
    std::vector<Digest> delivered;        // a receipt is for these bytes
    std::optional<std::string> refused;  // why
  };
  struct Known {
    std::set<std::string> duties;
    std::set<std::string> released;  // of what its record says as well
    std::set<std::string> kept;      // the same, once somebody else is owed it
    std::map<std::string, Said> said;  // by destination
  };
  std::unordered_map<Uuid, Known, UuidHash> items_;
  bool is_gone(const core::Item& item, bool as_copy) const;
  std::unordered_map<Uuid, std::vector<std::pair<Digest, bool>>, UuidHash> gone_;  // and whether as a copy
  std::unordered_map<std::int64_t, std::vector<std::pair<Digest, WallTime>>> reclaimed_;  // by SOP key
  std::map<std::string, std::set<std::string>> exams_;  // destinations a person added
};

}  // namespace sampan::queue
