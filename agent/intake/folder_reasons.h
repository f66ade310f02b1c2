// SPDX-License-Identifier: Apache-2.0
// Reasons: why a file of a folder is not taken, in words for the person who finds it set aside.
//
// Threads: any; constants.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace sampan::intake {

enum class Unfit {
  empty,               // no byte in it
  not_dicom,           // no sign of PS3.10
  head_damaged,        // the sign, and no file meta information that can be read
  no_data_set,         // nothing behind the file meta information
  no_transfer_syntax,  // (0002,0010) missing or no UID
  no_class,            // (0002,0002) missing
  not_storage,         // a class that nobody stores
  no_instance,         // a SOP Instance UID neither in the head nor in the data set
  breaks_us            // looking at it ended the program again and again
};

// In English, for the log.
std::string_view words_of(Unfit reason);
// The note beside a file that was set aside: Chinese, then English, for any editor on any Windows.
std::string note_of(Unfit reason, WallTime when);

}  // namespace sampan::intake
