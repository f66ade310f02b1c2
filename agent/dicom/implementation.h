// SPDX-License-Identifier: Apache-2.0
// Implementation: how this program names itself to others (PS3.7 D.3.3.2), in associations and in Part 10 files.
//
// In associations the version name ends in the identity of this run of the node, so that a node that reaches itself, by
// whatever way, sees that it does.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "core/nodes.h"

namespace sampan::dicom {

inline constexpr std::string_view implementation_uid = core::node_root;
inline constexpr std::string_view implementation_version = "SAMPAN_0_1";  // at most 16 characters
inline constexpr std::size_t identity_characters = 5;                     // what is left of the 16, and a separator

// Nobody else's, for all that matters.
std::string make_identity(Random& random);
// identity empty: one that never calls itself.
std::string association_name(std::string_view identity);
// Is whoever names itself so the node of this identity?
bool is_oneself(std::string_view identity, std::string_view class_uid, std::string_view version_name);

}  // namespace sampan::dicom
