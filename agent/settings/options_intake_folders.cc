// SPDX-License-Identifier: Apache-2.0
// Folders whose files are taken in.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

Watch watch_from(std::string_view name) {
  return name == "inotify" ? Watch::inotify : name == "poll" ? Watch::poll : Watch::automatic;
}

// clang-format off
constexpr std::array table{
    Option{.path = "intake.folders", .kind = Kind::list,
           .en = "Folders whose files are taken in and then removed.", .zh = "文件自动接收的目录；接收后从目录中移除。"},
    Option{.path = "intake.folders[]", .kind = Kind::group, .en = "A folder, with everything below it.", .zh = "一个目录，含其子目录。",
           .set = [](S& s, V) { s.intake.folders.emplace_back(); }},
    Option{.path = "intake.folders[].path", .kind = Kind::path, .required = true, .most = path_bytes_max,
           .en = "Where it is; files in it must be ours to remove. Below /srv/sampan the service may write; any other place needs a drop-in: man sampand, FOLDERS.", .zh = "目录位置；本程序须有权移除其中的文件。/srv/sampan 之下可直接使用，其他位置须另行授权，见 man sampand 的“目录”一节。",
           .set = [](S& s, V v) { s.intake.folders.back().path = v.text; }},
    Option{.path = "intake.folders[].ae_title", .kind = Kind::ae_title, .from = "ae_title",
           .en = "Stands for the sender of its files in rules; without it, ae_title.",
           .zh = "在规则中代表其文件的发送方；不填则用 ae_title。",
           .set = [](S& s, V v) { s.intake.folders.back().ae_title = v.text; }},
    Option{.path = "intake.folders[].watch", .kind = Kind::choice, .initial = "auto", .choices = "auto|inotify|poll",
           .en = "How new files are noticed: inotify on a local disk, poll on a network share; auto finds out.",
           .zh = "发现新文件的方式：本地磁盘用 inotify，网络共享用 poll；auto 自动判断。",
           .set = [](S& s, V v) { s.intake.folders.back().watch = watch_from(v.text); }},
    Option{.path = "intake.folders[].stable_seconds", .kind = Kind::integer, .initial = "5", .least = 1, .most = 3600,
           .en = "A file that nobody announced as complete is taken when it was the same for so many seconds.",
           .zh = "未得知已写完的文件，大小和时间保持不变达该秒数后才接收。",
           .set = [](S& s, V v) { s.intake.folders.back().stable_seconds = static_cast<unsigned>(v.number); }},
    Option{.path = "intake.folders[].after", .kind = Kind::choice, .initial = "remove", .choices = "remove|keep",
           .en = "What becomes of a file that was taken: removed, or moved to .sampan-done in this folder.",
           .zh = "接收后的原文件：remove 为移除，keep 为移到该目录下的 .sampan-done。",
           .set = [](S& s, V v) { s.intake.folders.back().keep = v.text == "keep"; }},
    Option{.path = "intake.folders[].carry", .kind = Kind::choice, .initial = "dicom", .choices = "dicom|any",
           .en = "What is taken: DICOM alone, or any file, to be delivered into folder destinations as it is.",
           .zh = "接收的内容：dicom 为仅 DICOM 文件，any 为任何文件，其他文件原样送到目录类目的地。",
           .set = [](S& s, V v) { s.intake.folders.back().carry_any = v.text == "any"; }},
};
// clang-format on

}  // namespace

std::span<const Option> intake_folders_options() { return table; }

}  // namespace sampan::settings
