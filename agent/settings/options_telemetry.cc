// SPDX-License-Identifier: Apache-2.0
// What the node tells of itself and of its devices, and how often.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

// clang-format off
constexpr std::array table{
    Option{.path = "telemetry", .kind = Kind::group, .en = "What this node tells of itself and of its devices, where a destination takes telemetry.",
           .zh = "本机及设备的状态数据；发往 takes 含 telemetry 的目的地。"},
    Option{.path = "telemetry.every_seconds", .kind = Kind::integer, .initial = "300", .least = 1, .most = 86400,
           .en = "Seconds between samples; at 300 they are about 1 MB a day, and events never wait for them.",
           .zh = "采样间隔秒数；300 秒时每天约 1 MB，事件不受其影响。",
           .set = [](S& s, V v) { s.telemetry.every_seconds = static_cast<unsigned>(v.number); }},
    Option{.path = "telemetry.outage_seconds", .kind = Kind::integer, .initial = "300", .least = 0, .most = 86400,
           .en = "A destination that is out of reach for so many seconds is an event; shorter is no news.",
           .zh = "目的地中断达该秒数才作为事件上报；更短的不报。",
           .set = [](S& s, V v) { s.telemetry.outage_seconds = static_cast<unsigned>(v.number); }},
};
// clang-format on

}  // namespace

std::span<const Option> telemetry_options() { return table; }

}  // namespace sampan::settings
