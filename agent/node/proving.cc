// SPDX-License-Identifier: Apache-2.0
#include "node/proving.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/limits.h"
#include "core/nodes.h"
#include "node/couriers.h"
#include "node/destinations.h"
#include "policy/proof.h"
#include "queue/unproven.h"

namespace sampan::node {
namespace {

// Carried alike but for the lanes, of which a question knows nothing.
bool asked_alike(const settings::Destination& one, settings::Destination other) {
  other.lanes = one.lanes;
  return carried_alike(one, std::move(other));
}

bool stays(const settings::Destination& one, const std::vector<settings::Destination>& others) {
  return std::ranges::any_of(others, [&](const settings::Destination& other) { return asked_alike(one, other); });
}

using Asked = scheduler::Proofs::Asked;
namespace limits = core::limits;

constexpr std::size_t counted_max = 10'000;

Asked asked_of(queue::UnprovenItem one) {
  return {std::move(one.item), one.seq, one.asked, std::move(one.owed_to), std::move(one.node), one.resends, one.again};
}

queue::UnprovenItem unproven_of(const Asked& asked) {
  return {asked.item, asked.place, asked.asked, asked.owed_to, asked.said_by, asked.resends, asked.again};
}

}  // namespace

Proving::Proving(queue::Queue& queue, scheduler::Lanes& lanes, scheduler::Waker& waker, Env env, const core::Judge& judge,
                 scheduler::Observer& observer)
    : queue_(queue), env_(env), judge_(judge), observer_(observer), verifier_({*this, lanes, waker, env.clock}) {}

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
  auto committed = queue_.unproven().named_in(report.transaction_uid, report.committed);
  if (!committed) return fail(Errc::not_found, "a report of storage commitment that was not asked for");
  const std::string& who = committed->destination;
  verifier_.reported(who);
  for (const auto& one : committed->items) {
    found(who, one.item.id);
    queue_.unproven().archived(one, {one.item.id, one.item.sha256, who, env_.clock.wall(), core::Level::archived});
  }
  for (const auto& failed : report.failed) {
    auto denied = queue_.unproven().named_in(report.transaction_uid, {failed.sop_instance_uid});
    if (!denied) continue;
    for (auto& one : denied->items) take_failure(who, asked_of(std::move(one)), failed.reason);
  }
  return {};
}

void Proving::take_failure(const std::string& destination, const Asked& asked, std::uint16_t reason) {
  using What = policy::FailureDecision::What;
  const Denied before = denied_before(destination, asked.item.id);
  const auto decision = policy::decide_failure({reason, asked.asked, asked.resends, core::said_by_node(asked.said_by), before.sought, before.found});
  const std::string why = "it does not commit to keep it, reason " + std::to_string(reason);
  if (decision.what == What::send_again) return send_again(destination, asked, why);
  if (decision.what == What::send_anyway) {
    log::warn("destination " + destination + ": an image is sent again that no query finds there: " + why);
    return send_anew(destination, asked, why);
  }
  {
    const std::lock_guard lock(mutex_);
    auto& denied = denied_[destination];
    if (decision.what == What::seek && denied.size() < counted_max) denied.try_emplace(asked.item.id);
    if (decision.what == What::tell) {
      denied.erase(asked.item.id);  // others have their turn; its own comes again
      if (auto& told = not_committed_[destination]; told.size() < counted_max) told.insert(asked.item.id);
    }
  }
  ask_later(destination, asked, decision.wait, why);
}

Proving::Denied Proving::denied_before(const std::string& destination, const Uuid& item) {
  const std::lock_guard lock(mutex_);
  const auto& denied = denied_[destination];
  const auto known = denied.find(item);
  return known == denied.end() ? Denied{} : known->second;
}

void Proving::found_there(const std::string& destination, const Asked& asked) {
  const std::lock_guard lock(mutex_);
  auto& denied = denied_[destination];
  if (const auto known = denied.find(asked.item.id); known != denied.end()) known->second.found = true;
}

Result<std::string> Proving::begin(const std::string& destination) { return queue_.unproven().begin(destination); }

scheduler::Proofs::Due Proving::due(const std::string& destination, std::size_t items_max) {
  auto found = queue_.unproven().due(destination, items_max);
  Due due;
  for (auto& one : found.items) due.items.push_back(asked_of(std::move(one)));
  {
    const std::lock_guard lock(mutex_);
    auto& denied = denied_[destination];
    for (Asked& one : due.items)
      if (const auto known = denied.find(one.item.id); known != denied.end()) one.denied = known->second.sought = true;
  }
  if (!due.items.empty()) return due;
  due.due_at = recheck(destination);
  if (found.due_in) due.due_at = std::min(*due.due_at, env_.clock.mono() + *found.due_in);
  return due;
}

void Proving::done(const std::string&, const std::vector<Asked>& asked) {
  std::vector<queue::UnprovenItem> items;
  for (const auto& one : asked) items.push_back(unproven_of(one));
  queue_.unproven().done(items);
}

void Proving::is_up(const std::string& destination, bool up) {
  {
    const std::lock_guard lock(mutex_);
    Recheck& one = rechecks_[destination];
    one.doubted = one.doubted || up;
    one.takes_back = true;
    one.down = !up;
    one.next = MonoTime{};
  }
  verifier_.notify();
}

