// SPDX-License-Identifier: Apache-2.0
// By title prover: asks a destination that knows each origin by a calling AE title of its own, under these titles.
//
// One prover for each title, made when it is first needed; who refuses one title is still asked under the others.
// Threads and failures: as core::Prover.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/prover.h"

namespace sampan::uplink {

struct ByTitleProverOptions {
  std::function<std::string(const core::Item&)> title_of;
  std::function<std::unique_ptr<core::Prover>(const std::string& title)> make_prover;
};

std::unique_ptr<core::Prover> make_by_title_prover(ByTitleProverOptions options);

}  // namespace sampan::uplink
