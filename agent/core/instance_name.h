// SPDX-License-Identifier: Apache-2.0
// Instance name: the SOP Instance UID an image is sent under, kept under, asked for and proven by.
//
// That is the one its data set says, also where the command it came with said another: archives file what they read, some refuse what
// differs from its command, and the other name may be that of another image there. A text that is no UID is no name.
// Threads: any.
// Fails:   never; empty for what is no image.
#pragma once

#include <string_view>

#include "core/facts.h"

namespace sampan::core {

inline bool is_uid(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.find_first_not_of("0123456789.") == text.npos;
}

inline bool has_two_names(const Facts& facts) { return is_uid(facts.get(Fact::data_sop_instance_uid)); }

inline std::string_view kept_as(const Facts& facts) {
  return facts.get(has_two_names(facts) ? Fact::data_sop_instance_uid : Fact::sop_instance_uid);
}

// The one of the command, where that is another: a modality asks for storage commitment by it.
inline std::string_view commanded_as(const Facts& facts) {
  const std::string_view name = facts.get(Fact::sop_instance_uid);
  return name == kept_as(facts) ? std::string_view() : name;
}

}  // namespace sampan::core
