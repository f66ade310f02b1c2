// SPDX-License-Identifier: Apache-2.0
#include "base/local_time.h"

#include <ctime>
#include <optional>

namespace sampan {
namespace {

std::optional<std::tm> parts_of(WallTime time) {
  const auto seconds = static_cast<std::time_t>(time.ms / 1000);
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return std::nullopt;
  return parts;
}

}  // namespace

LocalTime local_time_of(WallTime time) {
  const auto parts = parts_of(time);
  if (!parts) return {};
  return {static_cast<unsigned>(parts->tm_wday + 6) % 7, static_cast<unsigned>(parts->tm_hour * 60 + parts->tm_min)};
}

WallTime by_the_clock_on_the_wall(WallTime from, int minutes) {
  auto parts = parts_of(from);
  if (!parts) return from;
  parts->tm_min += minutes;
  parts->tm_sec = 0;
  parts->tm_isdst = -1;
  return WallTime{std::int64_t{std::mktime(&*parts)} * 1000};
}

}  // namespace sampan
