// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <algorithm>
#include <array>

#include "cli/help.h"
#include "cli/report_verbs.h"
#include "cli/telemetry_verbs.h"

namespace sampan::cli {
namespace {

constexpr std::array help_arguments{
    Argument{"COMMAND", false, "The command to explain.", "要说明的命令。"},
};

constexpr std::array verbs{
    Verb{"status", "Are my images arriving? One screen.", "图像是否正常到达，一屏看清。", run_status},
    Verb{"queue", "What waits, by destination and age.", "按目的地和时长查看积压。", run_queue},
    Verb{"devices", "The devices that send here, and who is refused.", "发送图像的设备，以及被拒绝的连接。", run_devices},
    Verb{"events", "What happened, and what still asks for a person.", "发生过的事件，以及尚待处理的问题。", run_events, {}, events_options},
    Verb{"version", "The version of this command and of the daemon.", "本命令和服务的版本。", run_version},
    Verb{"help", "This page, or the one of a command.", "显示本说明，或某个命令的说明。", run_help, help_arguments, {}, false},
};

constexpr std::array common{
    Option{"--json", "", "JSON, for scripts", "输出 JSON，供脚本使用"},
    Option{"--lang", "LANGUAGE", "language, by default the system's", "语言，默认随系统", "zh|en"},
    Option{"--socket", "PATH", "the daemon's socket", "服务的套接字"},
    Option{"--config", "PATH", "take the socket from this settings file", "从该配置文件读取套接字位置"},
    Option{"--help", "", "explain the command", "显示命令的说明", {}, 'h'},
};

}  // namespace

std::span<const Verb> verb_table() { return verbs; }
std::span<const Option> common_options() { return common; }

const Verb* find_verb(std::string_view word) {
  const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.word == word; });
  return found == verbs.end() ? nullptr : &*found;
}

}  // namespace sampan::cli
