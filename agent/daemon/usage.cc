// SPDX-License-Identifier: Apache-2.0
#include "daemon/usage.h"

#include <algorithm>
#include <array>
#include <span>

#include "daemon/run.h"

namespace sampan::daemon {
namespace {

using settings::Lang;

struct Flag {
  const char *word, *value, *en, *zh;
};
constexpr std::array flags{
    Flag{"--config", "PATH", "The settings file; conf.d/*.yaml beside it is read too.", "配置文件；同目录下的 conf.d/*.yaml 也会读取。"},
    Flag{"--state", "DIRECTORY", "Use this state directory instead of the one in the settings.", "使用此状态目录，代替配置中的目录。"},
    Flag{"--check", "", "Read the settings, tell every problem, and stop.", "读取配置，列出全部问题后退出。"},
    Flag{"--undelivered", "", "Count the images that are not delivered, or not known to be archived, and stop; not beside a running daemon. What was not read is in no count: then there is an error and no number.",
         "统计尚未送达或尚未确认归档的图像后退出；不可与运行中的服务同时使用。有文件无法读取时不给出数字，只报错。"},
    Flag{"--ended", "", "What the unit runs after an end: tell in plain words what kept the service manager from starting sampand, and stop.",
         "由服务单元在停止后执行：说明服务管理器未能启动 sampand 的原因后退出。"},
    Flag{"--rescue", "DIRECTORY", "Open the state directory of a dead node, without a daemon; this is what sampan rescue runs, and its options are explained there.",
         "打开损坏节点的状态目录，不启动服务；sampan rescue 即执行此项，其选项见该命令的说明。"},
    Flag{"--version", "", "Tell the version, and stop.", "显示版本后退出。"},
    Flag{"--help", "", "Tell this, and stop.", "显示说明后退出。"},
};

struct Code {
  int code;
  const char *en, *zh;
};
constexpr std::array codes{
    Code{exit_clean, "It stopped cleanly.", "正常停止。"},
    Code{exit_start, "It could not start: another one runs, a port is taken, the disk is broken.", "无法启动：已有实例在运行、端口被占用或磁盘故障。"},
    Code{exit_settings, "The settings are wrong; nothing was started.", "配置有误，未启动。"},
    Code{exit_person, "It could not start, and will not until a person acts: the keys are missing or do not fit, or files belong to another user. The unit does not try again.",
         "无法启动，需人工处理：密钥丢失或不符，或文件属于其他用户。服务单元不会自动重试。"},
    Code{exit_usage, "The command is wrong.", "命令写错。"},
};

struct Signal {
  const char *name, *en, *zh;
};
constexpr std::array signals{
    Signal{"SIGHUP", "Reads the settings again: all of a good set is taken over, nothing of a wrong one.",
           "重新读取配置：正确则全部启用，有误则一概不用。"},
    Signal{"SIGTERM", "Stops: no more images are let in, transfers that run may end, everything is on disk.",
           "停止：不再接收图像，允许进行中的传输结束，全部数据落盘。"},
};

struct Page {
  Lang lang;
  std::string text{};
  const char* say(const char* en, const char* zh) const { return lang == Lang::zh ? zh : en; }
  void line(const std::string& words) { text += words + "\n"; }
};

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

void head(Page& page) {
  page.line(".\\\" SPDX-License-Identifier: Apache-2.0");
  page.line(".\\\" Made from the tables of the daemon: SAMPAN_UPDATE=1 unit_daemon writes it again.");
  page.line(".Dd November 26, 2026");
  page.line(".Dt SAMPAND 8");
  page.line(".Os sampan");
  page.line(page.say(".Sh NAME", ".Sh 名称"));
  page.line(".Nm sampand");
  page.line(page.say(".Nd take medical images in and carry them to the lead hospital", ".Nd 接收医学图像并送往牵头医院"));
  page.line(page.say(".Sh SYNOPSIS", ".Sh 用法"));
  page.line(".Nm sampand");
  page.line(".Fl -config Ar PATH");
  page.line(".Op Fl -state Ar DIRECTORY");
  page.line(".Op Fl -check | Fl -undelivered | Fl -ended");
  page.line(page.say(".Sh DESCRIPTION", ".Sh 说明"));
  page.line(page.say("Takes images from modalities and folders, acknowledges each only when it is safe on the disk here, and sends it to its "
                     "destinations for as long as it takes; a copy goes only when the destination has proven its own. It is run as the "
                     "service sampand by",
                     "从设备和目录接收图像，每幅图像在本机磁盘上安全保存后才予以确认，并持续发送直到送达；目的地证明已保存后才删除本地副本。"
                     "作为 sampand 服务运行，由"));
  page.line(page.say(".Xr systemd 1 ,", ".Xr systemd 1"));
  page.line(page.say("which is told when it is ready, when it reads its settings again and when it stops, and watches that it goes on.",
                     "管理；就绪、重新读取配置和停止时会告知 systemd，并受其看护。"));
}

// In roff a backslash at the end joins two lines into one. tests/e2e/boot_sealed_key.py does what is written here.
constexpr std::array seal_by_tpm{
    "sampan key recovery",
    "mkdir -p -m 700 /etc/credstore.encrypted",
    "mkdir -p /etc/systemd/system/sampand.service.d",
    "head -c 32 /dev/urandom | systemd-creds encrypt --with-key=tpm2 \\",
    "  --name=sampan.key - /etc/credstore.encrypted/sampan.key",
    "echo '[Service]' >/etc/systemd/system/sampand.service.d/key.conf",
    "echo LoadCredentialEncrypted=sampan.key:/etc/credstore.encrypted/sampan.key \\",
    "  >>/etc/systemd/system/sampand.service.d/key.conf",
    "systemctl daemon-reload && systemctl restart sampand",
};
constexpr std::array open_by_recovery{
    "mv -n /etc/credstore.encrypted/sampan.key /etc/credstore.encrypted/sampan.key.before",
    "head -c 32 /dev/urandom | systemd-creds encrypt --with-key=tpm2 \\",
    "  --name=sampan.key - /etc/credstore.encrypted/sampan.key",
    "systemd-ask-password 'Recovery key:' | systemd-creds encrypt --with-key=tpm2 \\",
    "  --name=sampan.recovery - /etc/credstore.encrypted/sampan.recovery",
    "echo LoadCredentialEncrypted=sampan.recovery:/etc/credstore.encrypted/sampan.recovery \\",
    "  >>/etc/systemd/system/sampand.service.d/key.conf",
    "systemctl daemon-reload && systemctl restart sampand &&",
    "  sed -i /sampan.recovery/d /etc/systemd/system/sampand.service.d/key.conf &&",
    "  rm /etc/credstore.encrypted/sampan.recovery && systemctl daemon-reload",
};

void add_block(Page& page, std::span<const char* const> lines) {
  page.line(".Bd -literal -offset indent");
  for (const char* line : lines) page.line(line);
  page.line(".Ed");
}

void add_keys(Page& page) {
  page.line(page.say(".Sh KEYS", ".Sh 密钥"));
  page.line(page.say("Everything that is stored is encrypted. The keys are made on the first start and are kept, encrypted themselves, in the folder",
                     "所存数据全部加密。密钥在首次启动时生成，自身也加密保存在状态目录的"));
  page.line(".Pa keys");
  page.line(page.say("of the state directory. What opens them on this machine is a key file beside them, or, better, a credential of the service "
                     "manager, which a TPM can seal to this machine. In this order:",
                     "文件夹中。在本机上打开它们的，是同目录下的密钥文件，或者更好的做法：由服务管理器提供、可由 TPM 封存在本机的凭据。步骤如下："));
  add_block(page, seal_by_tpm);
  page.line(page.say("These are commands for root; they need a TPM 2.0 and its libraries (Debian, Ubuntu: the package tpm2-tools; others: tpm2-tss). "
                     "The TPM opens the credential only on this computer and while its Secure Boot settings are as they were. After another mainboard, a "
                     "reset of the TPM, a change of Secure Boot or of its lists by a firmware update, or with this disk in another computer, sampand is not "
                     "started; sampan and the journal say why, and nothing is touched. The recovery key then puts the node into service again, and is loaded "
                     "this once:",
                     "以上命令由 root 执行，需要 TPM 2.0 及其库（Debian、Ubuntu 为软件包 tpm2-tools，其他系统为 tpm2-tss）。只有在这台计算机上、"
                     "且安全启动设置未变时，TPM 才会打开凭据。更换主板、重置 TPM、更改安全启动或由固件更新改动其列表，或把磁盘装入另一台计算机之后，"
                     "sampand 不会启动，sampan 命令和日志会说明原因，不改动任何文件。此时用恢复密钥即可重新投入使用，只需加载一次："));
  add_block(page, open_by_recovery);
  page.line(page.say("To exchange the credential, load the one before as sampan.key.old once. Without a node,",
                     "更换凭据时，把旧凭据以 sampan.key.old 加载一次。若没有节点，可用"));
  page.line(page.say(".Xr sampan 1 rescue", ".Xr sampan 1 rescue"));
  page.line(page.say("carries the images away.", "取出图像。"));
  page.line(page.say("A key that does not fit is said, and nothing is changed.", "密钥不符时会说明，不改动任何文件。"));
}

void add_known_folders(Page& page) {
  page.line(page.say("A folder that images were put into is known again by a word in it, the file", "存放过图像的目录以其中的标识文件"));
  page.line(page.say(".Pa .incoming/folder-id .", ".Pa .incoming/folder-id"));
  page.line(page.say("Where that is missing, or another one, images wait: a disk that is not mounted must not be taken for it. A person says "
                     "that the folder is meant after its disk was replaced, or after it was emptied with what is hidden in it; also, once, after "
                     "an update from a version that made no such word, where the folder is empty but for .incoming and no disk is mounted on "
                     "the folder itself:",
                     "辨认。该文件缺失或内容不同时，图像会等待，以免把未挂载的磁盘当作该目录。更换磁盘之后，或连同隐藏内容清空目录之后，"
                     "由人确认确用此目录；从尚无此标识的版本升级后，如目录中除 .incoming 外没有其他内容，且目录本身不是磁盘挂载点，也须确认一次："));
  page.line(".Bd -literal -offset indent");
  page.line("sudo -u sampan mkdir -p /mnt/ultrasound/.incoming");
  page.line("sudo -u sampan truncate -s 0 /mnt/ultrasound/.incoming/folder-id");
  page.line(".Ed");
}

void add_folders(Page& page) {
  page.line(page.say(".Sh FOLDERS", ".Sh 目录"));
  page.line(page.say("The service writes into its state directory and below", "服务只能写入其状态目录和"));
  page.line(".Pa /srv/sampan ,");
  page.line(page.say("where the package makes the folders in and out; shares that are mounted below it need nothing else. Any other folder that "
                     "images are taken from or put into, and any other state directory, is named in a drop-in of the unit and belongs to the "
                     "user or the group sampan; below /home a line more lets the service see it:",
                     "软件包在其中建立 in 和 out 两个目录；挂载在其下的共享无需其他设置。用于接收或存放图像的其他目录，以及其他位置的状态目录，"
                     "须在单元的附加配置中写明，并归用户或组 sampan 所有；位于 /home 之下时还须多写一行："));
  page.line(".Bd -literal -offset indent");
  page.line("chgrp -R sampan /mnt/ultrasound && chmod -R g+rwX /mnt/ultrasound");
  page.line("systemctl edit sampand    # [Service]");
  page.line("                          # ReadWritePaths=/mnt/ultrasound");
  page.line("                          # ProtectHome=read-only");
  page.line("systemctl restart sampand");
  page.line(".Ed");
  page.line(page.say("A folder that the service cannot write is told by", "服务无法写入的目录，会显示在"));
  page.line(page.say(".Xr sampan 1 status :", ".Xr sampan 1 status"));
  page.line(page.say("its files are taken and stay where they are.", "中：其文件已接收，但仍留在原处。"));
  page.line(".Pp");
  add_known_folders(page);
}

}  // namespace

std::string help() {
  std::string text = "Usage: sampand --config PATH [--state DIRECTORY] [--check | --undelivered | --ended]\n       sampand --rescue DIRECTORY ...\n\n";
  for (const Flag& flag : flags)
    text += "  " + padded(std::string(flag.word) + (*flag.value ? " " : "") + flag.value, 18) + "  " + flag.en + "\n";
  text += "\nSignals\n";
  for (const Signal& signal : signals) text += "  " + padded(signal.name, 18) + "  " + signal.en + "\n";
  text += "\nExit codes\n";
  for (const Code& code : codes) text += "  " + padded(std::to_string(code.code), 18) + "  " + code.en + "\n";
  return text;
}

std::string manual(Lang lang) {
  Page page{lang};
  head(page);
  page.line(page.say(".Sh OPTIONS", ".Sh 选项"));
  page.line(".Bl -tag -width Ds");
  for (const Flag& flag : flags) {
    page.line(std::string(".It Fl ") + (flag.word + 1) + (*flag.value ? " Ar " : "") + flag.value);
    page.line(page.say(flag.en, flag.zh));
  }
  page.line(".El");
  page.line(page.say(".Sh SIGNALS", ".Sh 信号"));
  page.line(".Bl -tag -width Ds");
  for (const Signal& signal : signals) {
    page.line(std::string(".It Dv ") + signal.name);
    page.line(page.say(signal.en, signal.zh));
  }
  page.line(".El");
  page.line(page.say(".Sh EXIT STATUS", ".Sh 退出码"));
  page.line(".Bl -tag -width Ds");
  for (const Code& code : codes) {
    page.line(".It " + std::to_string(code.code));
    page.line(page.say(code.en, code.zh));
  }
  page.line(".El");
  add_folders(page);
  add_keys(page);
  page.line(page.say(".Sh SEE ALSO", ".Sh 参见"));
  page.line(".Xr sampan 1 ,");
  page.line(".Xr sampan.yaml 5");
  return page.text;
}

}  // namespace sampan::daemon
