// SPDX-License-Identifier: Apache-2.0
// Text: values of a data set as a person reads them. Nothing that is stored passes here, and of what is sent only what
// a destination asked for (transform.h).
//
// The declared character set is believed first, then UTF-8, then GB18030, each strictly; what fits none keeps what can
// be read. Latin-1 and no declaration at all are believed least: any bytes fit Latin-1, and GBK under its name is
// common. The result is valid UTF-8 on one line and drives no terminal: control characters are replaced. Threads: any.
// Fails:   never; charset_suspect says that the declaration and the bytes do not agree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sampan::dicom {

struct Text {
  std::string utf8;
  bool charset_suspect = false;
  std::string_view read_as;  // what the bytes were taken for, e.g. "GB18030"; lives for ever
};

// value: one or several values with their backslashes; character_set: Specific Character Set (0008,0005) as it is.
Text display_text(std::string_view value, std::string_view character_set);

// The same readings, with nothing left out, trimmed or replaced; nothing when none of them fits strictly.
std::optional<std::string> exact_text(std::string_view value, std::string_view character_set);

// Reads of the disk whatever any of this may want, for a process that will not be able to. Before it has a second thread.
void keep_text_ready();

// A person's name that names nobody: 张三 and Zhang^San=张^三 become 张*, Zhang^San becomes Z*. UTF-8 in and out.
std::string mask_name(std::string_view name);

}  // namespace sampan::dicom
