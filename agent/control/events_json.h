// SPDX-License-Identifier: Apache-2.0
// Events as JSON: what the command reads of /v1/events and /v1/devices.
//
// A name it does not find keeps its initial value, so that a command and a daemon of different versions understand each other.
// Part of the client half: stands on base alone.
// Fails:   text that is not such JSON -> Errc::damaged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sampan::control {

struct Told {
  std::string time;  // ISO 8601 UTC; of an open cause, when it was opened
  std::string event, severity, state, cause;
  std::uint64_t count = 1;
  std::string en, zh, action_en, action_zh;
};
struct Happenings {
  std::vector<Told> events;  // oldest first
  std::vector<Told> open;    // causes that last
};
Result<Happenings> parse_events(std::string_view json);

struct KnownDevice {
  std::string device, manufacturer, model, serial, software, station, ae_title, address, last_image, refused_reason;
  std::uint64_t images_today = 0, images_total = 0, refused = 0;
};
struct KnownCaller {
  std::string ae_title, address, refused_reason, last_refused, last_seen;
  std::uint64_t associations = 0, refused = 0;
  bool refused_lately = false;  // worth attention
};
struct Inventory {
  std::string now;
  std::vector<KnownDevice> devices;  // the last to send first
  std::vector<KnownCaller> callers;  // that sent no image
};
Result<Inventory> parse_devices(std::string_view json);

}  // namespace sampan::control
