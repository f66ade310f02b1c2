// SPDX-License-Identifier: Apache-2.0
// DIMSE reporter: calls a modality back and tells it which of its images are kept (N-EVENT-REPORT, PS3.4 J.3.3), on an
// association of our own with the roles exchanged (PS3.7 D.3.3.4).
//
// Threads: the caller's; what connected is given may be pulled from any.
// Fails:   no connection, a refusal, an answer that is not success -> in words.
#pragma once

#include "core/promises.h"
#include "dicom/transport.h"
#include "uplink/dimse.h"

namespace sampan::uplink {

Status tell_promises(const DimseOptions& modality, const core::PromiseReport& report, const dicom::Connected& connected);

}  // namespace sampan::uplink
