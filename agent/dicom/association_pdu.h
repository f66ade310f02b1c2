// SPDX-License-Identifier: Apache-2.0
// Association PDU: whether an A-ASSOCIATE-RQ or -AC is built as it should be (PS3.8 9.3.2, 9.3.3; PS3.7 D.3.3), before DCMTK
// takes it apart: where it finds a fault it forgets what it had made so far, and whoever sends such requests by the million
// would fill the memory of a node that runs for years.
//
// Threads: a pure function.
// Fails:   what is not judged here (names, numbers, what is asked for) is left to the negotiation.
#pragma once

#include "base/bytes.h"

namespace sampan::dicom {

// A-ASSOCIATE-RQ or -AC, by the first byte.
bool is_association_pdu(std::uint8_t type);
// The whole PDU, its header included.
bool is_sound_association_pdu(ByteView pdu);

}  // namespace sampan::dicom
