// SPDX-License-Identifier: Apache-2.0
#include "policy/promise.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::policy {
namespace {

using namespace core::limits;
using What = PromiseDecision::What;
using Where = PromiseFacts::Where;

constexpr unsigned doublings_max = 16;

PromiseDecision refused(std::uint16_t reason) { return {What::refused, reason}; }

}  // namespace

PromiseDecision decide(const PromiseFacts& facts, PromiseOn on, Millis asked_for) {
  if (!facts.storage_class) return refused(promise_failure::class_not_supported);
  switch (facts.where) {
    case Where::nowhere: return refused(promise_failure::no_such_instance);
    case Where::damaged:
    case Where::differing: return refused(promise_failure::processing);
    case Where::here:
    case Where::let_go: break;
  }
  if (!facts.class_agrees) return refused(promise_failure::class_conflict);
  if (on == PromiseOn::rests && facts.where == Where::here) return facts.proven ? PromiseDecision{What::kept, 0} : refused(promise_failure::processing);
  if (facts.where == Where::let_go) return facts.proven ? PromiseDecision{What::kept, 0} : refused(promise_failure::no_such_instance);
  if (on == PromiseOn::accepted || facts.proven) return {What::kept, 0};
  return asked_for < Millis(promise_archive_wait_max) ? PromiseDecision{What::wait, 0} : refused(promise_failure::processing);
}

std::optional<Millis> tell_again_in(unsigned attempts, Millis asked_for) {
  if (asked_for >= Millis(promise_kept)) return std::nullopt;
  const Millis least = promise_back_off_least, most = promise_back_off_most;
  return std::min(most, least * (std::int64_t{1} << std::min(attempts, doublings_max)));
}

}  // namespace sampan::policy
