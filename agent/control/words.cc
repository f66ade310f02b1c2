// SPDX-License-Identifier: Apache-2.0
#include "control/words.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace sampan::control {
namespace {

struct TimeUnit {
  std::int64_t seconds;
  const char *en, *zh;
};
constexpr std::array time_units{TimeUnit{86400, "d", "天"}, TimeUnit{3600, "h", "小时"}, TimeUnit{60, "min", "分"},
                                TimeUnit{1, "s", "秒"}};

struct ReasonWords {
  std::string_view en, zh;
};
constexpr std::array reasons{
    ReasonWords{"same SOP Instance UID as an earlier image, other content", "与先到的图像编号相同（SOP Instance UID）而内容不同"},
    ReasonWords{"same SOP Instance UID as an earlier image, and comparing them fails", "与先到的图像编号相同（SOP Instance UID），但多次无法完成内容比较"},
    ReasonWords{"reading it stopped this program again and again; it is kept as it came", "读取该图像多次导致本程序崩溃；已原样保存，不再解析"},
    ReasonWords{"changing it for this destination stopped this program again and again", "为该目的地修改此图像多次导致本程序崩溃"},
    ReasonWords{"the exam is held by a person", "整个检查已由人工暂停"},
    ReasonWords{"held by a person", "已由人工暂停"},
    ReasonWords{"the stored copy does not verify", "本机副本校验不符"}};

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

std::string reason_words(const std::string& reason, Lang lang) {
  const auto known = std::ranges::find(reasons, std::string_view(reason), &ReasonWords::en);
  return lang == Lang::zh && known != reasons.end() ? std::string(known->zh) : reason;
}

}  // namespace sampan::control
