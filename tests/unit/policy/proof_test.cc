// SPDX-License-Identifier: Apache-2.0
#include "policy/proof.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::policy;
using What = ProofDecision::What;
namespace limits = core::limits;

TEST_CASE("what_the_destination_holds_is_archived") {
  CHECK(decide(core::Held{}, 0).what == What::archived);
  CHECK(decide(core::Held{}, 99).what == What::archived);
}

TEST_CASE("what_a_query_does_not_find_is_asked_for_again_and_then_sent_again") {
  for (unsigned asked = 0; asked + 1 < limits::missing_answers_max; ++asked)
    CHECK(decide(core::Missing{"not there"}, asked).what == What::ask_later);
  CHECK(decide(core::Missing{"not there"}, limits::missing_answers_max - 1).what == What::send_again);
}

TEST_CASE("who_does_not_say_is_asked_ever_more_rarely_and_without_end") {
  Millis before{0};
  for (unsigned asked = 0; asked < 1000; ++asked) {
    const auto decision = decide(core::Unclear{"no answer", {}}, asked);
    CHECK(decision.what == What::ask_later);
    CHECK(decision.wait >= before);
    CHECK(decision.wait >= Millis(limits::proof_wait_least));
    CHECK(decision.wait <= Millis(limits::proof_wait_most));
    before = decision.wait;
  }
  CHECK(before == Millis(limits::proof_wait_most));
}

TEST_CASE("the_peers_own_wish_is_followed_within_reason") {
  CHECK(decide(core::Unclear{"later", Millis(60000)}, 0).wait == Millis(60000));
  CHECK(decide(core::Unclear{"later", Millis(1)}, 0).wait == Millis(limits::proof_wait_least));
  CHECK(decide(core::Unclear{"later", Millis(INT64_MAX)}, 0).wait == Millis(limits::proof_wait_most));
}

TEST_CASE("a_failure_reason_sends_again_at_once_only_what_the_archive_does_not_have") {
  using Then = FailureDecision::What;
  for (unsigned reason = 0; reason <= 0xffff; ++reason) {
    const bool gone = reason == 0x0112 || reason == 0x0119;
    CHECK(decide_failure({.reason = static_cast<std::uint16_t>(reason)}).what == (gone ? Then::send_again : Then::ask_later));
  }
}

TEST_CASE("what_reports_do_not_commit_to_is_looked_for_then_sent_again_a_few_times_and_then_told" * doctest::description("contract 7")) {
  using Then = FailureDecision::What;
  FailureFacts facts{.reason = 0x0110};
  Millis before{0};
  const auto decided = [&] {
    const auto decision = decide_failure(facts);
    if (decision.what == Then::send_anyway) return decision.what;
    CHECK(decision.wait >= std::max(before, Millis(limits::proof_wait_least)));
    CHECK(decision.wait <= Millis(limits::proof_wait_most));
    before = decision.wait;
    return decision.what;
  };
  for (; facts.asked + 1 < limits::failed_reports_max; ++facts.asked) CHECK(decided() == Then::ask_later);
  CHECK(decided() == Then::seek);
  facts.sought = true;
  for (; facts.asked + 1 < 2 * limits::failed_reports_max; ++facts.asked) CHECK(decided() == Then::ask_later);
  for (; facts.resends < limits::resends_max; ++facts.resends) CHECK(decided() == Then::send_anyway);
  for (; facts.asked < 1000; ++facts.asked) CHECK(decided() == Then::tell);
  facts.resends = 0, facts.found = true;  // it is there, and nobody needs it twice
  CHECK(decided() == Then::tell);
  facts.sought = false;  // as after a start
  CHECK(decided() == Then::seek);
}

TEST_CASE("a_node_that_does_not_commit_yet_is_asked_on_and_fed_nothing_twice") {
  for (unsigned asked = 0; asked < 1000; ++asked)
    CHECK(decide_failure({.reason = 0x0110, .asked = asked, .by_node = true, .sought = true}).what == FailureDecision::What::ask_later);
  CHECK(decide_failure({.reason = 0x0112, .by_node = true}).what == FailureDecision::What::send_again);
}

TEST_CASE("what_a_fallback_took_is_taken_back_where_nobody_but_the_destination_will_prove_it" * doctest::description("contract 7")) {
  CHECK(takes_back({true, false, false, 0}));
  CHECK_FALSE(takes_back({true, true, false, 99}));
  CHECK_FALSE(takes_back({false, false, false, 99}));
  // A node may wait for us as we wait for it, whatever the destination can prove.
  for (const bool proves : {false, true}) {
    CHECK_FALSE(takes_back({proves, true, true, limits::missing_answers_max - 1}));
    CHECK(takes_back({proves, true, true, limits::missing_answers_max}));
  }
}

TEST_CASE("the_newest_of_what_is_archived_is_asked_about_at_a_start_hourly_and_when_the_destination_was_away") {
  RecheckFacts facts;
  CHECK(recheck(facts) == Recheck::newest);
  facts.since_newest = Millis(0);
  CHECK(recheck(facts) == Recheck::nothing);
  facts.since_newest = core::limits::recheck_newest_every;
  CHECK(recheck(facts) == Recheck::newest);
  facts.since_newest = Millis(0);
  facts.doubted = true;
  CHECK(recheck(facts) == Recheck::newest);
}

TEST_CASE("all_that_is_archived_is_asked_about_now_and_then_and_at_once_when_something_of_it_was_missing" * doctest::description("contract 4")) {
  RecheckFacts facts;
  facts.since_newest = Millis(0);
  facts.since_round = core::limits::recheck_every - Millis(1);
  CHECK(recheck(facts) == Recheck::nothing);
  facts.since_round = core::limits::recheck_every;
  CHECK(recheck(facts) == Recheck::begin_round);
  facts.round_runs = true;
  CHECK(recheck(facts) == Recheck::go_on);
  facts.missing = true;
  CHECK(recheck(facts) == Recheck::begin_round);
}
