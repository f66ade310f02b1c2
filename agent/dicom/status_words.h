// SPDX-License-Identifier: Apache-2.0
// Status words: what a code on the wire says, for the technician, in English and Chinese.
//
// Only words: what a code means for a delivery is decided in policy/. Every code has words, also one nobody knows.
// Threads: any.
// Fails:   never.
#pragma once

#include <cstdint>
#include <string_view>

namespace sampan::dicom {

// Phrases that stand after a code, e.g. "0xA700 out of resources". They live for ever.
struct Words {
  std::string_view english;
  std::string_view chinese;
};

// The status of a DIMSE response (PS3.7 annex C, PS3.4 table B.2-1), or a failure reason (PS3.4 J.3.3.1).
Words status_words(std::uint16_t status);
// A-ASSOCIATE-RJ by its three numbers on the wire (PS3.8 9.3.4): result 1 for good, 2 for now.
Words reject_words(int result, int source, int reason);
// The result of one presentation context in A-ASSOCIATE-AC (PS3.8 9.3.3.2).
Words context_words(int result);

}  // namespace sampan::dicom
