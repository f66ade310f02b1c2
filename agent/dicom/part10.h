// SPDX-License-Identifier: Apache-2.0
// Part 10: the head of a DICOM file (PS3.10 section 7.1): preamble, prefix and file meta information.
//
// The data set follows the head unchanged; nothing here looks into it.
// Threads: any.
// Fails:   writing never: values too long for their element are cut. Reading: no head of this form -> Errc::invalid.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "core/facts.h"

namespace sampan::dicom {

// From the SOP class and instance, the transfer syntax and the calling AE title (as Source AE) of the facts.
Bytes part10_head(const core::Facts& facts);

// Where the data set of a file begins, by the group length its head states.
Result<std::uint64_t> data_set_offset(File& file);

}  // namespace sampan::dicom
