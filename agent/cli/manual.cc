// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.h"

#include "cli/help.h"
#include "cli/verbs.h"

namespace sampan::cli {
namespace {

using control::Lang;

struct Page {
  Lang lang;
  std::string text{};

  const char* say(const char* en, const char* zh) const { return lang == Lang::zh ? zh : en; }
  std::string_view words(std::string_view en, std::string_view zh) const { return lang == Lang::zh ? zh : en; }
  void line(std::string_view words) { text += std::string(words) + "\n"; }
};

std::string shown(std::string_view name, std::string_view choices) { return std::string(choices.empty() ? name : choices); }

void options(Page& page, std::span<const Option> all) {
  if (all.empty()) return;
  page.line(".Bl -tag -width Ds");
  for (const Option& option : all) {
    std::string item = ".It";
    if (option.letter != 0) item += std::string(" Fl ") + option.letter + " ,";
    item += " Fl " + std::string(option.word.substr(1));
    if (!option.value.empty()) item += " Ar " + shown(option.value, option.choices);
    page.line(item);
    page.line(page.words(option.en, option.zh));
  }
  page.line(".El");
}

void verbs(Page& page) {
  page.line(page.say(".Sh COMMANDS", ".Sh 命令"));
  page.line(".Bl -tag -width Ds");
  for (const Verb& verb : verb_table()) {
    std::string item = ".It Cm " + std::string(verb.word);
    for (const Argument& argument : verb.arguments) {
      const std::string name = shown(argument.name, argument.choices);
      item += argument.required ? " Ar " + name : " Op Ar " + name;
    }
    page.line(item);
    page.line(page.words(verb.en, verb.zh));
    for (const Argument& argument : verb.arguments) {
      page.line(".Pp");
      page.line(".Ar " + std::string(argument.name) + " :");
      page.line(page.words(argument.en, argument.zh));
    }
    options(page, verb.options);
  }
  page.line(".El");
}

void exits(Page& page) {
  page.line(page.say(".Sh EXIT STATUS", ".Sh 退出码"));
  page.line(".Bl -tag -width Ds");
  for (const ExitWords& exit : exit_words()) {
    page.line(".It " + std::to_string(exit.code));
    page.line(page.say(exit.en, exit.zh));
  }
  page.line(".El");
}

}  // namespace

std::string manual(Lang lang) {
  Page page{lang};
  page.line(".\\\" SPDX-License-Identifier: Apache-2.0");
  page.line(".\\\" Made from the table of verbs: SAMPAN_UPDATE=1 unit_cli writes it again.");
  page.line(".Dd November 26, 2026");
  page.line(".Dt SAMPAN 1");
  page.line(".Os sampan");
  page.line(page.say(".Sh NAME", ".Sh 名称"));
  page.line(".Nm sampan");
  page.line(page.say(".Nd ask whether the images are arriving", ".Nd 查看图像是否正常送达"));
  page.line(page.say(".Sh SYNOPSIS", ".Sh 用法"));
  page.line(".Nm sampan");
  page.line(".Op Ar COMMAND");
  page.line(".Op Ar OPTIONS");
  page.line(page.say(".Sh DESCRIPTION", ".Sh 说明"));
  page.line(page.say("Asks sampand, which takes medical images in and carries them to the lead hospital, how it is, and tells it what to do. "
                     "Without a command it is status.",
                     "向 sampand（接收医学图像并送往牵头医院的服务）查询状态，并下达指令。不写命令即 status。"));
  verbs(page);
  page.line(page.say(".Sh OPTIONS", ".Sh 选项"));
  options(page, common_options());
  exits(page);
  page.line(page.say(".Sh SEE ALSO", ".Sh 参见"));
  page.line(".Xr sampan.yaml 5 ,");
  page.line(".Xr sampand 8");
  return page.text;
}

}  // namespace sampan::cli
