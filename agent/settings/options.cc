// SPDX-License-Identifier: Apache-2.0
#include "settings/options.h"

#include <algorithm>
#include <vector>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

// In the order of the reference.
constexpr auto groups = {
    node_options,
    intake_options,
    intake_folders_options,
    destinations_options,
    destination_http_options,
    last_hop_options,
    routes_options,
    telemetry_options,
    service_options,
};

std::vector<Option> combined() {
  std::vector<Option> table;
  for (const auto group : groups) table.insert(table.end(), group().begin(), group().end());
  return table;
}

}  // namespace

std::span<const Option> option_table() {
  static const std::vector<Option> table = combined();
  return table;
}

const Option* find_option(std::string_view path) {
  const auto table = option_table();
  const auto at = std::find_if(table.begin(), table.end(), [&](const Option& o) { return o.path == path; });
  return at == table.end() ? nullptr : &*at;
}

core::Priority priority_from(std::string_view name) {
  for (const auto p : {core::Priority::emergency, core::Priority::referral, core::Priority::bulk})
    if (core::to_string(p) == name) return p;
  return core::Priority::routine;
}

Cargo cargo_from(std::string_view name) {
  return name == "files" ? Cargo::files : name == "telemetry" ? Cargo::telemetry : Cargo::images;
}

std::string_view leaf(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

bool is_child(std::string_view path, std::string_view group) {
  if (path.ends_with("[]")) return false;
  const std::string_view name = leaf(path);
  if (group.empty()) return name.size() == path.size();
  return path.size() == group.size() + 1 + name.size() && path.starts_with(group);
}

}  // namespace sampan::settings
