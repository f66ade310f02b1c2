// SPDX-License-Identifier: Apache-2.0
// Api: the local JSON routes a person's tools talk to.
//
// GET /v1/status, /v1/queue, /v1/version. An error is {"error": "..."} with a fitting HTTP status.
// Threads: handle() from the HTTP server's thread; it calls the Reporter there.
#pragma once

#include "control/node_status.h"
#include "http/server.h"

namespace sampan::control {

// What the API needs from the node.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // verdict and attention are left empty.
  virtual NodeStatus status() = 0;
};

class Api {
 public:
  explicit Api(Reporter& reporter) : reporter_(reporter) {}
  http::Response handle(const http::Request& request);

 private:
  NodeStatus assessed();
  http::Response status();
  http::Response queue();
  http::Response version();

  Reporter& reporter_;
};

}  // namespace sampan::control
