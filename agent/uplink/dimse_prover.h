// SPDX-License-Identifier: Apache-2.0
// DIMSE prover: has a PACS say that it keeps what it accepted: Storage Commitment (PS3.4 annex J), or a query that finds
// the instance (Study Root C-FIND at the IMAGE level, PS3.4 annex C) where commitment is not offered, refused, or never
// reported.
//
// One association for each ask(). A report that comes at once, on the same association, goes to core::Receipts like one
// that comes hours later on an association of the peer's own (intake/dimse). Instances are asked for by their UIDs only.
// Where a query has never found anything, "not found" says nothing: the peer may not answer such queries.
// Threads: as core::Prover.
// Fails:   no connection, a refusal, an answer that is none -> Unclear with words.
#pragma once

#include <memory>

#include "core/prover.h"
#include "core/receipts.h"
#include "uplink/dimse.h"

namespace sampan::uplink {

struct DimseProverOptions {
  DimseOptions peer;
  bool may_commit = true;
  bool may_query = true;
  Millis report_time_max = core::limits::commitment_wait;  // for a report on the same association
};

// What it refers to must outlive it.
std::unique_ptr<core::Prover> make_dimse_prover(DimseProverOptions options, core::Transactions& transactions,
                                                core::Receipts& receipts, const Clock& clock);

}  // namespace sampan::uplink
