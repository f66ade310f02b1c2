// SPDX-License-Identifier: Apache-2.0
// Orphan: a state directory whose node runs no more, on a copied or read-only disk: read from its spool, and never written to.
//
// First the notes are read, which say what became of each item, then every item, as the disk has them. The ledger is not
// needed; where there is one, it is copied away and asked to whom an item is still owed.
// An item is undelivered when nobody has given a receipt for it, when somebody it is known to be owed to has not, or when it
// was rejected or is on hold.
// Threads: one.   Owns: nothing of the directory; a copy of the ledger in the folder for temporary files, while it is asked.
// Fails:   no key opens it -> Errc::refused, in both languages; what is damaged is counted and passed over.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/courier.h"
#include "queue/keyring.h"
#include "queue/segment.h"

namespace sampan::queue {

// What is known about one item beyond its record.
struct Fate {
  std::set<std::string> delivered_to;
  std::map<std::string, std::string> refused_by;  // and why: rejected, or on hold
  std::set<std::string> owed_to;                   // who has given no receipt
  bool undelivered() const { return delivered_to.empty() || !owed_to.empty() || !refused_by.empty(); }
};

struct OrphanCounts {
  std::uint64_t items = 0;
  std::uint64_t damaged = 0;      // ranges and torn tails
  std::uint64_t unopened = 0;     // records under a key that is not in the keyring
  std::uint64_t foreign = 0;      // files that are no segments of this node
  bool ledger = false;            // it could be asked
};

class Orphan {
 public:
  static Result<Orphan> open(FileSystem& files, const KeySources& sources);
  Orphan(Orphan&&) noexcept;
  ~Orphan();

  std::uint64_t bytes() const;  // of the item segments, holes and all
  // Every item that still has its payload, in the order of reception; done counts up to bytes(). False from visit ends it.
  using Visit = std::function<bool(core::Consignment item, const Fate& fate, std::uint64_t done)>;
  void each(const Visit& visit);
  const OrphanCounts& counts() const;

 private:
  struct Parts;
  explicit Orphan(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sampan::queue
