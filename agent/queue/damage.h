// SPDX-License-Identifier: Apache-2.0
// Damage: the places of the spool that do not verify or are in doubt, for a person to look at, and to say that it was done.
//
// Who looked ends the telling, and nothing else: the bytes stay. It is durable when seen() returns, and a rebuild knows it.
// Threads: any; seen() waits for the store.
// Fails:   no such place -> Errc::not_found; not written in time -> Errc::timeout: it will be, as soon as it can;
//          nor before the store stops -> stopped; a ledger that does not answer gives no places, and seen() -> io.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "queue/ledger_secrets.h"
#include "queue/question.h"
#include "queue/record.h"

namespace sampan::queue {

class SpoolFolder;
class Store;

struct DamagedPlace {
  std::uint64_t segment = 0, offset = 0, bytes = 0;
  bool doubtful = false;         // the power may have torn it, and it may have been acknowledged
  std::string reason;
  std::string study;             // of a known image; else empty
  std::optional<WallTime> about; // when it came: of itself, of what came before it in the segment, or of the segment; by the clock of then
  std::string name() const { return std::to_string(segment) + "-" + std::to_string(offset); }
};

class Damage {
 public:
  Damage(Store& store, LedgerView& view, SpoolFolder& folder, const Keyring& keys, const Clock& clock)
      : store_(store), view_(view), folder_(folder), clock_(clock), facts_(keys) {}

  // As LedgerView says.
  std::uint64_t failures() const { return view_.failures(); }
  // Those nobody looked at yet, at most so many, the newest first.
  std::vector<DamagedPlace> places(std::size_t places_max);
  // The one of that name, or without a name all. How many.
  Result<std::uint64_t> seen(const std::string& name);

 private:
  std::vector<DamagedPlace> read(Question& question, std::size_t places_max);
  std::string study_of(const Uuid& id, ByteView sealed);
  std::optional<WallTime> begun(std::uint64_t segment);

  Store& store_;
  LedgerView& view_;
  SpoolFolder& folder_;
  const Clock& clock_;
  std::mutex facts_mutex_;
  FactsSeal facts_;
};

}  // namespace sampan::queue
