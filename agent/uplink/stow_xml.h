// SPDX-License-Identifier: Apache-2.0
// STOW XML: reads a Native DICOM Model (PS3.19 A.1) of values and sequences.
//
// Only what such a document may hold is understood: no document type, no entities but the five of XML. Depth is bounded.
// Threads: any.
// Fails:   another root element, XHTML among them, or text that is not well-formed -> nothing.
#pragma once

#include <optional>
#include <string_view>

#include "uplink/stow_answer.h"

namespace sampan::uplink {

std::optional<StowElements> read_stow_xml(std::string_view text);

}  // namespace sampan::uplink
