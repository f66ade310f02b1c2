// SPDX-License-Identifier: Apache-2.0
// FileHead: what the file meta information of a DICOM file says (PS3.10 section 7.1), read with the leniency that real
// files need: a wrong or missing group length, and a missing preamble, change nothing.
//
// Pure functions over the first bytes of a file.
// Fails:   anything else than a head of a storable object, or of a DICOMDIR -> the Unfit that it is.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "intake/folder_reasons.h"

namespace sampan::intake {

struct FileHead {
  std::string sop_class;
  std::string sop_instance;  // may be empty: then the data set has to name it
  std::string transfer_syntax;
  std::string source_ae;  // often empty
  std::uint64_t data_set_offset = 0;
  bool is_dicomdir = false;
};

// start: the first limits::file_head_bytes_max bytes of the file, or all of it; file_bytes: its size.
std::variant<FileHead, Unfit> read_head(ByteView start, std::uint64_t file_bytes);

}  // namespace sampan::intake
