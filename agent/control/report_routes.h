// SPDX-License-Identifier: Apache-2.0
// Report routes: how the node is, what waits, which version runs.
#pragma once

#include "control/route.h"

namespace sampan::control {

http::Response serve_status(const Handlers& handlers, const Call& call);
http::Response serve_queue(const Handlers& handlers, const Call& call);
http::Response serve_version(const Handlers& handlers, const Call& call);

}  // namespace sampan::control
