// SPDX-License-Identifier: Apache-2.0
// Peer may: what only root and the user the daemon runs as may ask.
#pragma once

#include <unistd.h>

#include "control/route.h"

namespace sampan::control {

inline bool is_root_or_own(const http::Request& request) {
  return request.peer && (request.peer->uid == 0 || request.peer->uid == ::geteuid());
}
inline http::Response only_root() {
  return refuse({403, "not_allowed", "only root may do this: use sudo", "只有 root 可以执行此操作，请使用 sudo"});
}

}  // namespace sampan::control
