// SPDX-License-Identifier: Apache-2.0
// DIMSE courier: carries images to one destination by C-STORE (PS3.4 annex B), one association at a time.
//
// The data set leaves byte for byte, in the transfer syntax it came in: one presentation context per SOP class and
// transfer syntax. The association is kept between attempts and made anew when a context is missing or a refused one
// is wanted again; after any doubt about its state it is aborted.
// An instance is delivered only by a response that names its message (DESIGN, contract 3); Receipt::level is accepted.
// A peer that is a node of this program is marked in Receipt::node (core/nodes.h); one that is this very node refuses it for good.
// Threads: as core::Courier. After interrupt() every attempt reports Retry at once: the courier is at its end.
// Fails:   core::Judge gives the answers of the peer their meaning. A stored copy that cannot be read or does not
//          verify -> Retry, scope item, and the others go on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "core/courier.h"
#include "core/judge.h"
#include "core/limits.h"

namespace sampan::uplink {

struct DimseOptions {
  std::string name;  // of the destination, for the log
  std::string host;
  std::uint16_t port = 104;
  std::string called_ae;
  std::string calling_ae;
  std::string identity = {};  // of this node (dicom/implementation.h); empty: it does not see when it reaches itself
  std::uint32_t pdu_bytes_max = core::limits::pdu_bytes_max;  // offered to the peer
  Millis connect_time_max = core::limits::connect_time_max;   // to connect, and again to associate
  Millis answer_time_max = core::limits::answer_time_max;     // without progress, while sending or waiting
};

// judge and clock must outlive the courier.
std::unique_ptr<core::Courier> make_dimse_courier(DimseOptions options, const core::Judge& judge, const Clock& clock);

}  // namespace sampan::uplink
