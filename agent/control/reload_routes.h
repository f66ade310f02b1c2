// SPDX-License-Identifier: Apache-2.0
// Reload route: POST /v1/reload has the node read its settings again and answers what came of it, as control/reload.h
// says. A set that is refused is an answer too, with HTTP status 200.
#pragma once

#include "control/reload.h"
#include "control/route.h"

namespace sampan::control {

// What the API needs from the node for it. Called from the HTTP server's second thread.
class Reloader {
 public:
  virtual ~Reloader() = default;
  virtual ReloadAnswer reload() = 0;
};

http::Response serve_reload(const Handlers& handlers, const Call& call);

}  // namespace sampan::control
