// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "control/custody_routes.h"
#include "control/exam_routes.h"
#include "control/key_routes.h"
#include "control/reload_routes.h"
#include "control/report_routes.h"
#include "control/route.h"
#include "control/telemetry_routes.h"

namespace sampan::control {

std::span<const Route> route_table() {
  static constexpr std::array routes{
      Route{"GET", "/v1/status", Role::viewer, serve_status},
      Route{"GET", "/v1/queue", Role::viewer, serve_queue},
      Route{"GET", "/v1/version", Role::viewer, serve_version},
      Route{"GET", "/v1/trace", Role::viewer, serve_trace},
      Route{"GET", "/v1/today", Role::viewer, serve_today},
      Route{"POST", "/v1/hold", Role::technician, serve_hold},
      Route{"POST", "/v1/resume", Role::technician, serve_resume},
      Route{"POST", "/v1/resend", Role::technician, serve_resend},
      Route{"POST", "/v1/push", Role::technician, serve_push},
      Route{"GET", "/v1/damage", Role::viewer, serve_damage},
      Route{"POST", "/v1/damage/seen", Role::technician, serve_damage_seen},
      Route{"POST", "/v1/drop", Role::admin, serve_drop},
      Route{"GET", "/v1/devices", Role::viewer, serve_devices},
      Route{"GET", "/v1/events", Role::viewer, serve_events},
      Route{"POST", "/v1/reload", Role::admin, serve_reload},
      Route{"POST", "/v1/key/recovery", Role::admin, serve_key_recovery},
      Route{"POST", "/v1/key/handed_out", Role::admin, serve_key_handed_out},
      Route{"POST", "/v1/key/rotate", Role::admin, serve_key_rotate},
  };
  return routes;
}

}  // namespace sampan::control
