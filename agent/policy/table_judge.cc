// SPDX-License-Identifier: Apache-2.0
#include "policy/table_judge.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "base/panic.h"
#include "core/limits.h"

namespace sampan::policy {
namespace {

std::string join(std::string_view a, std::string_view b) { return std::string(a) + ' ' + std::string(b); }

core::Retry retry(core::Scope scope, std::string reason, std::uint8_t tries_max = 0) {
  return {std::move(reason), scope, std::nullopt, tries_max};
}

core::Retry found(Finding finding, core::Scope scope, std::string_view what) {
  std::string reason(find_failure(finding).en);
  if (!what.empty()) reason.append(": ").append(what);
  return retry(scope, std::move(reason));
}

std::string hex_code(std::uint16_t code) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0x%04X", static_cast<unsigned>(code));
  return text.data();
}

// Octets of an A-ASSOCIATE-RJ; anything else finds the row for the unknown.
std::uint16_t reject_code(int source, int reason) {
  return ((source | reason) & ~0xff) != 0 ? std::uint16_t{} : static_cast<std::uint16_t>(source << 8 | reason);
}

}  // namespace

core::Outcome outcome_of(Verdict verdict, std::string reason, const core::Receipt& if_delivered) {
  switch (verdict) {
    case Verdict::delivered:
    case Verdict::already_there:
      return core::Delivered{if_delivered};
    case Verdict::transient:
      return retry(core::Scope::destination, std::move(reason));
    case Verdict::doubtful:
      return retry(core::Scope::item, std::move(reason), core::limits::doubtful_tries_max);
    case Verdict::sop_class:
      return retry(core::Scope::sop_class, std::move(reason));
    case Verdict::permanent:
      return core::Rejected{std::move(reason)};
    case Verdict::configuration:
      return retry(core::Scope::configuration, std::move(reason));
  }
  SAMPAN_PANIC("a verdict without an outcome");
}

core::Outcome TableJudge::dimse_status(std::uint16_t status, const core::Receipt& if_delivered) const {
  const FailureRow& row = find_failure(Family::dimse, status);
  return outcome_of(row.verdict, join(hex_code(status), row.en), if_delivered);
}

core::Retry TableJudge::association_reject(int result, int source, int reason) const {
  const FailureRow& row = find_failure(Family::association, reject_code(source, reason));
  // The peer itself may call any reason transient, and then it is.
  const bool refused = row.verdict == Verdict::configuration && result != 2;
  const std::string numbers = std::to_string(result) + '/' + std::to_string(source) + '/' + std::to_string(reason);
  return retry(refused ? core::Scope::configuration : core::Scope::destination,
               "association rejected (" + numbers + "): " + std::string(row.en));
}

core::Retry TableJudge::context_refused(std::string_view sop_class, std::string_view transfer_syntax,
                                        int result) const {
  const FailureRow& row = find_failure(Family::context, (result & ~0xff) != 0 ? 0xff : static_cast<std::uint16_t>(result));
  const std::string pair = log::safe(sop_class) + " in " + log::safe(transfer_syntax);
  return retry(core::Scope::sop_class, std::string(row.en) + " (" + std::to_string(result) + "): " + pair);
}

core::Retry TableJudge::no_connection(std::string_view what, bool timeout) const {
  return found(timeout ? Finding::timeout : Finding::no_connection, core::Scope::destination, what);
}

core::Outcome TableJudge::http_status(int status, const core::Receipt& if_delivered) const {
  const FailureRow& row = find_failure(Family::http, (status & ~0xffff) != 0 ? std::uint16_t{} : static_cast<std::uint16_t>(status));
  return outcome_of(row.verdict, join("HTTP " + std::to_string(status), row.en), if_delivered);
}

core::Outcome TableJudge::stow_failure(std::uint16_t failure_reason, const core::Receipt& if_delivered) const {
  const FailureRow& row = find_failure(Family::stow, failure_reason);
  return outcome_of(row.verdict, join(hex_code(failure_reason), row.en), if_delivered);
}

core::Retry TableJudge::certificate_refused(std::string_view what) const {
  return found(Finding::certificate, core::Scope::configuration, what);
}

core::Retry TableJudge::stranger_answered(std::string_view what) const {
  return found(Finding::captive_portal, core::Scope::destination, what);
}

}  // namespace sampan::policy
