// SPDX-License-Identifier: Apache-2.0
#include "control/folder_words.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sampan::control {
namespace {

struct Words {
  std::string_view trouble, zh, en;
};

constexpr std::array table{
    Words{"missing", "目录不存在", "the folder is not there"},
    Words{"unmounted", "原来挂载在此的共享或磁盘已断开", "the share or disk that was mounted there is gone"},
    Words{"unreadable", "无法读取该目录", "the folder cannot be read"},
    Words{"read_only", "文件已接收，但无法从该目录移除", "files are taken, but cannot be removed from it"},
    Words{"unwritable", "文件已接收，但无法从该目录移除", "files are taken, but cannot be removed from it"},
    Words{"file_too_large", "其中有文件过大，本机剩余空间放不下，尚未接收", "one of its files is too large for the room that is left here, and is not taken"},
    Words{"files_unreadable", "其中有文件无法读取，尚未接收", "some of its files cannot be read and are not taken"},
};

std::string pick(Lang lang, const std::string& zh, const std::string& en) { return lang == Lang::zh ? zh : en; }

// Hidden from the service by the unit: ProtectHome=yes.
bool is_below_home(const std::string& path) {
  constexpr std::array hidden{std::string_view("/home"), std::string_view("/root"), std::string_view("/run/user")};
  return std::ranges::any_of(hidden, [&](std::string_view home) { return path == home || path.starts_with(std::string(home) + "/"); });
}

// systemd.syntax(7): a word with spaces stands in quotes, and % begins a specifier.
std::string unit_word(const std::string& path) {
  std::string word;
  for (const char c : path) word += c == '%' ? "%%" : c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  const bool quoted = path.find_first_of(" \t'\"\\") != std::string::npos;
  return quoted ? '"' + word + '"' : word;
}

std::string drop_in(const std::string& path, Lang lang) {
  const std::string lines = "[Service]" + std::string(is_below_home(path) ? " / ProtectHome=read-only" : "") + " / ReadWritePaths=" + unit_word(path);
  return pick(lang, "请执行 sudo systemctl edit sampand，输入以下各行：" + lines + "，保存后执行 sudo systemctl restart sampand",
              "Run sudo systemctl edit sampand, enter these lines: " + lines + ", then run sudo systemctl restart sampand");
}

std::string rights(const std::string& path, Lang lang) {
  const std::string command = "sudo chgrp -R sampan " + path + " && sudo chmod -R g+rwX " + path;
  return pick(lang, "请让用户 sampan 可读写该目录：" + command + "。", "Let the user sampan read and write there: " + command + ".");
}

}  // namespace

bool says_read_only(const std::string& error) { return error.ends_with("Read-only file system"); }

std::string folder_words(const FolderStatus& folder, Lang lang) {
  const auto known = std::ranges::find(table, folder.trouble, &Words::trouble);
  std::string text = known == table.end() ? folder.trouble : std::string(lang == Lang::zh ? known->zh : known->en);
  if (!folder.error.empty()) text += pick(lang, "：「" + folder.error + "」", ": " + folder.error);
  return text;
}

std::string write_remedy(const std::string& path, bool read_only, Lang lang) {
  if (!read_only) return rights(path, lang);
  return drop_in(path, lang) +
         pick(lang, "；若该共享本身以只读方式挂载，请改为可写。", "; where the share itself is mounted read-only, mount it writable.");
}

std::string folder_remedy(const FolderStatus& folder, Lang lang) {
  const std::string& path = folder.path;
  if (folder.trouble == "missing")
    return pick(lang, "请建立该目录，或重新挂载共享，之后自动接收；若路径有误，请更正配置 intake.folders。",
                "Make the folder, or mount the share again; files are then taken by themselves. A wrong path is corrected in intake.folders.");
  if (folder.trouble == "unmounted")
    return pick(lang, "请重新挂载：sudo mount " + path + "；若现改用本地目录，请执行 sudo systemctl restart sampand。",
                "Mount it again: sudo mount " + path + ". If it is a local folder from now on: sudo systemctl restart sampand.");
  if (folder.trouble == "read_only" || folder.trouble == "unwritable") return write_remedy(path, folder.trouble == "read_only", lang);
  if (folder.trouble == "file_too_large")
    return pick(lang, "请清理本机磁盘，之后自动接收；若不需要上传该文件，请将其移出目录。其他文件照常接收。",
                "Make room on this machine's disk, and it is taken by itself; if it need not be sent, move it out of the folder. Other files are taken meanwhile.");
  if (folder.trouble == "unreadable" && is_below_home(path)) return drop_in(path, lang) + pick(lang, "。", ".");
  return rights(path, lang);
}

}  // namespace sampan::control
