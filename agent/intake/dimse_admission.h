// SPDX-License-Identifier: Apache-2.0
// Admission: who may have an association, and what the others are told (PS3.8 9.3.4), in numbers and in words.
//
// Pure functions of the options.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "intake/dimse.h"
#include "intake/dimse_negotiation.h"
#include "intake/dimse_seats.h"

namespace sampan::intake {

struct Verdict {
  Reject reject;
  std::string_view words;  // for a technician
};

inline constexpr Verdict foreign_application{{1, 1, 2}, "the caller asks for an application that is not DICOM"};

// Every reason to turn a caller away.
std::span<const Verdict> admission_verdicts();
// Nobody is without a title, and nobody calls nobody (PS3.8 9.3.2): DCMTK would leave that unanswered.
std::optional<Verdict> judge_titles(const Caller& caller);
// By its titles and its address; nothing when it is welcome.
std::optional<Verdict> judge_caller(const DimseIntakeOptions& options, const Caller& caller);
// By what there is room for.
std::optional<Verdict> judge_room(Seating seating, const Status& admitted);

core::Priority priority_for(const DimseIntakeOptions& options, const Caller& caller);

}  // namespace sampan::intake
