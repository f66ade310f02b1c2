// SPDX-License-Identifier: Apache-2.0
// Routing: which destinations an item is owed to, and in which priority class it travels.
//
// Where no rule names a destination, an item is owed to every one that takes its kind. Otherwise the rules are read from
// the first to the last, and each one that fits adds the destinations it names, until one that fits says that it is the
// last. A destination that does not take the kind is passed over. An empty answer is allowed: the item waits and an
// alarm says so. Telemetry follows no rules. The priority is decided before, by the first rule that fits and names one,
// so that rules may ask for it.
// Pure: the hour is the caller's.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.h"
#include "core/item.h"
#include "policy/windows.h"

namespace sampan::policy {

struct Route {
  std::string destination;
  bool required = true;  // the payload stays until this one has it
  std::set<core::Kind> takes{core::Kind::image};
};

// Words to compare a fact with, whole; * stands for any run of characters. A fact that is unknown fits no word.
using Words = std::vector<std::string>;

// Every part that says something must fit; of its words, one. Nothing said fits everything.
struct When {
  Words called_ae, calling_ae;           // exactly
  Words sop_class;                       // UIDs, exactly
  Words modality, body_part, station;    // in capitals or not
  std::vector<core::Priority> priority;
  std::set<core::Kind> kinds;
  std::vector<Hours> hours;              // in which it was received
  friend bool operator==(const When&, const When&) = default;
};

struct Rule {
  When when;
  std::vector<std::string> to;  // may be empty: the rule only sets the priority
  std::optional<core::Priority> priority;
  bool last = false;
  friend bool operator==(const Rule&, const Rule&) = default;
};

// What is asked about.
struct Subject {
  core::Kind kind = core::Kind::image;
  core::Priority priority = core::Priority::routine;
  const core::Facts& facts;
  unsigned minute_of_day = 0;  // local time of reception
};

struct Owed {
  std::string destination;
  bool required = true;
  friend bool operator==(const Owed&, const Owed&) = default;
};

bool fits_word(std::string_view value, std::string_view word, bool capitals_matter);
bool fits(const When& when, const Subject& subject);

// subject.priority is the one it came with.
core::Priority priority_of(const Subject& subject, std::span<const Rule> rules);
// In the order of the routes, each once. subject.priority is the final one.
std::vector<Owed> route(const Subject& subject, std::span<const Route> routes, std::span<const Rule> rules);

}  // namespace sampan::policy
