// SPDX-License-Identifier: Apache-2.0
#include "uplink/proof_habit.h"

#include "core/limits.h"

namespace sampan::uplink {

using core::ProofWay;
namespace limits = core::limits;

namespace {

// Enough for a PACS that reports or indexes at its leisure; later answers are taken all the same.
constexpr unsigned commitment_asks_max = 2, query_asks_max = 4;
constexpr auto patience = std::chrono::seconds(30);

}  // namespace

void ProofHabit::Tries::add(MonoTime now) {
  if (times++ == 0) first = now;
}

bool ProofHabit::Tries::fruitless(MonoTime now, unsigned times_max) const {
  return times >= times_max && now - first >= Millis(patience);
}

bool ProofHabit::wants_commitment(bool query_is_offered) {
  const std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  if (requests_.fruitless(now, commitment_asks_max)) {
    requests_ = {};
    commitment_from_ = now + Millis(limits::proof_wait_most);
    if (!query_is_offered) way_ = ProofWay::none;
  }
  return !query_is_offered || now >= commitment_from_;
}

void ProofHabit::commitment_asked() {
  const std::lock_guard lock(mutex_);
  requests_.add(clock_.mono());
}

void ProofHabit::commitment_reported() {
  const std::lock_guard lock(mutex_);
  requests_ = {};
  commitment_from_ = {};
  way_ = ProofWay::commitment;
}

void ProofHabit::commitment_refused(bool query_is_offered) {
  const std::lock_guard lock(mutex_);
  requests_ = {};
  commitment_from_ = clock_.mono() + Millis(limits::proof_wait_most);
  if (!query_is_offered) way_ = ProofWay::none;
}

void ProofHabit::query_answered() {
  const std::lock_guard lock(mutex_);
  queries_ = {};
  way_ = ProofWay::query;
}

void ProofHabit::query_brought_nothing() {
  const std::lock_guard lock(mutex_);
  queries_.add(clock_.mono());
  if (queries_.fruitless(clock_.mono(), query_asks_max)) way_ = ProofWay::none;
}

void ProofHabit::nothing_offered() {
  const std::lock_guard lock(mutex_);
  way_ = ProofWay::none;
}

ProofWay ProofHabit::way() const {
  const std::lock_guard lock(mutex_);
  return way_;
}

}  // namespace sampan::uplink
