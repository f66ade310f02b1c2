// SPDX-License-Identifier: Apache-2.0
// Convert: bytes of one encoding to UTF-8, or from it, by the iconv of the C library.
//
// Content never chooses a converter: whoever asks has a closed list (iso2022.cc, text.cc), without the encodings that keep escape
// sequences of their own and without EBCDIC; and the library is never told to leave out or to rewrite what does not fit. Its known
// faults lie there. So text is read in the daemon as well, where a person or a rule asks for it: only values that are facts, of
// fact_value_bytes_max at most, and each encoding once, so that the worst of them costs a few milliseconds. The fuzz targets `text` and
// `transform` run these very converters under ASan. A data set, whose text has no such bound, is rewritten in agent/worker.
// Threads: any.
// Fails:   strictly: nothing at the first byte that does not fit, or when the system lacks the encoding;
//          leniently never: U+FFFD stands for what does not fit.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sampan::dicom {

inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

// encoding: as iconv knows it; ends with a NUL.
std::optional<std::string> convert_strictly(std::string_view bytes, const char* encoding);
// The other way: nothing when the encoding lacks a character.
std::optional<std::string> encode_strictly(std::string_view utf8, const char* encoding);
// Reads of the disk what the C library wants for these, and keeps it for good. Other encodings, and those that the system lacks,
// are none from now on: nobody looks for them again.
void keep_converters(std::span<const char* const> encodings);
std::string convert_leniently(std::string_view bytes, const char* encoding);

}  // namespace sampan::dicom
