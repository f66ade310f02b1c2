// SPDX-License-Identifier: Apache-2.0
// Scratch: a folder of this process for what is only read from a real file: in memory where there is such a place (TMPDIR chooses
// another), and gone when the process ends by itself.
//
// Fails:   a machine that gives no folder ends the program: it is no finding.
#pragma once

#include <string>

#include "base/bytes.h"

namespace sampan::fuzz {

const std::string& scratch_folder();
void write_file(const std::string& path, ByteView bytes);

}  // namespace sampan::fuzz
