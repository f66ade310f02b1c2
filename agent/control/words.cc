// SPDX-License-Identifier: Apache-2.0
#include "control/words.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "control/node_status.h"

namespace sampan::control {
namespace {

struct TimeUnit {
  std::int64_t seconds;
  const char *en, *zh;
};
constexpr std::array time_units{TimeUnit{86400, "d", "天"}, TimeUnit{3600, "h", "小时"}, TimeUnit{60, "min", "分"},
                                TimeUnit{1, "s", "秒"}};

}  // namespace

std::string duration(std::int64_t seconds, Lang lang) {
  seconds = std::max<std::int64_t>(seconds, 0);
  std::size_t first = 0;
  while (first + 1 < time_units.size() && seconds < time_units[first].seconds) ++first;
  std::string text;
  for (std::size_t i = first; i < time_units.size() && i < first + 2; ++i) {
    const TimeUnit& unit = time_units[i];
    const std::int64_t count = seconds / unit.seconds;
    seconds %= unit.seconds;
    if (count == 0 && i > first) continue;
    text += (text.empty() ? "" : " ") + std::to_string(count) + " " + (lang == Lang::zh ? unit.zh : unit.en);
  }
  return text;
}

std::string size(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < units.size()) value /= 1000, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
  return text;
}

std::string local_time(WallTime time) {
  const std::time_t seconds = static_cast<std::time_t>(time.ms / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return text;
}

std::string room_words(std::int64_t lasts_s, bool guess, Lang lang) {
  const bool zh = lang == Lang::zh, beyond = lasts_s >= disk_lasts_most_s;
  const std::string time = beyond ? (zh ? "十年以上" : "more than ten years") : duration(lasts_s, lang);
  const std::string by = !guess || beyond ? "" : zh ? "（数据不足一天，粗略估计）" : " (a guess, by less than a day)";
  return (zh ? "即使完全无法上传，还可接收 " : "with nothing leaving there is room for ") + time + by;
}

std::string local_time(const std::string& iso8601) {
  std::tm parts{};
  if (std::sscanf(iso8601.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
                  &parts.tm_sec) != 6)
    return iso8601;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return local_time(WallTime{static_cast<std::int64_t>(::timegm(&parts)) * 1000});
}

std::string window_words(std::optional<WallTime> opens, WallTime now, Lang lang) {
  if (!opens) return lang == Lang::zh ? "所有上传时段都只上传急诊" : "its windows never let anything go but emergencies";
  constexpr std::int64_t day_ms = 24 * 3'600'000, week_ms = 7 * day_ms;
  const bool soon = opens->ms - now.ms < day_ms && now.ms - opens->ms < week_ms;
  const std::string when = soon ? local_time(*opens).substr(11) : local_time(*opens);
  return lang == Lang::zh ? "等待上传时段，" + when + " 开始" : "waits for its window, opens at " + when;
}

}  // namespace sampan::control
