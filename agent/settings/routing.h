// SPDX-License-Identifier: Apache-2.0
// Routing settings: what a destination takes, and the rules that say what goes where. Words as in the file; their
// meaning is policy's (policy/routing.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/item.h"

namespace sampan::settings {

// What people call the kinds of cargo: files are carried as they are, telemetry is events and samples.
enum class Cargo { images, files, telemetry };

// Local time of day in minutes; over midnight when `to` is not the later one.
struct Hours {
  unsigned from = 0;
  unsigned to = 0;
  friend bool operator==(const Hours&, const Hours&) = default;
};

// Every part that is given must fit; one of its words is enough. * stands for any run of characters.
struct RouteCondition {
  std::vector<std::string> called_ae, calling_ae, modality, sop_class, body_part, station;
  std::vector<core::Priority> priority;
  std::vector<Cargo> cargo;
  std::vector<Hours> hours;
  friend bool operator==(const RouteCondition&, const RouteCondition&) = default;
};

struct RouteRule {
  RouteCondition when;
  std::vector<std::string> to;  // names of destinations
  std::optional<core::Priority> priority;
  bool last = false;
  friend bool operator==(const RouteRule&, const RouteRule&) = default;
};

// When a destination is carried to. The first one that holds the moment counts.
struct Window {
  std::vector<Hours> hours;
  std::array<bool, 7> days{};  // on which it begins, from Monday on; none named: every day
  bool only_emergencies = false;
  unsigned kilobytes_per_second_max = 0;  // 0: as fast as it goes
  friend bool operator==(const Window&, const Window&) = default;
};

// Where the images of a destination go when it did not answer for so long.
struct Fallback {
  std::string to{};  // empty: nowhere
  unsigned after_minutes = 30;
  friend bool operator==(const Fallback&, const Fallback&) = default;
};

}  // namespace sampan::settings
