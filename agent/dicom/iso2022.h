// SPDX-License-Identifier: Apache-2.0
// ISO 2022: text that switches between character sets by escape sequences, as DICOM does it (PS3.5 6.1.2.5,
// C.12.1.1.2).
//
// The sequences of every defined term are understood, declared or not. What they select stays selected until the next
// one: senders forget to repeat it after ^ and =, although the standard asks for it.
// Threads: any.
// Fails:   an unknown sequence, or bytes that do not fit what is selected: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sampan::dicom {

// first_term: the first value of Specific Character Set, which is selected at the start; empty means ASCII.
std::optional<std::string> decode_iso2022(std::string_view bytes, std::string_view first_term);

// The single-byte encoding of "ISO_IR n" and "ISO 2022 IR n" by n, as iconv names it; nullptr when there is none.
const char* single_byte_encoding(std::string_view number);

// Of each set, as iconv names them; some more than once.
std::vector<const char*> set_encodings();

}  // namespace sampan::dicom
