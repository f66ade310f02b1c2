// SPDX-License-Identifier: Apache-2.0
#include "policy/windows.h"

#include <algorithm>
#include <set>

namespace sampan::policy {
namespace {

constexpr int day_minutes = 24 * 60, week_minutes = 7 * day_minutes;

bool holds(const Window& window, const Hours& hours, LocalTime moment) {
  const bool today = window.days[moment.weekday], yesterday = window.days[(moment.weekday + 6) % 7];
  if (hours.from < hours.to) return today && is_within(hours, moment.minute);
  return (today && moment.minute >= hours.from) || (yesterday && moment.minute < hours.to);
}

LocalTime at(int minute_of_week) {
  const int minute = (minute_of_week % week_minutes + week_minutes) % week_minutes;
  return {static_cast<unsigned>(minute / day_minutes), static_cast<unsigned>(minute % day_minutes)};
}

int in_week(LocalTime moment) { return static_cast<int>(moment.weekday) * day_minutes + static_cast<int>(moment.minute); }

// Minutes of the week at which something may change.
std::set<int> edges(std::span<const Window> windows) {
  std::set<int> all;
  for (const Window& window : windows)
    for (const Hours& hours : window.hours)
      for (int day = 0; day < 7; ++day)
        for (const unsigned edge : {hours.from, hours.to}) all.insert((day * day_minutes + static_cast<int>(edge)) % week_minutes);
  return all;
}

int ahead(int from, int to) { return (to - from + week_minutes - 1) % week_minutes + 1; }  // 1 to a week

bool opens(std::span<const Window> windows, int edge) {
  return passage_at(windows, at(edge)).routine && !passage_at(windows, at(edge - 1)).routine;
}

}  // namespace

bool is_within(const Hours& hours, unsigned minute) {
  if (hours.from < hours.to) return minute >= hours.from && minute < hours.to;
  return minute >= hours.from || minute < hours.to;
}

Passage passage_at(std::span<const Window> windows, LocalTime moment) {
  if (windows.empty()) return {};
  for (const Window& window : windows) {
    const auto here = [&](const Hours& hours) { return holds(window, hours, moment); };
    if (std::ranges::any_of(window.hours, here)) return {!window.only_emergencies, window.bytes_per_second_max};
  }
  return {false, std::nullopt};
}

std::optional<int> minutes_to_change(std::span<const Window> windows, LocalTime moment) {
  const int now = in_week(moment);
  const Passage passage = passage_at(windows, moment);
  std::optional<int> least;
  for (const int edge : edges(windows))
    if (passage_at(windows, at(edge)) != passage) least = std::min(least.value_or(week_minutes), ahead(now, edge));
  return least;
}

std::optional<int> minutes_to_opening(std::span<const Window> windows, LocalTime moment) {
  if (passage_at(windows, moment).routine) return std::nullopt;
  std::optional<int> least;
  for (const int edge : edges(windows))
    if (opens(windows, edge)) least = std::min(least.value_or(week_minutes), ahead(in_week(moment), edge));
  return least;
}

std::optional<int> minutes_since_opening(std::span<const Window> windows, LocalTime moment) {
  std::optional<int> least;
  for (const int edge : edges(windows))
    if (opens(windows, edge)) least = std::min(least.value_or(week_minutes), week_minutes - ahead(in_week(moment), edge));
  return least;
}

}  // namespace sampan::policy
