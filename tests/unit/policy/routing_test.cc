// SPDX-License-Identifier: Apache-2.0
#include "policy/routing.h"

#include <doctest/doctest.h>

#include <array>

using namespace sampan;
using namespace sampan::policy;
using core::Fact;
using core::Kind;
using core::Priority;

namespace {

const std::vector<Route> routes{{"lead", true, {Kind::image}},
                                {"night", true, {Kind::image}},
                                {"copy", false, {Kind::image, Kind::message}},
                                {"metrics", true, {Kind::sample, Kind::event}}};

core::Facts facts_of(std::vector<std::pair<Fact, std::string>> values) {
  core::Facts facts;
  for (auto& [fact, value] : values) facts.set(fact, std::move(value));
  return facts;
}

// A rule for one modality.
Rule rule(std::string modality, std::vector<std::string> to, bool last = false) {
  Rule made;
  if (!modality.empty()) made.when.modality = {std::move(modality)};
  made.to = std::move(to);
  made.last = last;
  return made;
}

std::string names(const std::vector<Owed>& owed) {
  std::string all;
  for (const auto& one : owed) all += (all.empty() ? "" : " ") + one.destination;
  return all;
}

std::string go(std::string_view modality, const std::vector<Rule>& rules, Kind kind = Kind::image) {
  const core::Facts facts = facts_of({{Fact::modality, std::string(modality)}});
  return names(route({kind, Priority::routine, facts}, routes, rules));
}

}  // namespace

TEST_CASE("without_rules_everything_goes_to_every_destination_that_takes_its_kind") {
  const core::Facts none;
  CHECK(route({Kind::image, Priority::routine, none}, routes, {}) ==
        std::vector<Owed>{{"lead", true}, {"night", true}, {"copy", false}});
  CHECK(go("CT", {}, Kind::message) == "copy");
  CHECK(go("", {}, Kind::event) == "metrics");
  CHECK(names(route({Kind::image, Priority::routine, none}, {}, {})).empty());
}

TEST_CASE("every_rule_that_fits_adds_its_destinations_each_once_in_the_order_of_the_settings") {
  const std::vector<Rule> rules{rule("CT", {"copy", "night"}), rule("", {"lead", "copy"})};
  CHECK(go("CT", rules) == "lead night copy");
  CHECK(go("MR", rules) == "lead copy");
  CHECK(go("", rules) == "lead copy");
}

TEST_CASE("a_last_rule_that_fits_ends_the_reading_and_one_that_does_not_fit_ends_nothing") {
  const std::vector<Rule> rules{rule("ECG", {"copy"}, true), rule("", {"lead"})};
  CHECK(go("ECG", rules) == "copy");
  CHECK(go("CT", rules) == "lead");
}

TEST_CASE("what_no_rule_fits_is_owed_to_nobody" * doctest::description("contract 4")) {
  CHECK(go("MR", {rule("CT", {"lead"})}).empty());
  CHECK(go("", {rule("CT", {"lead"})}).empty());
  // Named, but not a taker of files.
  CHECK(go("", {rule("", {"lead"})}, Kind::message).empty());
  CHECK(go("CT", {rule("CT", {"unheard of"})}).empty());
}

TEST_CASE("telemetry_follows_no_rules") {
  Rule urgent = rule("", {"lead"}, true);
  urgent.priority = Priority::bulk;
  CHECK(go("", {urgent}, Kind::event) == "metrics");
  CHECK(go("", {urgent}, Kind::sample) == "metrics");
  const core::Facts none;
  CHECK(priority_of({Kind::event, Priority::referral, none}, std::vector{urgent}) == Priority::referral);
}

TEST_CASE("rules_that_only_set_priorities_leave_the_destinations_alone") {
  Rule urgent = rule("CT", {});
  urgent.priority = Priority::emergency;
  CHECK(go("CT", {urgent}) == "lead night copy");
  CHECK(go("CT", {urgent, rule("MR", {"lead"})}).empty());
}

TEST_CASE("the_first_rule_that_fits_and_names_a_priority_decides_it") {
  std::vector<Rule> rules{rule("CT", {"lead"}), rule("CT", {}), rule("", {})};
  rules[1].priority = Priority::referral;
  rules[2].priority = Priority::bulk;
  const auto of = [&](std::string modality, Priority came_with) {
    const core::Facts facts = facts_of({{Fact::modality, std::move(modality)}});
    return priority_of({Kind::image, came_with, facts}, rules);
  };
  CHECK(of("CT", Priority::routine) == Priority::referral);
  CHECK(of("MR", Priority::emergency) == Priority::bulk);
  rules[2].when.priority = {Priority::routine};  // an emergency of the console stays one
  CHECK(of("MR", Priority::emergency) == Priority::emergency);
  CHECK(of("MR", Priority::routine) == Priority::bulk);
  rules.clear();
  CHECK(of("MR", Priority::referral) == Priority::referral);
}

