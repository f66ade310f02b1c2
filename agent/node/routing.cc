// SPDX-License-Identifier: Apache-2.0
#include "node/routing.h"

#include <algorithm>

#include "base/local_time.h"
#include "dicom/text.h"

namespace sampan::node {
namespace {

using settings::Cargo;

std::set<core::Kind> kinds_of(const std::vector<Cargo>& cargo) {
  std::set<core::Kind> kinds;
  for (const Cargo one : cargo) {
    switch (one) {
      case Cargo::images: kinds.insert(core::Kind::image); break;
      case Cargo::files: kinds.insert(core::Kind::message); break;
      case Cargo::telemetry: kinds.insert({core::Kind::event, core::Kind::sample}); break;
    }
  }
  return kinds;
}

std::set<core::Kind> taken_by(const settings::Destination& destination) {
  if (!destination.takes.empty()) return kinds_of(destination.takes);
  if (!destination.http.empty()) return kinds_of({Cargo::telemetry});
  return destination.folder.empty() ? kinds_of({Cargo::images}) : kinds_of({Cargo::images, Cargo::files});
}

policy::Rule rule_of(const settings::RouteRule& from) {
  const settings::RouteCondition& when = from.when;
  policy::Rule rule{{when.called_ae, when.calling_ae, when.sop_class, when.modality, when.body_part, when.station,
                     when.priority, kinds_of(when.cargo), {}},
                    from.to, from.priority, from.last};
  for (const auto& hours : when.hours) rule.when.hours.push_back({hours.from, hours.to});
  return rule;
}

// The rules are written in UTF-8, the station's name is in the character set of the image.
core::Facts readable(const core::Facts& facts) {
  core::Facts read = facts;
  const auto name = facts.get(core::Fact::station_name);
  read.set(core::Fact::station_name, dicom::display_text(name, facts.get(core::Fact::character_set)).utf8);
  return read;
}

}  // namespace

std::vector<policy::Route> routes_of(const settings::Settings& settings) {
  std::vector<policy::Route> routes;
  for (const auto& destination : settings.destinations)
    routes.push_back({destination.name, destination.required, taken_by(destination)});
  return routes;
}

std::vector<policy::Rule> rules_of(const settings::Settings& settings) {
  std::vector<policy::Rule> rules;
  for (const auto& rule : settings.routes) rules.push_back(rule_of(rule));
  return rules;
}

std::function<std::vector<std::string>(const core::Item&)> route_by(const settings::Settings& settings) {
  return [routes = routes_of(settings), rules = rules_of(settings)](const core::Item& item) {
    const core::Facts facts = rules.empty() ? item.facts : readable(item.facts);
    const policy::Subject subject{item.kind, item.priority, facts, local_time_of(item.received).minute};
    std::vector<std::string> names;
    for (auto& owed : policy::route(subject, routes, rules)) names.push_back(std::move(owed.destination));
    return names;
  };
}

std::function<core::Priority(const core::Item&)> priority_by(const settings::Settings& settings) {
  auto rules = rules_of(settings);
  if (std::ranges::none_of(rules, [](const auto& rule) { return rule.priority.has_value(); })) return {};
  return [rules = std::move(rules)](const core::Item& item) {
    const core::Facts facts = readable(item.facts);
    return policy::priority_of({item.kind, item.priority, facts, local_time_of(item.received).minute}, rules);
  };
}

}  // namespace sampan::node
