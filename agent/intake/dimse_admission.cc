// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_admission.h"

#include <algorithm>

namespace sampan::intake {
namespace {

constexpr Verdict unknown_called{{1, 1, 7}, "the caller asks for an AE title that this node does not have"};
constexpr Verdict unknown_calling{{1, 1, 3}, "the caller's AE title or address is not on the list of callers"};
constexpr Verdict house_full{{2, 3, 2}, "all associations are in use"};
constexpr Verdict host_full{{2, 3, 2}, "all associations of this host are in use"};
constexpr Verdict spool_full{{2, 3, 1}, "this node has no room for images"};
constexpr Verdict not_ready{{2, 3, 1}, "this node cannot take images just now"};

bool matches(const AllowedCaller& allowed, const Caller& caller) {
  return (allowed.ae_title.empty() || allowed.ae_title == caller.calling_ae) &&
         (allowed.address.empty() || allowed.address == caller.peer_address);
}

}  // namespace

std::optional<Verdict> judge_caller(const DimseIntakeOptions& options, const Caller& caller) {
  if (!options.called_titles.empty() && !options.called_titles.contains(caller.called_ae)) return unknown_called;
  const auto& list = options.callers;
  const bool welcome = list.empty() || std::any_of(list.begin(), list.end(), [&](const AllowedCaller& allowed) {
                         return matches(allowed, caller);
                       });
  if (!welcome) return unknown_calling;
  return std::nullopt;
}

std::optional<Verdict> judge_room(Seating seating, const Status& admitted) {
  if (seating == Seating::house_full) return house_full;
  if (seating == Seating::host_full) return host_full;
  if (!admitted) return admitted.error().code == Errc::full ? spool_full : not_ready;
  return std::nullopt;
}

core::Priority priority_for(const DimseIntakeOptions& options, const Caller& caller) {
  const auto known = options.called_titles.find(caller.called_ae);
  return known == options.called_titles.end() ? core::Priority::routine : known->second;
}

}  // namespace sampan::intake
