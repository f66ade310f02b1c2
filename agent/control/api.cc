// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"

#include <array>

#include "base/version.h"
#include "control/attention.h"
#include "control/status_json.h"

namespace sampan::control {
namespace {

http::Response answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

NodeStatus Api::assessed() {
  NodeStatus status = reporter_.status();
  status.attention = assess(status);
  status.verdict = overall(status.attention);
  return status;
}

http::Response Api::status() { return answer(200, status_json(assessed())); }
http::Response Api::queue() { return answer(200, queue_json(assessed())); }
http::Response Api::version() { return answer(200, flat_json({{"version", sampan::version()}})); }

http::Response Api::handle(const http::Request& request) {
  struct Route {
    std::string_view method, path;
    http::Response (Api::*serve)();
  };
  static constexpr std::array routes{
      Route{"GET", "/v1/status", &Api::status},
      Route{"GET", "/v1/queue", &Api::queue},
      Route{"GET", "/v1/version", &Api::version},
  };
  bool path_known = false;
  for (const Route& route : routes) {
    if (route.path != request.path) continue;
    path_known = true;
    if (route.method == request.method) return (this->*route.serve)();
  }
  return path_known ? answer(405, flat_json({{"error", "method not allowed"}}))
                    : answer(404, flat_json({{"error", "no such route"}}));
}

}  // namespace sampan::control
