// SPDX-License-Identifier: Apache-2.0
#include "policy/routing.h"

#include <algorithm>

namespace sampan::policy {
namespace {

using core::Fact;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(char a, char b, bool capitals_matter) { return capitals_matter ? a == b : small(a) == small(b); }

bool one_fits(const Words& words, std::string_view value, bool capitals_matter) {
  if (words.empty()) return true;
  if (value.empty()) return false;
  return std::ranges::any_of(words, [&](const std::string& word) { return fits_word(value, word, capitals_matter); });
}

template <class List, class Value>
bool says_nothing_or_has(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

bool follows_rules(core::Kind kind) { return !core::traits(kind).before_images; }

bool name_destinations(std::span<const Rule> rules) {
  return std::ranges::any_of(rules, [](const Rule& rule) { return !rule.to.empty(); });
}

// The names that the rules give, with repeats.
std::vector<std::string_view> named(const Subject& subject, std::span<const Rule> rules) {
  std::vector<std::string_view> names;
  for (const Rule& rule : rules) {
    if (!fits(rule.when, subject)) continue;
    names.insert(names.end(), rule.to.begin(), rule.to.end());
    if (rule.last) break;
  }
  return names;
}

}  // namespace

// Each * first takes nothing, and one character more whenever what follows it did not fit.
bool fits_word(std::string_view value, std::string_view word, bool capitals_matter) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t v = 0, w = 0, star = none, taken = none;
  while (v < value.size()) {
    if (w < word.size() && word[w] == '*') {
      star = w++;
      taken = v;
    } else if (w < word.size() && same(value[v], word[w], capitals_matter)) {
      ++v, ++w;
    } else if (star != none) {
      w = star + 1;
      v = ++taken;
    } else {
      return false;
    }
  }
  return word.find_first_not_of('*', w) == none;
}

bool fits(const When& when, const Subject& subject) {
  const core::Facts& facts = subject.facts;
  const auto in_hours = [&](const Hours& hours) { return is_within(hours, subject.minute_of_day); };
  return one_fits(when.called_ae, facts.get(Fact::called_ae), true) &&
         one_fits(when.calling_ae, facts.get(Fact::calling_ae), true) &&
         one_fits(when.sop_class, facts.get(Fact::sop_class_uid), true) &&
         one_fits(when.modality, facts.get(Fact::modality), false) &&
         one_fits(when.body_part, facts.get(Fact::body_part), false) &&
         one_fits(when.station, facts.get(Fact::station_name), false) &&
         says_nothing_or_has(when.priority, subject.priority) && says_nothing_or_has(when.kinds, subject.kind) &&
         (when.hours.empty() || std::ranges::any_of(when.hours, in_hours));
}

core::Priority priority_of(const Subject& subject, std::span<const Rule> rules) {
  if (!follows_rules(subject.kind)) return subject.priority;
  const auto names_one = [&](const Rule& rule) { return rule.priority && fits(rule.when, subject); };
  const auto found = std::ranges::find_if(rules, names_one);
  return found == rules.end() ? subject.priority : *found->priority;
}

std::vector<Owed> route(const Subject& subject, std::span<const Route> routes, std::span<const Rule> rules) {
  const bool by_rules = follows_rules(subject.kind) && name_destinations(rules);
  const auto names = by_rules ? named(subject, rules) : std::vector<std::string_view>();
  std::vector<Owed> owed;
  for (const Route& candidate : routes) {
    const bool is_named = !by_rules || std::ranges::find(names, candidate.destination) != names.end();
    if (is_named && candidate.takes.contains(subject.kind)) owed.push_back({candidate.destination, candidate.required});
  }
  return owed;
}

}  // namespace sampan::policy
