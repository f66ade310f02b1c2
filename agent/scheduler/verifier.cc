// SPDX-License-Identifier: Apache-2.0
#include "scheduler/verifier.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/limits.h"

namespace sampan::scheduler {
namespace {

using What = policy::ProofDecision::What;

const std::string& reason_of(const core::Proof& proof) {
  static const std::string none;
  if (const auto* missing = std::get_if<core::Missing>(&proof)) return missing->reason;
  if (const auto* unclear = std::get_if<core::Unclear>(&proof)) return unclear->reason;
  return none;
}

void record(Proofs& proofs, const std::string& destination, const Proofs::Asked& asked, const core::Proof& proof) {
  const auto decision = policy::decide(proof, asked.asked);
  switch (decision.what) {
    case What::archived: return proofs.archived(destination, asked, std::get<core::Held>(proof).receipt);
    case What::send_again: return proofs.send_again(destination, asked, reason_of(proof));
    case What::ask_later: return proofs.ask_later(destination, asked, decision.wait, reason_of(proof));
  }
}

// What reports do not commit to is looked for first: what is not there is lost. What is there is asked about like the others, for
// it is no proof against the archive's own word.
void converse(core::Prover& prover, Proofs& proofs, const std::string& destination, const std::vector<Proofs::Asked>& asked) {
  std::vector<core::Item> denied, batch;
  std::map<Uuid, const Proofs::Asked*> by_id;
  for (const auto& one : asked) {
    if (one.denied) denied.push_back(one.item);
    by_id[one.item.id] = &one;
  }
  const core::ProofReport take = [&](const Uuid& id, const core::Proof& proof) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) return;
    record(proofs, destination, *found->second, proof);
    by_id.erase(found);
  };
  const core::ProofReport take_sought = [&](const Uuid& id, const core::Proof& proof) {
    if (std::holds_alternative<core::Missing>(proof)) return take(id, proof);
    if (const auto found = by_id.find(id); found != by_id.end() && std::holds_alternative<core::Held>(proof)) proofs.found_there(destination, *found->second);
  };
  if (!denied.empty()) prover.seek(denied, take_sought);
  for (const auto& one : asked)
    if (by_id.contains(one.item.id)) batch.push_back(one.item);
  if (!batch.empty()) prover.ask(batch, take);
}

}  // namespace

void Verifier::add(const std::string& destination, std::shared_ptr<core::Prover> prover) {
  if (stopping_) return;
  questions_.push_back({destination, std::move(prover)});
  needs_.waker.wake();
}

void Verifier::remove(const std::string& destination) {
  const auto found = std::ranges::find(questions_, destination, &Question::destination);
  if (found == questions_.end()) return;
  found->prover->interrupt();
  leaving_.push_back(std::move(*found));
  questions_.erase(found);
}

void Verifier::reported(const std::string& destination) {
  const std::lock_guard lock(mutex_);
  reported_.insert(destination);
}

void Verifier::hand_on_reports() {
  std::set<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    names.swap(reported_);
  }
  for (Question& question : questions_)
    if (names.contains(question.destination)) question.prover->reported();
}

MonoTime Verifier::step() {
  hand_on_reports();
  std::erase_if(leaving_, [](const Question& question) { return !*question.busy; });
  if (stopping_) return never;
  if (something_new_.exchange(false))
    for (Question& question : questions_) question.nothing_until = MonoTime{};
  MonoTime next = never;
  for (Question& question : questions_) {
    if (*question.busy) continue;  // its end wakes us
    const MonoTime now = needs_.clock.mono();
    if (now < question.pause_until) {
      next = std::min(next, question.pause_until);
      continue;
    }
    if (now >= question.nothing_until) {
      Proofs::Due due = needs_.proofs.due(question.destination, core::limits::proof_batch_items_max);
      if (!due.items.empty()) {
        ask(question, std::move(due.items));
        continue;
      }
      question.nothing_until = due.due_at ? std::max(*due.due_at, now + Millis(std::chrono::seconds(1))) : never;
    }
    next = std::min(next, question.nothing_until);
  }
  return next;
}

void Verifier::ask(Question& question, std::vector<Proofs::Asked> items) {
  *question.busy = true;
  question.pause_until = needs_.clock.mono() + core::limits::proof_pause;
  needs_.lanes.run([prover = question.prover, busy = question.busy, destination = question.destination, items = std::move(items),
                    &proofs = needs_.proofs, &waker = needs_.waker] {
    converse(*prover, proofs, destination, items);
    proofs.done(destination, items);
    *busy = false;
    waker.wake();
  });
}

void Verifier::stop() {
  stopping_ = true;
  for (Question& question : questions_) question.prover->interrupt();
}

bool Verifier::stopped() const {
  const auto idle = [](const Question& question) { return !*question.busy; };
  return stopping_ && std::ranges::all_of(questions_, idle) && std::ranges::all_of(leaving_, idle);
}

bool Verifier::asks(const std::string& destination) const {
  return std::ranges::find(questions_, destination, &Question::destination) != questions_.end();
}

core::ProofWay Verifier::way(const std::string& destination) const {
  const auto found = std::ranges::find(questions_, destination, &Question::destination);
  return found == questions_.end() ? core::ProofWay::unknown : found->prover->way();
}

}  // namespace sampan::scheduler
