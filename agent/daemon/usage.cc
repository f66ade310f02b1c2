// SPDX-License-Identifier: Apache-2.0
#include "daemon/usage.h"

#include <algorithm>
#include <array>

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
    Flag{"--undelivered", "", "Count the images that are not delivered, or not known to be archived, and stop; not beside a running daemon.",
         "统计尚未送达或尚未确认归档的图像后退出；不可与运行中的服务同时使用。"},
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
  page.line(".Op Fl -check | Fl -undelivered");
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

}  // namespace

std::string help() {
  std::string text = "Usage: sampand --config PATH [--state DIRECTORY] [--check | --undelivered]\n\n";
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
  page.line(page.say(".Sh SEE ALSO", ".Sh 参见"));
  page.line(".Xr sampan 1 ,");
  page.line(".Xr sampan.yaml 5");
  return page.text;
}

}  // namespace sampan::daemon
