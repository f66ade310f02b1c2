// SPDX-License-Identifier: Apache-2.0
#include "control/report_routes.h"

#include "base/version.h"
#include "control/attention.h"
#include "control/reporter.h"
#include "control/status_json.h"

namespace sampan::control {
namespace {

NodeStatus assessed(Reporter& reporter) {
  NodeStatus status = reporter.status();
  status.attention = assess(status);
  status.verdict = overall(status.attention);
  return status;
}

}  // namespace

http::Response serve_status(const Handlers& handlers, const Call&) {
  return handlers.reporter == nullptr ? absent() : answer(status_json(assessed(*handlers.reporter)));
}

http::Response serve_queue(const Handlers& handlers, const Call&) {
  return handlers.reporter == nullptr ? absent() : answer(queue_json(assessed(*handlers.reporter)));
}

http::Response serve_version(const Handlers&, const Call&) { return answer(flat_json({{"version", version()}})); }

}  // namespace sampan::control
