// SPDX-License-Identifier: Apache-2.0
#include "node/proving.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/limits.h"
#include "node/couriers.h"
#include "node/destinations.h"
#include "policy/proof.h"
#include "queue/unproven.h"

namespace sampan::node {
namespace {

constexpr std::size_t resends_remembered = 4096;

// Carried alike but for the lanes, of which a question knows nothing.
bool asked_alike(const settings::Destination& one, settings::Destination other) {
  other.lanes = one.lanes;
  return carried_alike(one, std::move(other));
}

bool stays(const settings::Destination& one, const std::vector<settings::Destination>& others) {
  return std::ranges::any_of(others, [&](const settings::Destination& other) { return asked_alike(one, other); });
}

queue::UnprovenItem unproven_of(const scheduler::Proofs::Asked& asked) { return {asked.item, asked.place, asked.asked}; }

}  // namespace

Proving::Proving(queue::Queue& queue, scheduler::Lanes& lanes, scheduler::Waker& waker, Env env, const core::Judge& judge)
    : queue_(queue), env_(env), judge_(judge), verifier_({*this, lanes, waker, env.clock}) {}

void Proving::add(const settings::Destination& destination) {
  if (auto prover = make_prover(destination, env_, judge_, *this, *this)) verifier_.add(destination.name, std::move(prover));
}

void Proving::add(const std::vector<settings::Destination>& destinations) {
  for (const auto& destination : destinations) add(destination);
}

void Proving::change(const std::vector<settings::Destination>& before, const std::vector<settings::Destination>& after) {
  for (const auto& destination : before)
    if (!stays(destination, after)) verifier_.remove(destination.name);
  for (const auto& destination : after)
    if (!stays(destination, before)) add(destination);
}

Status Proving::commitment_reported(const core::CommitmentReport& report) {
  const auto committed = queue_.unproven().named_in(report.transaction_uid, report.committed);
  if (!committed) return fail(Errc::not_found, "a report of storage commitment that was not asked for");
  for (const auto& one : committed->items)
    queue_.unproven().archived(committed->destination, {one.item.id, one.item.sha256, committed->destination, env_.clock.wall(), core::Level::archived});
  for (const auto& failed : report.failed) {
    const auto denied = queue_.unproven().named_in(report.transaction_uid, {failed.sop_instance_uid});
    if (!denied) continue;
    for (const auto& one : denied->items) {
      const auto decision = policy::decide_failure(failed.reason, one.asked);
      const std::string why = "it does not commit to keep it, reason " + std::to_string(failed.reason);
      if (decision.what == policy::ProofDecision::What::send_again)
        send_again(committed->destination, {one.item, one.seq, one.asked}, why);
      else
        ask_later(committed->destination, {one.item, one.seq, one.asked}, decision.wait, why);
    }
  }
  return {};
}

Result<std::string> Proving::begin(const std::string& destination) { return queue_.unproven().begin(destination); }

scheduler::Proofs::Due Proving::due(const std::string& destination, std::size_t items_max) {
  auto found = queue_.unproven().due(destination, items_max);
  Due due;
  for (auto& one : found.items) due.items.push_back({std::move(one.item), one.seq, one.asked});
  if (found.due_in) due.due_at = env_.clock.mono() + *found.due_in;
  return due;
}

void Proving::archived(const std::string& destination, const core::Receipt& receipt) {
  queue_.unproven().archived(destination, receipt);
}

void Proving::send_again(const std::string& destination, const Asked& asked, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (resends_.size() >= resends_remembered && !resends_.contains(asked.item.id)) resends_.erase(resends_.begin());
    if (++resends_[asked.item.id] > core::limits::resends_max) {
      queue_.unproven().ask_later(destination, unproven_of(asked), core::limits::proof_wait_most);
      return;
    }
  }
  log::warn("destination " + destination + ": it does not have item " + to_string(asked.item.id) + " that it accepted: sent again: " + reason);
  queue_.unproven().send_again(destination, unproven_of(asked), reason);
}

void Proving::ask_later(const std::string& destination, const Asked& asked, Millis wait, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (std::string& known = why_not_[destination]; known != reason) {
      known = reason;
      log::info("destination " + destination + ": accepted images are not proven yet: " + reason);
    }
  }
  queue_.unproven().ask_later(destination, unproven_of(asked), wait);
}

}  // namespace sampan::node
