// SPDX-License-Identifier: Apache-2.0
#include "control/telemetry_routes.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "control/telemetry_book.h"
#include "core/limits.h"

namespace sampan::control {
namespace {

constexpr std::size_t events_usual = 100;

struct Span {
  std::string_view unit;
  std::int64_t seconds;
};
constexpr std::array spans{Span{"s", 1}, Span{"min", 60}, Span{"h", 3600}, Span{"d", 86400}, Span{"w", 7 * 86400}};

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || wrong != std::errc{} || end != text.data() + text.size() || value < 0) return {};
  return value;
}

std::optional<WallTime> moment(const std::string& word) {
  std::tm parts{};
  int used = 0;
  if (std::sscanf(word.c_str(), "%4d-%2d-%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &used) != 3) return {};
  const std::string rest = word.substr(static_cast<std::size_t>(used));
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  parts.tm_isdst = -1;
  if (rest.empty()) return WallTime{static_cast<std::int64_t>(::mktime(&parts)) * 1000};
  if (std::sscanf(rest.c_str(), "T%2d:%2d:%2d%n", &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 3) return {};
  const std::string zone = rest.substr(static_cast<std::size_t>(used));
  if (zone.empty()) return WallTime{static_cast<std::int64_t>(::mktime(&parts)) * 1000};
  const bool utc = zone == "Z" || (zone.size() == 5 && zone[0] == '.' && zone.back() == 'Z');
  return utc ? std::optional<WallTime>(WallTime{static_cast<std::int64_t>(::timegm(&parts)) * 1000}) : std::nullopt;
}

}  // namespace

std::optional<WallTime> since(const std::string& word, WallTime now) {
  if (word.empty()) return WallTime{0};
  for (const Span& span : spans) {
    if (!word.ends_with(span.unit)) continue;
    const auto count = number_of(std::string_view(word).substr(0, word.size() - span.unit.size()));
    if (count && *count <= INT32_MAX) return WallTime{now.ms - *count * span.seconds * 1000};
  }
  return moment(word);
}

http::Response serve_devices(const Handlers& handlers, const Call&) {
  return handlers.telemetry == nullptr ? absent() : answer(handlers.telemetry->devices());
}

http::Response serve_events(const Handlers& handlers, const Call& call) {
  if (handlers.telemetry == nullptr) return absent();
  const auto from = since(call.word("since"), handlers.telemetry->now());
  if (!from)
    return refuse({400, "bad_since", "since is not understood, expected a span as 30min, 24h, 7d, or a date as 2026-11-26",
                   "since 无法理解，应为时长（如 30min、24h、7d）或日期（如 2026-11-26）"});
  const std::string limit = call.word("limit");
  const auto most = limit.empty() ? std::optional<std::int64_t>(events_usual) : number_of(limit);
  if (!most || *most < 1)
    return refuse({400, "bad_limit", "limit is not a number of events, expected 1 or more", "limit 应为不小于 1 的数字"});
  const std::size_t asked = std::min(static_cast<std::size_t>(*most), core::limits::events_answered_max);
  return answer(handlers.telemetry->events(*from, asked));
}

}  // namespace sampan::control
