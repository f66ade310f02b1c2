// SPDX-License-Identifier: Apache-2.0
// STOW courier: carries images to one DICOMweb service by Store Instances (PS3.18 10.5), over one kept connection.
//
// Several instances go in one request, within limits::stow_request_bytes_max, streamed from their payloads, the data set
// byte for byte. An instance is delivered only when the answer names it in its Referenced SOP Sequence (DESIGN, contract
// 3), or as failed because it is there already; the status code alone delivers nothing. Receipt::level is accepted.
// A conflict (409) without another word delivers only what the service then gives back byte for byte; an image of that name that
// may be another one -> Rejected: a person decides.
// A bundle that is refused as a whole says nothing of its instances: each is then carried alone, in the same attempt.
// Threads: as core::Courier. After interrupt() every attempt reports Retry at once: the courier is at its end.
// Fails:   core::Judge gives the answers their meaning. A stored copy that cannot be read or does not verify -> Retry,
//          scope item, and the others go on. A file of ours (certificate, secret) that cannot be used -> Retry, scope
//          configuration.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "core/courier.h"
#include "core/judge.h"
#include "uplink/http_client.h"
#include "uplink/stow_access.h"

namespace sampan::uplink {

struct StowOptions {
  std::string url{};  // of the studies resource: https://host/dicom-web/studies
  HttpOptions http{};
  StowAuth auth{};
};

// files, judge and clock must outlive the courier.
std::unique_ptr<core::Courier> make_stow_courier(StowOptions options, FileSystem& files, const core::Judge& judge,
                                                 const Clock& clock);

}  // namespace sampan::uplink
