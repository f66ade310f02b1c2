// SPDX-License-Identifier: Apache-2.0
// Pledges: what modalities asked this node to promise to keep, and what is here of it (storage commitment, PS3.4 annex J).
//
// A request stands in notes of the spool until it was told or given up: neither a restart nor the loss of the ledger makes
// it forgotten. When it is told again, and for how long it is open, stands in the ledger only: lost with it, it is told at
// once, and its time begins anew.
// Threads: any.
// Fails:   keep() as core::Promises::asked(); a ledger that does not answer has nothing to tell.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/promises.h"
#include "queue/ledger_secrets.h"
#include "queue/notes.h"
#include "queue/question.h"
#include "queue/queue.h"

namespace sampan::queue {

class Store;

struct Pledge {
  std::string transaction_uid;
  Millis asked_for{};  // running time since it was asked, as far as the ledger knows
  std::string calling_ae, called_ae, peer_address;
  unsigned attempts = 0;  // to tell it
  std::string said;       // why it could not be told, in words
};

// One instance of a request, as it is here.
struct PledgedInstance {
  enum class Where { nowhere, here, let_go, damaged, differing };
  core::InstanceReference reference;
  Where where = Where::nowhere;
  Sequence seq = 0;                         // of what is here
  std::string sop_class_uid;                // of what is here; empty: not known
  std::vector<DeliveryStanding> deliveries;  // of what is here; of what was let go only a proof of the last day counts, the others wait
  // What was let go went, however long ago, by the word of an archive, or of who is no node and was trusted. Of what only a
  // tombstone is left nobody knows.
  bool rested = false;
};

class Pledges {
 public:
  // Reads a stored copy, and sets aside one that does not verify.
  using See = std::function<Status(Sequence seq)>;
  // glance: another connection, for what a status asks.
  Pledges(Store& store, LedgerView& view, LedgerView& glance, const Keyring& keys, const Clock& clock, See see)
      : store_(store), view_(view), glance_(glance), keys_(keys), facts_(keys), clock_(clock), see_(std::move(see)) {}

  // Durable when it returns.
  Status keep(const core::PromiseRequest& request);
  // Those to be told by now, who waited longest first; none while the spool is being read.
  struct Due {
    std::vector<Pledge> pledges;
    std::optional<Millis> due_in;  // when one will be due later
  };
  Due due(std::size_t pledges_max);
  // Nothing: it is not open, or what is here is not known yet.
  struct Standing {
    Pledge pledge;
    std::vector<PledgedInstance> instances;
  };
  std::optional<Standing> standing(const std::string& transaction_uid);
  // Whether what the ledger says is here is so: all of it is read. Errc::damaged, not_found: it is not, and was quarantined;
  // another: the disk does not say just now.
  Status see(Sequence seq) { return see_(seq); }

  void answered(const std::string& transaction_uid);
  void give_up(const std::string& transaction_uid);
  void tell_later(const std::string& transaction_uid, unsigned attempts, Millis wait, std::string_view said);
  // Where they are told may have changed.
  void tell_all_now();

  struct Summary {
    std::uint64_t open = 0;    // not told yet
    std::uint64_t untold = 0;  // of these, could be told and nobody answered
    std::optional<Millis> oldest;  // running time since it was asked
    std::string said;          // of the oldest of those
  };
  Summary summary();

 private:
  Pledge read(Statement& row) const;
  std::optional<std::vector<core::InstanceReference>> instances_of(Question& question, const std::string& transaction_uid);
  PledgedInstance look(Question& question, core::InstanceReference reference);
  Status room_for(const core::PromiseRequest& request, bool& known);
  void end(const std::string& transaction_uid, PromiseNote::What what);

  Store& store_;
  LedgerView &view_, &glance_;
  const IndexKeys keys_;
  std::mutex mutex_;  // of facts_
  std::mutex asking_mutex_;
  FactsSeal facts_;
  const Clock& clock_;
  const See see_;
};

}  // namespace sampan::queue
