// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <algorithm>
#include <array>

#include "cli/custody_verbs.h"
#include "cli/exam_verbs.h"
#include "cli/help.h"
#include "cli/key_verbs.h"
#include "cli/report_verbs.h"
#include "cli/rescue_verbs.h"
#include "cli/telemetry_verbs.h"
#include "cli/settings_verbs.h"

namespace sampan::cli {
namespace {

constexpr std::array help_arguments{
    Argument{"COMMAND", false, "The command to explain.", "要说明的命令。"},
};

constexpr std::array trace_arguments{
    Argument{"KEY", true, "A study, series or image UID, an accession number, a patient ID or a file name, exactly.",
             "检查、序列或图像的 UID、检查号、患者 ID 或文件名，须完整。"},
};
constexpr std::array exam_arguments{
    Argument{"EXAM", true, "Its study UID, accession number or patient ID; an image UID for that image alone.",
             "检查 UID、检查号或患者 ID；给出图像 UID 则只处理该图像。"},
};
constexpr std::array destination_options{
    Option{"--to", "DESTINATION", "only on its way to this destination", "只针对发往该目的地的上传"},
};
constexpr std::array push_options{
    Option{"--to", "DESTINATION", "to this destination as well", "另外发往该目的地"},
    Option{"--emergency", "", "before everything else", "作为急诊优先上传"},
};

constexpr std::array config_arguments{
    Argument{"WHAT", true, "check tells every mistake; show prints the values that hold; reference explains every option and limit.",
             "check 列出全部错误；show 显示生效的值；reference 说明全部选项和上限。", "check|show|reference"},
};

constexpr std::array key_arguments{
    Argument{"WHAT", false, "show, unless another is named; recovery makes a new recovery key and prints it, once, as root; rotate has what "
                            "comes from now on stored under a new key.",
             "默认 show；recovery 生成新的恢复密钥并显示一次，须以 root 执行；rotate 使此后接收的数据改用新密钥。", "show|recovery|rotate"},
};

constexpr std::array damage_arguments{
    Argument{"WHAT", false, "show, unless another is named; seen says that a place was compared with the modality, and ends its telling.",
             "默认 show；seen 表示该位置已与设备核对，不再提示。", "show|seen"},
    Argument{"PLACE", false, "with seen: the place as it is listed, or all.", "与 seen 同用：列出的位置，或 all 表示全部。"},
};

constexpr std::array drop_arguments{
    Argument{"DESTINATION", true, "The name of a destination that is not in the settings any more.", "已不在配置中的目的地名称。"},
};
constexpr std::array drop_options{
    Option{"--give-up", "", "delete here also the images that no other destination is owed; without it they are kept", "同时从本机删除仅发往该处的图像；不加则保留"},
    Option{"--yes", "", "do it without asking", "不再询问，直接执行"},
};

constexpr std::array rescue_arguments{
    Argument{"DIRECTORY", true, "The state directory on the copied or mounted disk, usually var/lib/sampan. Nothing is written there.",
             "复制或挂载的磁盘上的状态目录，通常为 var/lib/sampan；不会向其中写入任何内容。"},
};
constexpr std::array rescue_options{
    Option{"--export", "FOLDER", "write what is undelivered there: images as study/series/image.dcm, other files in files/", "将未送达的内容导出到此文件夹：图像为 检查/序列/图像.dcm，其他文件在 files/ 中"},
    Option{"--to", "WHERE", "send them: AE@host:port, or the name of a destination in the settings file", "将其发送到 AE@主机:端口，或配置文件中的目的地"},
    Option{"--from", "AE", "with AE@host:port, our own AE title, by default SAMPAN", "使用 AE@主机:端口 时本机的 AE 标题，默认 SAMPAN"},
    Option{"--all", "", "delivered ones too", "包括已送达的图像"},
    Option{"--recovery-key", "FILE", "read the recovery key from this file, - for standard input; by default it is asked for",
           "从此文件读取恢复密钥，- 表示标准输入；默认在终端询问"},
    Option{"--done", "FILE", "keep there what was carried, and pass it over the next time", "在此文件中记录已取出的图像，下次跳过"},
};

constexpr std::array verbs{
    Verb{"status", "Are my images arriving? One screen.", "图像是否正常到达，一屏看清。", run_status},
    Verb{"queue", "What waits, by destination and age.", "按目的地和时长查看积压。", run_queue},
    Verb{"today", "A line for each exam of today.", "今天的检查，每个一行。", run_today},
    Verb{"trace", "The whole story of an exam.", "查看一个检查的完整经过。", run_trace, trace_arguments},
    Verb{"hold", "Keep an exam from leaving, also what is still to come of it.", "暂停上传一个检查，包括尚未到达的图像。", run_hold,
         exam_arguments, destination_options},
    Verb{"resume", "Let go what is on hold or was rejected.", "恢复上传被暂停或被拒收的图像。", run_resume, exam_arguments,
         destination_options},
    Verb{"resend", "Send again what was delivered or rejected.", "重新上传已送达或被拒收的图像。", run_resend, exam_arguments,
         destination_options},
    Verb{"push", "Send an exam elsewhere as well, or before all others.", "将检查另外发往某处，或优先上传。", run_push, exam_arguments,
         push_options},
    Verb{"devices", "The devices that send here, and who is refused.", "发送图像的设备，以及被拒绝的连接。", run_devices},
    Verb{"events", "What happened, and what still asks for a person.", "发生过的事件，以及尚待处理的问题。", run_events, {}, events_options},
    Verb{"damage", "What is stored here damaged or in doubt, for a person to compare with the modality.",
         "本机损坏或不完整的数据，供与设备核对。", run_damage, damage_arguments},
    Verb{"drop", "A destination left the settings and does not come back: what is owed to it is owed no more. As root.",
         "目的地已从配置中删除且不再恢复：不再保留发往该处的任务。须以 root 执行。", run_drop, drop_arguments, drop_options},
    Verb{"key", "How the keys of what is stored here are kept, and the recovery key for a person to keep.",
         "本机存储所用密钥的保护方式，以及交人保管的恢复密钥。", run_key, key_arguments},
    Verb{"rescue", "What the disk of a dead node holds: told, exported or sent on, on another machine, with the recovery key.",
         "在另一台机器上用恢复密钥查看、导出或发送损坏节点磁盘上的图像。", run_rescue, rescue_arguments, rescue_options, false},
    Verb{"reload", "Have the daemon read its settings again: all of a good set, nothing of a wrong one.",
         "让服务重新读取配置：正确则全部启用，有误则一概不用。", run_reload},
    Verb{"config", "Check the settings files, show what holds and from where, or explain every option.",
         "检查配置文件，显示生效的值及其出处，或说明全部选项。", run_config, config_arguments, {}, false},
    Verb{"version", "The version of this command and of the daemon.", "本命令和服务的版本。", run_version},
    Verb{"help", "This page, or the one of a command.", "显示本说明，或某个命令的说明。", run_help, help_arguments, {}, false},
};

constexpr std::array common{
    Option{"--json", "", "JSON, for scripts", "输出 JSON，供脚本使用"},
    Option{"--lang", "LANGUAGE", "language, by default the system's", "语言，默认随系统", "zh|en"},
    Option{"--socket", "PATH", "the daemon's socket", "服务的套接字"},
    Option{"--config", "PATH", "the settings file, by default /etc/sampan/sampan.yaml", "配置文件，默认 /etc/sampan/sampan.yaml"},
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
