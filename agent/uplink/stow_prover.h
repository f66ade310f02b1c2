// SPDX-License-Identifier: Apache-2.0
// STOW prover: has a DICOMweb service say that it keeps what it accepted: the Storage Commitment Service (PS3.18 13), or
// a search that finds the instance (QIDO-RS, PS3.18 10.6) where the service has no such resource, refuses it, or never ends its work on it.
//
// Where a search has never found anything, "not found" says nothing: the service may have none, or not for us.
// Each instance is judged by what the answer says of it; a status alone proves nothing. Where the service is still
// working on a request, the next ask() looks for its result instead of asking anew.
// Threads: as core::Prover.
// Fails:   no connection, a refusal, an answer that is none -> Unclear with words.
#pragma once

#include <memory>

#include "core/prover.h"
#include "core/receipts.h"
#include "uplink/stow.h"

namespace sampan::uplink {

struct StowProverOptions {
  std::string name{};  // of the destination
  StowOptions service{};
  bool may_commit = true;
  bool may_query = true;
};

// What it refers to must outlive it.
std::unique_ptr<core::Prover> make_stow_prover(StowProverOptions options, core::Transactions& transactions,
                                               core::Receipts& receipts, FileSystem& files, const core::Judge& judge,
                                               const Clock& clock);

}  // namespace sampan::uplink
