// SPDX-License-Identifier: Apache-2.0
#include "uplink/found_there.h"

#include <utility>

#include "core/instance_name.h"
#include "core/limits.h"

namespace sampan::uplink {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

}  // namespace

bool names_an_image(std::string_view name) { return !name.empty() && name.size() <= core::limits::fact_value_bytes_max; }

void FoundThere::add(const std::string& name, std::string_view availability) {
  ++answers_;
  bool& had = names_[name];
  had = had || trimmed(availability) != "UNAVAILABLE";
}

void FoundThere::add(const FoundThere& more) {
  answers_ += more.answers_;
  for (const auto& [name, had] : more.names_) names_[name] = names_[name] || had;
}

bool FoundThere::can_be_had(const std::string& name) const {
  const auto found = names_.find(name);
  return found != names_.end() && found->second;
}

core::Proof proof_of(const FoundThere& found, const core::Item& item, core::Receipt receipt, bool found_before) {
  const std::string name(core::kept_as(item.facts));
  if (found.can_be_had(name)) return core::Held{std::move(receipt)};
  if (!found_before) return core::Unclear{"a query has never found anything there", {}};
  if (found.has(name)) return core::Missing{"a query finds its entry there, and that its content is gone"};
  return core::Missing{"a query does not find it there"};
}

}  // namespace sampan::uplink
