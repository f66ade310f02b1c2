// SPDX-License-Identifier: Apache-2.0
// Dicomdir: which files the directory of a DICOM medium names, in its order (PS3.3 F, PS3.10 8).
//
// Pure. Bounded by the bytes it is given.
// Fails:   never; damage ends the list, and what cannot be the name of a file on a medium is left out.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace sampan::intake {

struct ReferencedFile {
  std::string path;              // relative to the folder of the DICOMDIR, in lower case
  std::string sop_instance_uid;  // (0004,1511); empty where it does not say, or in no UID's form
};

// data_set: Explicit VR Little Endian, as a DICOMDIR always is.
std::vector<ReferencedFile> referenced_files(ByteView data_set);
// ASCII letters only: names on a medium have no others, and how their case is shown depends on the mount.
std::string lower_case(std::string text);

}  // namespace sampan::intake
