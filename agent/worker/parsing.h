// SPDX-License-Identifier: Apache-2.0
// Parsing: what the worker is asked about a DICOM data set, on either side of the socket.
//
// Threads and failures: as Worker.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "core/courier.h"
#include "worker/changes.h"
#include "worker/serve.h"
#include "worker/worker.h"

namespace sampan::worker {

// The daemon's side: one digest for a data set, however it is encoded (dicom/canonical.h). Of a process that read nothing before: two
// contents are the same by it, and one of them goes, so that neither may answer for the other.
Result<Digest> canonical_digest(Worker& worker, std::string_view transfer_syntax_uid, core::Payload& data_set);
// A data set as a destination wants to see it (dicom/transform.h): the worker says where it differs, and what stands there.
// The original itself where nothing has to be changed.
Result<std::shared_ptr<core::Payload>> transform(Worker& worker, const ChangeOrder& order, std::shared_ptr<core::Payload> original);

// The worker's side.
std::span<const Verb> parsing_verbs();
// Those verbs, served until the daemon hangs up: the whole of `sampand --worker`.
int serve_parsing();

}  // namespace sampan::worker
