// SPDX-License-Identifier: Apache-2.0
// Orphan: a state directory whose node runs no more, on a copied or read-only disk: read from its spool, and never written to.
//
// First the notes are read, which say what became of each item, then every item, as the disk has them; what is still owed is
// judged as a rebuild judges it (fates.h). The ledger is not needed; where there is one, it is copied away and asked as well:
// the record of an item of an earlier version does not say to whom it is owed.
// Threads: one.   Owns: nothing of the directory; a copy of the ledger in the folder for temporary files, while it is asked.
// Fails:   no key opens it -> Errc::refused, in both languages; what is damaged is counted and passed over.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/courier.h"
#include "queue/fates.h"
#include "queue/keyring.h"

namespace sampan::queue {

struct OrphanCounts {
  std::uint64_t items = 0;
  std::uint64_t damaged = 0;      // ranges and torn tails
  std::uint64_t unopened = 0;     // records under a key that is not in the keyring
  std::uint64_t foreign = 0;      // files that are no segments of this node
  std::uint64_t unread = 0;       // segments that do not open or read, or of which nothing says whose they are: they may hold images
  bool notes_unread = false;      // some of what was noted did not read: what counts as delivered may be owed again
  std::uint64_t unsaid = 0;       // items whose record does not say to whom they are owed
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
