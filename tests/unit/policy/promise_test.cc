// SPDX-License-Identifier: Apache-2.0
#include "policy/promise.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::policy;
using What = PromiseDecision::What;
using Where = PromiseFacts::Where;

namespace {

constexpr Millis now{0};
PromiseFacts facts(Where where, bool proven = false) { return {where, true, true, proven}; }

}  // namespace

TEST_CASE("only_what_is_here_or_went_by_proof_is_promised" * doctest::description("contract 4")) {
  CHECK(decide(facts(Where::here), PromiseOn::accepted, now).what == What::kept);
  CHECK(decide(facts(Where::nowhere), PromiseOn::accepted, now) == PromiseDecision{What::refused, 0x0112});
  CHECK(decide(facts(Where::damaged), PromiseOn::accepted, now) == PromiseDecision{What::refused, 0x0110});
  CHECK(decide(facts(Where::differing), PromiseOn::accepted, now) == PromiseDecision{What::refused, 0x0110});
}

TEST_CASE("what_went_from_here_is_promised_only_where_it_was_proven_lately" * doctest::description("contract 4")) {
  for (const PromiseOn on : {PromiseOn::accepted, PromiseOn::archived}) {
    CHECK(decide(facts(Where::let_go, true), on, now).what == What::kept);
    CHECK(decide(facts(Where::let_go), on, now) == PromiseDecision{What::refused, 0x0112});
  }
}

TEST_CASE("a_class_that_does_not_agree_or_is_none_is_refused_in_the_words_of_the_standard") {
  PromiseFacts other = facts(Where::here);
  other.class_agrees = false;
  CHECK(decide(other, PromiseOn::accepted, now) == PromiseDecision{What::refused, 0x0119});
  other.storage_class = false;
  CHECK(decide(other, PromiseOn::accepted, now) == PromiseDecision{What::refused, 0x0122});
}

TEST_CASE("with_archived_the_promise_waits_for_every_required_proof_but_not_for_ever" * doctest::description("contract 4")) {
  CHECK(decide(facts(Where::here), PromiseOn::archived, now).what == What::wait);
  CHECK(decide(facts(Where::here, true), PromiseOn::archived, now).what == What::kept);
  CHECK(decide(facts(Where::nowhere), PromiseOn::archived, now).what == What::refused);
  const Millis late = core::limits::promise_archive_wait_max;
  CHECK(decide(facts(Where::here), PromiseOn::archived, late - Millis(1)).what == What::wait);
  CHECK(decide(facts(Where::here), PromiseOn::archived, late) == PromiseDecision{What::refused, 0x0110});
}

TEST_CASE("to_a_node_nothing_is_promised_but_what_rests_on_an_archive_and_it_is_told_at_once" * doctest::description("contract 4")) {
  for (const Where where : {Where::here, Where::let_go}) CHECK(decide(facts(where, true), PromiseOn::rests, now).what == What::kept);
  CHECK(decide(facts(Where::here, false), PromiseOn::rests, now) == PromiseDecision{What::refused, 0x0110});
  CHECK(decide(facts(Where::let_go, false), PromiseOn::rests, now) == PromiseDecision{What::refused, 0x0112});  // it comes again
  for (const Where where : {Where::damaged, Where::differing}) CHECK(decide(facts(where, true), PromiseOn::rests, now) == PromiseDecision{What::refused, 0x0110});
  CHECK(decide(facts(Where::nowhere, true), PromiseOn::rests, now) == PromiseDecision{What::refused, 0x0112});
}

TEST_CASE("a_report_that_is_not_answered_is_told_ever_more_rarely_and_given_up_at_last") {
  const Millis least = core::limits::promise_back_off_least;
  CHECK(tell_again_in(0, now) == least);
  CHECK(tell_again_in(1, now) == 2 * least);
  CHECK(tell_again_in(1000, now) == Millis(core::limits::promise_back_off_most));
  CHECK(tell_again_in(3, Millis(core::limits::promise_kept) - Millis(1)).has_value());
  CHECK_FALSE(tell_again_in(3, core::limits::promise_kept).has_value());
}
