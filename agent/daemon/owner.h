// SPDX-License-Identifier: Apache-2.0
// Owner: whose the files of the state directory are. One start as root is enough to leave some that the service cannot open.
//
// Threads: any.
// Fails:   never; what cannot be looked at is passed over.
#pragma once

#include <optional>
#include <string>

namespace sampan::daemon {

// What a person is to do, in English and in Chinese.
struct OwnerRemedy {
  std::string en, zh;
};
// None where all of it belongs to the user this runs as.
std::optional<OwnerRemedy> owner_remedy(const std::string& state_directory);

}  // namespace sampan::daemon
