// SPDX-License-Identifier: Apache-2.0
// Clock: the only door through which time enters, so that tests run weeks in milliseconds.
//
// mono() never goes back and counts while the process runs; wall() may jump and is only shown or stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sampan {

using Millis = std::chrono::milliseconds;
struct MonoTime {
  std::int64_t ms = 0;  // milliseconds since some moment before the process began
  friend auto operator<=>(MonoTime, MonoTime) = default;
  friend MonoTime operator+(MonoTime t, Millis d) { return {t.ms + d.count()}; }
  friend Millis operator-(MonoTime a, MonoTime b) { return Millis(a.ms - b.ms); }
};
struct WallTime {
  std::int64_t ms = 0;  // milliseconds since 1970-01-01T00:00:00Z
  friend auto operator<=>(WallTime, WallTime) = default;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime mono() const = 0;
  virtual WallTime wall() const = 0;
};

// The machine's clocks. Lives for ever.
Clock& system_clock();

// 2026-11-22T09:30:00.123Z
std::string to_iso8601(WallTime time);

}  // namespace sampan
