// SPDX-License-Identifier: Apache-2.0
// Proving: asks the destinations of the settings whether they keep what they accepted, and takes what they report of it.
//
// Threads: add(), change(), step(), stop(), stopped() and way() the scheduler's; notify() and what the couriers of proof
//          and the intake call, any.
// Fails:   never; a report about nothing we asked is refused.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/judge.h"
#include "core/receipts.h"
#include "node/node.h"
#include "queue/queue.h"
#include "scheduler/verifier.h"
#include "settings/settings.h"

namespace sampan::node {

class Proving final : public core::Receipts, private core::Transactions, private scheduler::Proofs {
 public:
  // All must outlive it.
  Proving(queue::Queue& queue, scheduler::Lanes& lanes, scheduler::Waker& waker, Env env, const core::Judge& judge);

  void add(const std::vector<settings::Destination>& destinations);
  // Who is asked in the same way as before is not interrupted.
  void change(const std::vector<settings::Destination>& before, const std::vector<settings::Destination>& after);
  void notify() { verifier_.notify(); }
  MonoTime step() { return verifier_.step(); }
  void stop() { verifier_.stop(); }
  bool stopped() const { return verifier_.stopped(); }
  bool asks(const std::string& destination) const { return verifier_.asks(destination); }
  core::ProofWay way(const std::string& destination) const { return verifier_.way(destination); }

  Status commitment_reported(const core::CommitmentReport& report) override;

 private:
  void add(const settings::Destination& destination);
  Result<std::string> begin(const std::string& destination) override;
  Due due(const std::string& destination, std::size_t items_max) override;
  void archived(const std::string& destination, const core::Receipt& receipt) override;
  void send_again(const std::string& destination, const Asked& asked, const std::string& reason) override;
  void ask_later(const std::string& destination, const Asked& asked, Millis wait, const std::string& reason) override;

  queue::Queue& queue_;
  const Env env_;
  const core::Judge& judge_;
  std::mutex mutex_;
  std::map<std::string, std::string> why_not_;  // by destination; said once
  std::map<Uuid, unsigned> resends_;            // of the latest resends_remembered
  scheduler::Verifier verifier_;
};

}  // namespace sampan::node
