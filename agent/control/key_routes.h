// SPDX-License-Identifier: Apache-2.0
// Key routes: POST /v1/key/recovery makes a recovery key and answers it, once; /v1/key/handed_out keeps that a person was
// shown it; /v1/key/rotate has what comes from now on sealed under a new key.
//
// Answered for root and for the user the daemon runs as, and for nobody else: who has a recovery key and a copy of the disk
// reads the images.
#pragma once

#include "control/node_status.h"
#include "control/route.h"

namespace sampan::control {

// What the API needs from the node for it. Called from the HTTP server's second thread.
class KeyDesk {
 public:
  virtual ~KeyDesk() = default;
  virtual Result<std::string> make_recovery() = 0;
  virtual Status handed_out() = 0;
  virtual Status rotate() = 0;
  virtual KeyStatus status() = 0;
};

http::Response serve_key_recovery(const Handlers& handlers, const Call& call);
http::Response serve_key_handed_out(const Handlers& handlers, const Call& call);
http::Response serve_key_rotate(const Handlers& handlers, const Call& call);

}  // namespace sampan::control
