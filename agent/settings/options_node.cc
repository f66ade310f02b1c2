// SPDX-License-Identifier: Apache-2.0
// What the node is.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

// clang-format off
constexpr std::array table{
    Option{.path = "site", .kind = Kind::text, .required = true, .least = 1, .most = 64,
           .en = "Name of this clinic, as people know it.", .zh = "本机构名称。", .restart = true,
           .set = [](S& s, V v) { s.site = v.text; }},
    Option{.path = "ae_title", .kind = Kind::ae_title, .initial = "SAMPAN",
           .en = "AE title of this node; the modality's console sends to it. Case matters.",
           .zh = "本机的 AE 标题，设备控制台向它发送图像；区分大小写。",
           .set = [](S& s, V v) { s.ae_title = v.text; }},
    Option{.path = "state_directory", .kind = Kind::path, .initial = "/var/lib/sampan", .most = path_bytes_max,
           .en = "Folder of everything this node keeps; put it on the disk with the most room. Any other place needs a drop-in: man sampand, FOLDERS.",
           .zh = "本机保存全部数据的目录，请放在空间最大的磁盘上；改用其他位置须另行授权，见 man sampand 的“目录”一节。", .restart = true,
           .set = [](S& s, V v) { s.state_directory = v.text; }},
};
// clang-format on

}  // namespace

std::span<const Option> node_options() { return table; }

}  // namespace sampan::settings
