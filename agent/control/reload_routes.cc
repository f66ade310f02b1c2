// SPDX-License-Identifier: Apache-2.0
#include "control/reload_routes.h"

namespace sampan::control {

http::Response serve_reload(const Handlers& handlers, const Call&) {
  return handlers.reloader == nullptr ? absent() : answer(reload_json(handlers.reloader->reload()));
}

}  // namespace sampan::control
