// SPDX-License-Identifier: Apache-2.0
// Proof habit: what a destination turned out to prove with, learnt from what it said and not from what it offers.
//
// Many a PACS accepts a request for storage commitment and never reports: it does not know our port, or a router stands
// between. After two requests without a report, or a refusal, a query is asked instead where there is one, and commitment
// again after proof_wait_most. A query that never finds anything proves nothing either.
// Threads: any.
// Fails:   never.
#pragma once

#include <mutex>

#include "base/clock.h"
#include "core/prover.h"

namespace sampan::uplink {

class ProofHabit {
 public:
  explicit ProofHabit(const Clock& clock) : clock_(clock) {}

  // Is commitment to be asked for now? query_is_offered: there is another way meanwhile.
  bool wants_commitment(bool query_is_offered);
  void commitment_asked();  // a report of it is awaited
  void commitment_reported();
  void commitment_refused(bool query_is_offered);
  void query_answered();         // it found something, now or before
  void query_brought_nothing();  // refused, no answer, or it has never found anything
  void nothing_offered();

  // Unknown until it proved something, or had the time to and did not.
  core::ProofWay way() const;

 private:
  struct Tries {
    unsigned times = 0;
    MonoTime first{};
    void add(MonoTime now);
    bool fruitless(MonoTime now, unsigned times_max) const;
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  Tries requests_, queries_;
  MonoTime commitment_from_{};
  core::ProofWay way_ = core::ProofWay::unknown;
};

}  // namespace sampan::uplink
