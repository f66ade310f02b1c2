// SPDX-License-Identifier: Apache-2.0
// Parsing: what the worker is asked about a DICOM data set, on either side of the socket.
//
// Threads and failures: as Worker.
#pragma once

#include <span>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "core/courier.h"
#include "worker/serve.h"
#include "worker/worker.h"

namespace sampan::worker {

// The daemon's side: one digest for a data set, however it is encoded (dicom/canonical.h).
Result<Digest> canonical_digest(Worker& worker, std::string_view transfer_syntax_uid, core::Payload& data_set);

// The worker's side.
std::span<const Verb> parsing_verbs();
// Those verbs, served until the daemon hangs up: the whole of `sampand --worker`.
int serve_parsing();

}  // namespace sampan::worker
