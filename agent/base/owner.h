// SPDX-License-Identifier: Apache-2.0
// Owner: whose the files below a directory are. One start as root is enough to leave some that a service cannot open.
//
// Threads: any.
// Fails:   never; what cannot be looked at is passed over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sampan {

// A file, and the names (or numbers) of the user who has it and of the one this runs as.
struct Stranger {
  std::string file, owner, us;
};
// Whether the words of an error say that the user may not: then it is worth looking for whose the files are.
bool says_denied(std::string_view message);
// The first that belongs to somebody else; none where all of it is ours.
std::optional<Stranger> stranger_in(const std::string& directory);

}  // namespace sampan
