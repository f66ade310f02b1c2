// SPDX-License-Identifier: Apache-2.0
// Api: the local JSON routes a person's tools talk to, found in the table of route.h.
//
// An error is a Refusal: {"code": "...", "error": "...", "zh": "..."} with a fitting HTTP status.
// Threads: any; handle() calls the handlers where it is called (route.h). Never two that are in_turn at once.
#pragma once

#include "control/reporter.h"
#include "control/route.h"

namespace sampan::control {

class Api {
 public:
  // What the handlers point to must outlive the API.
  explicit Api(Handlers handlers) : handlers_(handlers) {}
  http::Response handle(const http::Request& request) const;
  // Which requests the server is to answer in turn, beside the others, and what it says to one too many.
  static http::TakingTime taking_time();

 private:
  const Handlers handlers_;
};

}  // namespace sampan::control
