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
      Route{"GET", "/v1/status", Role::viewer, Pace::at_once, serve_status},
      Route{"GET", "/v1/queue", Role::viewer, Pace::at_once, serve_queue},
      Route{"GET", "/v1/version", Role::viewer, Pace::at_once, serve_version},
      Route{"GET", "/v1/trace", Role::viewer, Pace::in_turn, serve_trace},
      Route{"GET", "/v1/today", Role::viewer, Pace::in_turn, serve_today},
      Route{"POST", "/v1/hold", Role::technician, Pace::in_turn, serve_hold},
      Route{"POST", "/v1/resume", Role::technician, Pace::in_turn, serve_resume},
      Route{"POST", "/v1/resend", Role::technician, Pace::in_turn, serve_resend},
      Route{"POST", "/v1/push", Role::technician, Pace::in_turn, serve_push},
      Route{"GET", "/v1/damage", Role::viewer, Pace::in_turn, serve_damage},
      Route{"POST", "/v1/damage/seen", Role::technician, Pace::in_turn, serve_damage_seen},
      Route{"POST", "/v1/drop", Role::admin, Pace::in_turn, serve_drop},
      Route{"GET", "/v1/devices", Role::viewer, Pace::in_turn, serve_devices},
      Route{"GET", "/v1/events", Role::viewer, Pace::in_turn, serve_events},
      Route{"POST", "/v1/reload", Role::admin, Pace::in_turn, serve_reload},
      Route{"POST", "/v1/key/recovery", Role::admin, Pace::in_turn, serve_key_recovery},
      Route{"POST", "/v1/key/handed_out", Role::admin, Pace::in_turn, serve_key_handed_out},
      Route{"POST", "/v1/key/rotate", Role::admin, Pace::in_turn, serve_key_rotate},
  };
  return routes;
}

}  // namespace sampan::control
