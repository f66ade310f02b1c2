// SPDX-License-Identifier: Apache-2.0
// Comparison: are two images under one SOP Instance UID one data set? The worker reads both.
//
// Threads and failures: as Worker; queue::Likeness has a word for each of them.
#pragma once

#include "core/courier.h"
#include "queue/queue.h"
#include "worker/worker.h"

namespace sampan::node {

queue::Likeness compare(worker::Worker& worker, const core::Consignment& one, const core::Consignment& other);
// The other side: the whole of `sampand --worker`. How the process is to end.
int run_worker();

}  // namespace sampan::node