TEST_CASE("every_fact_can_be_asked_for_and_an_unknown_one_fits_no_word") {
  struct Row {
    Fact fact;
    Words When::* part;
    bool capitals_matter;
  };
  for (const Row& row : {Row{Fact::called_ae, &When::called_ae, true}, Row{Fact::calling_ae, &When::calling_ae, true},
                         Row{Fact::sop_class_uid, &When::sop_class, true}, Row{Fact::modality, &When::modality, false},
                         Row{Fact::body_part, &When::body_part, false}, Row{Fact::station_name, &When::station, false}}) {
    When when;
    when.*row.part = {"OTHER", "Chest*"};
    const auto fit = [&](const core::Facts& facts) { return fits(when, {Kind::image, Priority::routine, facts}); };
    CHECK(fit(facts_of({{row.fact, "Chest PA"}})));
    CHECK(fit(facts_of({{row.fact, "OTHER"}})));
    CHECK(fit(facts_of({{row.fact, "CHEST"}})) == !row.capitals_matter);
    CHECK_FALSE(fit(facts_of({{row.fact, "A Chest"}})));
    CHECK_FALSE(fit({}));
    when.*row.part = {"*"};
    CHECK_FALSE(fit({}));
    CHECK(fit(facts_of({{row.fact, "anything"}})));
  }
}

TEST_CASE("all_parts_of_a_rule_must_fit") {
  const core::Facts facts = facts_of({{Fact::modality, "CT"}, {Fact::body_part, "HEAD"}, {Fact::called_ae, "STAT"}});
  // Every subset of conditions, each right or wrong: fits exactly when none is wrong.
  for (unsigned state = 0; state < 243; ++state) {
    When when;
    bool wrong = false;
    unsigned rest = state;
    const auto next = [&] {
      const unsigned digit = rest % 3;
      rest /= 3;
      wrong = wrong || digit == 2;
      return digit;
    };
    if (const auto d = next()) when.modality = {d == 1 ? "CT" : "MR"};
    if (const auto d = next()) when.body_part = {d == 1 ? "head" : "foot"};
    if (const auto d = next()) when.called_ae = {d == 1 ? "STAT" : "stat"};
    if (const auto d = next()) when.priority = {d == 1 ? Priority::emergency : Priority::bulk};
    if (const auto d = next()) when.kinds = {d == 1 ? Kind::image : Kind::message};
    REQUIRE(fits(when, {Kind::image, Priority::emergency, facts}) == !wrong);
  }
}

TEST_CASE("hours_may_pass_midnight_and_end_before_their_last_minute") {
  const core::Facts none;
  const auto within = [&](std::vector<Hours> hours, unsigned minute) {
    When when;
    when.hours = std::move(hours);
    return fits(when, {Kind::image, Priority::routine, none, minute});
  };
  for (unsigned minute = 0; minute < 1440; ++minute) {
    REQUIRE(within({{480, 1020}}, minute) == (minute >= 480 && minute < 1020));
    REQUIRE(within({{1320, 360}}, minute) == (minute >= 1320 || minute < 360));
    REQUIRE(within({{600, 600}}, minute));
    REQUIRE(within({{0, 60}, {120, 180}}, minute) == (minute < 60 || (minute >= 120 && minute < 180)));
    REQUIRE(within({}, minute));
  }
}

TEST_CASE("a_star_stands_for_any_run_of_characters") {
  const auto fit = [](std::string_view value, std::string_view word) { return fits_word(value, word, true); };
  // What a * took is not what stands before it.
  CHECK_FALSE(fit("ABC", "AB*BC"));
  CHECK(fit("ABBC", "AB*BC"));
  // A word ends where it ends, whatever lies behind it in memory.
  CHECK_FALSE(fit("ABC", std::string_view("ABC", 2)));
  CHECK_FALSE(fit("ABC", std::string_view("AB*", 2)));
  CHECK(fits_word("AZ", "az", false));
  for (const char* word : {"CT_ROOM2", "CT*", "*ROOM2", "*ROOM*", "CT*2", "*", "**", "C*_*2", "CT_ROOM2*"})
    CHECK_MESSAGE(fit("CT_ROOM2", word), word);
  for (const char* word : {"CT", "ROOM2", "CT*3", "*ROOM", "ct*", "CT_ROOM2?", "*22", ""})
    CHECK_MESSAGE(!fit("CT_ROOM2", word), word);
  CHECK(fit("", ""));
  CHECK(fit("", "*"));
  CHECK(fit("aab", "*ab"));
  CHECK(fit("abcabcab", "*abcab"));
  CHECK_FALSE(fit("abcabcab", "*abca"));
  // No word makes it slow.
  CHECK_FALSE(fit(std::string(20000, 'a'), "*a*a*a*a*a*a*a*a*b"));
}
