// SPDX-License-Identifier: Apache-2.0
// Commitment: the messages of the Storage Commitment Push Model (PS3.4 annex J) as values.
//
// Threads: plain functions on plain values.
// Fails:   a message that is no data set, names no transaction, or asks for nothing -> Errc::invalid.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/promises.h"
#include "core/receipts.h"
#include "dicom/command_set.h"

namespace sampan::dicom {

inline constexpr std::string_view commitment_class = "1.2.840.10008.1.20.1";
inline constexpr std::string_view commitment_instance = "1.2.840.10008.1.20.1.1";  // the one well-known SOP Instance
inline constexpr std::uint16_t commitment_requested = 1;  // Action Type ID, J.3.2
inline constexpr std::uint16_t all_committed = 1;         // Event Type IDs, J.3.3
inline constexpr std::uint16_t failures_exist = 2;

using core::InstanceReference;

// Action Information of an N-ACTION request, Implicit or Explicit VR Little Endian.
Bytes commitment_request(std::string_view transaction_uid, std::span<const InstanceReference> instances, bool explicit_vr);
// Event Information of an N-EVENT-REPORT request. An instance that stands on both lists counts as failed.
Result<core::CommitmentReport> read_commitment_report(ByteView bytes, bool explicit_vr);

// The same two, the other way round: what a modality asks of us, and what it is told.
Result<core::PromiseRequest> read_commitment_request(ByteView bytes, bool explicit_vr);
Bytes commitment_report(const core::PromiseReport& report, bool explicit_vr);
CommandSet report_command(const core::PromiseReport& report, std::uint16_t message_id);

}  // namespace sampan::dicom