MonoTime Proving::recheck(const std::string& destination) {
  const MonoTime now = env_.clock.mono();
  policy::RecheckFacts facts;
  {
    const std::lock_guard lock(mutex_);
    Recheck& one = rechecks_[destination];
    if (now < one.next) return one.next;
    one.next = now + Millis(limits::recheck_pause);
    if (one.newest_asked) facts.since_newest = now - *one.newest_asked;
    facts.doubted = std::exchange(one.doubted, false);
    facts.missing = std::exchange(one.missing, false);
  }
  const auto round = queue_.unproven().round(destination);
  facts.round_runs = round.runs;
  facts.since_round = round.since;
  const auto what = policy::recheck(facts);
  if (what == policy::Recheck::newest) {
    queue_.unproven().ask_newest_again(destination);
    const std::lock_guard lock(mutex_);
    rechecks_[destination].newest_asked = now;
    rechecks_[destination].takes_back = true;
  }
  if (what == policy::Recheck::begin_round || (what == policy::Recheck::newest && !round.since)) queue_.unproven().begin_round(destination);
  if (what == policy::Recheck::go_on) queue_.unproven().go_on(destination);
  take_back(destination);
  return now + Millis(limits::recheck_pause);
}

bool Proving::proves(const std::string& destination) const {
  return asks(destination) && way(destination) != core::ProofWay::none;
}

// Its fallback took them and does not prove them: nobody but the destination itself ends that duty.
void Proving::take_back(const std::string& destination) {
  const bool destination_proves = proves(destination) && way(destination) != core::ProofWay::unknown;
  {
    const std::lock_guard lock(mutex_);
    Recheck& one = rechecks_[destination];
    if (one.down || !one.takes_back) return;
    one.takes_back = !destination_proves;  // what it will prove is taken back once it is known that it does
  }
  for (const auto& other : queue_.unproven().others(destination)) take_back_from(other, destination, destination_proves);
}

// Others may have many of their own: some of it each time, so that nobody waits for all of it.
void Proving::take_back_from(const std::string& other, const std::string& destination, bool destination_proves) {
  const auto look_at = [&] {
    const std::lock_guard lock(mutex_);
    return rechecks_[destination].looked_at[other];
  };
  queue::Unproven::Place place = look_at();
  auto taken = queue_.unproven().taken_by(other, destination, limits::proof_batch_items_max, place);
  std::erase_if(taken.items, [&, fallback_proves = proves(other)](const queue::UnprovenItem& one) {
    return !policy::takes_back({destination_proves, fallback_proves, core::said_by_node(one.node), one.asked});
  });
  for (const auto& one : taken.items) queue_.unproven().send_again(one, "its fallback " + other + " cannot prove that it keeps it");
  if (!taken.items.empty())
    log::info("destination " + destination + ": " + std::to_string(taken.items.size()) + " images that " + other + " took in its place are sent to it as well");
  const std::lock_guard lock(mutex_);
  Recheck& one = rechecks_[destination];
  one.looked_at[other] = taken.more ? place : queue::Unproven::Place{};
  one.takes_back = one.takes_back || taken.more || !taken.items.empty();  // and what is left of them, next time
}

void Proving::archived(const std::string& destination, const Asked& asked, const core::Receipt& receipt) {
  found(destination, asked.item.id);
  queue_.unproven().archived(unproven_of(asked), receipt);
}

void Proving::found(const std::string& destination, const Uuid& item) {
  const std::lock_guard lock(mutex_);
  lost_often_[destination].erase(item);
  not_committed_[destination].erase(item);
  denied_[destination].erase(item);
}

std::uint64_t Proving::lost_often(const std::string& destination) {
  const std::lock_guard lock(mutex_);
  const auto often = lost_often_.find(destination);
  return often == lost_often_.end() ? 0 : often->second.size();
}

std::uint64_t Proving::not_committed(const std::string& destination) {
  const std::lock_guard lock(mutex_);
  const auto told = not_committed_.find(destination);
  return told == not_committed_.end() ? 0 : told->second.size();
}

void Proving::send_again(const std::string& destination, const Asked& asked, const std::string& reason) {
  if (asked.again) {
    const std::lock_guard lock(mutex_);
    Recheck& one = rechecks_[destination];
    one.missing = true;
    one.next = MonoTime{};
  }
  {
    const std::lock_guard lock(mutex_);
    auto& often = lost_often_[destination];
    if (asked.resends + 1 >= limits::resends_max && often.size() < counted_max) often.insert(asked.item.id);
  }
  observer_.item_lost(destination, asked.item.id, reason);
  send_anew(destination, asked, reason);
}

void Proving::send_anew(const std::string& destination, const Asked& asked, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    denied_[destination].erase(asked.item.id);
    not_committed_[destination].erase(asked.item.id);
  }
  queue_.unproven().send_again(unproven_of(asked), reason);
}

// Of two nodes that are each other's fallback neither can prove what it took, and their destination may never be asked.
bool Proving::is_to_be_taken_back(const std::string& asked_of, const Asked& asked) {
  if (asked.owed_to == asked_of || asked.again || !policy::takes_back({false, true, core::said_by_node(asked.said_by), asked.asked + 1})) return false;
  const std::lock_guard lock(mutex_);
  return !rechecks_[asked.owed_to].down;
}

void Proving::ask_later(const std::string& destination, const Asked& asked, Millis wait, const std::string& reason) {
  if (is_to_be_taken_back(destination, asked))
    return queue_.unproven().send_again(unproven_of(asked), "its fallback " + destination + " cannot prove that it keeps it");
  {
    const std::lock_guard lock(mutex_);
    if (std::string& known = why_not_[destination]; known != reason) {
      known = reason;
      log::info("destination " + destination + ": accepted images are not proven yet: " + reason);
    }
  }
  queue_.unproven().ask_later(unproven_of(asked), wait);
}

}  // namespace sampan::node
