// SPDX-License-Identifier: Apache-2.0
// Custody routes: GET /v1/damage lists what does not verify or is in doubt; POST /v1/damage/seen ends its telling; POST /v1/drop
// ends the duties to a destination that left the settings.
//
// The last one is answered for root and for the user the daemon runs as, and for nobody else: it can let images go.
#pragma once

#include <variant>

#include "control/custody.h"
#include "control/route.h"

namespace sampan::control {

// What the API needs from the node for it. Called from the HTTP server's second thread; by: who asks, for the events.
class CustodyDesk {
 public:
  virtual ~CustodyDesk() = default;
  virtual DamageList damage() = 0;
  // An empty place: all.
  virtual std::variant<DamageSeen, Refusal> seen(const std::string& place, const std::string& by) = 0;
  struct Drop {
    std::string destination;
    bool give_up = false;    // also what nobody else is owed
    bool confirmed = false;  // else it is only counted
    std::string by;
  };
  virtual std::variant<DropAnswer, Refusal> drop(const Drop& asked) = 0;
};

http::Response serve_damage(const Handlers& handlers, const Call& call);
http::Response serve_damage_seen(const Handlers& handlers, const Call& call);
http::Response serve_drop(const Handlers& handlers, const Call& call);

}  // namespace sampan::control
