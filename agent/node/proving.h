// SPDX-License-Identifier: Apache-2.0
// Proving: asks the destinations of the settings whether they keep what they accepted, and takes what they report of it.
//
// What is archived and still here is asked about again, as policy/proof.h says. What a fallback took is asked of the
// fallback; where that one can prove nothing, or is a node and does not (it may wait for us, as we wait for it), it is taken back
// to the destination itself once that gets through.
//
// Threads: add(), change(), step(), stop(), stopped() and way() the scheduler's; notify() and what the couriers of proof
//          and the intake call, any.
// Fails:   never; a report about nothing we asked is refused.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/judge.h"
#include "core/receipts.h"
#include "node/node.h"
#include "queue/queue.h"
#include "queue/unproven.h"
#include "scheduler/verifier.h"
#include "settings/settings.h"

namespace sampan::node {

class Proving final : public core::Receipts, private core::Transactions, private scheduler::Proofs {
 public:
  // All must outlive it.
  Proving(queue::Queue& queue, scheduler::Lanes& lanes, scheduler::Waker& waker, Env env, const core::Judge& judge,
          scheduler::Observer& observer);

  void add(const std::vector<settings::Destination>& destinations);
  // Who is asked in the same way as before is not interrupted.
  void change(const std::vector<settings::Destination>& before, const std::vector<settings::Destination>& after);
  void notify() { verifier_.notify(); }
  MonoTime step() { return verifier_.step(); }
  void stop() { verifier_.stop(); }
  bool stopped() const { return verifier_.stopped(); }
  bool asks(const std::string& destination) const { return verifier_.asks(destination); }
  core::ProofWay way(const std::string& destination) const { return verifier_.way(destination); }

  // Of a destination: it gets through, or does not. From the scheduler's thread.
  void is_up(const std::string& destination, bool up);

  // Images that it accepted and lost again and again, and those that it does not commit to however often they are sent, both
  // since the start. From any thread.
  std::uint64_t lost_often(const std::string& destination);
  std::uint64_t not_committed(const std::string& destination);

  Status commitment_reported(const core::CommitmentReport& report) override;

 private:
  void add(const settings::Destination& destination);
  Result<std::string> begin(const std::string& destination) override;
  Due due(const std::string& destination, std::size_t items_max) override;
  void archived(const std::string& destination, const Asked& asked, const core::Receipt& receipt) override;
  void send_again(const std::string& destination, const Asked& asked, const std::string& reason) override;
  void ask_later(const std::string& destination, const Asked& asked, Millis wait, const std::string& reason) override;
  void found_there(const std::string& destination, const Asked& asked) override;
  void done(const std::string& destination, const std::vector<Asked>& asked) override;
  // What was archived before is asked about once more; when that is to be looked at again.
  MonoTime recheck(const std::string& destination);
  bool proves(const std::string& destination) const;
  void take_back(const std::string& destination);
  void take_back_from(const std::string& other, const std::string& destination, bool destination_proves);
  bool is_to_be_taken_back(const std::string& asked_of, const Asked& asked);
  void found(const std::string& destination, const Uuid& item);
  void send_anew(const std::string& destination, const Asked& asked, const std::string& reason);
  void take_failure(const std::string& destination, const Asked& asked, std::uint16_t reason);

  // Of one destination, about what it archived before.
  struct Recheck {
    std::optional<MonoTime> newest_asked;
    MonoTime next{};
    bool down = false, doubted = false, missing = false;
    bool takes_back = true;  // what a fallback took is to be looked at
    std::map<std::string, queue::Unproven::Place> looked_at;  // of what others have: to where
  };

  queue::Queue& queue_;
  const Env env_;
  const core::Judge& judge_;
  scheduler::Observer& observer_;
  std::mutex mutex_;
  std::map<std::string, std::string> why_not_;  // by destination; said once
  std::map<std::string, Recheck> rechecks_;     // same
  std::map<std::string, std::set<Uuid>> lost_often_, not_committed_;  // same; bounded
  // To be looked for by a query, as its reports do not commit to it.
  struct Denied {
    bool sought = false, found = false;
  };
  Denied denied_before(const std::string& destination, const Uuid& item);
  std::map<std::string, std::map<Uuid, Denied>> denied_;  // same; bounded
  scheduler::Verifier verifier_;
};

}  // namespace sampan::node
