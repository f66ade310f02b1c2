// SPDX-License-Identifier: Apache-2.0
// Canonical: one digest for a data set, however its lengths and value representations are written.
//
// Two data sets with one digest hold the same elements with the same values in the same order: Implicit and Explicit VR,
// little and big endian, defined and undefined lengths do not matter; group lengths and trailing padding are left out.
// Pixel data that is encapsulated counts with its transfer syntax: comparing it with native pixels needs a codec.
// Bounded: one buffer and a nesting depth; no value is held whole.
// Threads: any.   Fails: what does not parse, or is deflated, has no digest (Errc::invalid); then nothing is known.
#pragma once

#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "core/courier.h"

namespace sampan::dicom {

Result<Digest> canonical_digest(std::string_view transfer_syntax_uid, core::Payload& data_set);

}  // namespace sampan::dicom
