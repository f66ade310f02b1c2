// SPDX-License-Identifier: Apache-2.0
#include "telemetry/json_text.h"

#include <time.h>

#include <cstdio>

namespace sampan::telemetry {

std::optional<WallTime> time_from(std::string_view text) {
  const std::string in(text);
  std::tm parts{};
  int milliseconds = 0, used = 0;
  int got = std::sscanf(in.c_str(), "%4d-%2d-%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &used);
  if (got != 3) return {};
  std::size_t at = static_cast<std::size_t>(used);
  if (at < in.size()) {
    if (std::sscanf(in.c_str() + at, "T%2d:%2d:%2d%n", &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 3) return {};
    at += static_cast<std::size_t>(used);
    if (at < in.size() && in[at] == '.') {
      if (std::sscanf(in.c_str() + at, ".%3d%n", &milliseconds, &used) != 1 || used != 4) return {};
      at += 4;
    }
    if (in.substr(at) != "Z") return {};
  }
  const auto within = [](int value, int least, int most) { return value >= least && value <= most; };
  if (!within(parts.tm_mon, 1, 12) || !within(parts.tm_mday, 1, 31) || !within(parts.tm_hour, 0, 23) || !within(parts.tm_min, 0, 59) ||
      !within(parts.tm_sec, 0, 60) || milliseconds < 0)
    return {};
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return WallTime{static_cast<std::int64_t>(::timegm(&parts)) * 1000 + milliseconds};
}

std::string one_line(std::string json) {
  json += '\n';
  return json;
}

}  // namespace sampan::telemetry
