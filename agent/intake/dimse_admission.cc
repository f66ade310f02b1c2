// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_admission.h"

#include <algorithm>
#include <array>

namespace sampan::intake {
namespace {

constexpr std::array verdicts{
    foreign_application,
    Verdict{{1, 1, 7}, "the caller asks for an AE title that this node does not have"},
    Verdict{{1, 1, 3}, "the caller's AE title or address is not on the list of callers"},
    Verdict{{2, 3, 2}, "all associations are in use"},
    Verdict{{2, 3, 2}, "all associations of this host are in use"},
    Verdict{{2, 3, 1}, "this node has no room for images"},
    Verdict{{2, 3, 1}, "this node cannot take images just now"},
};
constexpr const Verdict& unknown_called = verdicts[1];
constexpr const Verdict& unknown_calling = verdicts[2];
constexpr const Verdict& house_full = verdicts[3];
constexpr const Verdict& host_full = verdicts[4];
constexpr const Verdict& spool_full = verdicts[5];
constexpr const Verdict& not_ready = verdicts[6];

bool matches(const AllowedCaller& allowed, const Caller& caller) {
  return (allowed.ae_title.empty() || allowed.ae_title == caller.calling_ae) &&
         (allowed.address.empty() || allowed.address == caller.peer_address);
}

}  // namespace

std::span<const Verdict> admission_verdicts() { return verdicts; }

std::optional<Verdict> judge_titles(const Caller& caller) {
  if (caller.called_ae.empty()) return unknown_called;
  if (caller.calling_ae.empty()) return unknown_calling;
  return std::nullopt;
}

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
