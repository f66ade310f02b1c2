// SPDX-License-Identifier: Apache-2.0
// Api: the local JSON routes a person's tools talk to, found in the table of route.h.
//
// An error is a Refusal: {"code": "...", "error": "...", "zh": "..."} with a fitting HTTP status.
// Threads: handle() from the HTTP server's thread; it calls the handlers there.
#pragma once

#include "control/reporter.h"
#include "control/route.h"

namespace sampan::control {

class Api {
 public:
  // What the handlers point to must outlive the API.
  explicit Api(Handlers handlers) : handlers_(handlers) {}
  http::Response handle(const http::Request& request) const;

 private:
  const Handlers handlers_;
};

}  // namespace sampan::control
