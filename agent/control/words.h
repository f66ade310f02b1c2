// SPDX-License-Identifier: Apache-2.0
// Words: numbers and moments as a person reads them, in Chinese and English.
//
// Part of the client half: stands on base alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace sampan::control {

enum class Lang { zh, en };

// The two largest units that are not zero: "2 h 10 min", "2 小时 10 分".
std::string duration(std::int64_t seconds, Lang lang);
// "3.4 GB", in powers of 1000.
std::string size(std::uint64_t bytes);
// In the machine's time zone: "2026-11-22 14:02".
std::string local_time(WallTime time);
// For how long the disk takes images, as it is told everywhere: at most disk_lasts_most_s, which stands for longer as well.
std::string room_words(std::int64_t lasts_s, bool guess, Lang lang);
// The same of "2026-11-26T09:30:00.000Z"; what is no such instant stays as it is.
std::string local_time(const std::string& iso8601);
// Why images stay where the windows of their destination let nothing go but emergencies; opens: nothing where that is for ever.
std::string window_words(std::optional<WallTime> opens, WallTime now, Lang lang);

}  // namespace sampan::control
