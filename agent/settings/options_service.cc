// SPDX-License-Identifier: Apache-2.0
// How the daemon is reached, and what it writes down.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

constexpr std::int64_t socket_path_bytes_max = 107;  // sun_path of unix(7), less its NUL

// clang-format off
constexpr std::array table{
    Option{.path = "control", .kind = Kind::group, .en = "How the sampan command reaches the daemon.",
           .zh = "sampan 命令与服务的通信方式。"},
    Option{.path = "control.socket", .kind = Kind::path, .initial = "/run/sampan/control.sock",
           .most = socket_path_bytes_max, .en = "The unix socket it listens on.", .zh = "监听的 unix 套接字。", .restart = true,
           .set = [](S& s, V v) { s.control_socket = v.text; }},
    Option{.path = "log", .kind = Kind::group, .en = "What the daemon writes down.", .zh = "日志。"},
    Option{.path = "log.level", .kind = Kind::choice, .initial = "info", .choices = "debug|info|warn|error",
           .en = "The least severity that is logged.", .zh = "记录的最低级别。",
           .set = [](S& s, V v) { s.log_level = v.text; }},
};
// clang-format on

}  // namespace

std::span<const Option> service_options() { return table; }

}  // namespace sampan::settings
