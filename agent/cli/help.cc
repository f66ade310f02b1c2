// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <array>
#include <ostream>

#include "cli/exit_code.h"
#include "cli/table.h"
#include "cli/verbs.h"

namespace sampan::cli {
namespace {

using control::Lang;

constexpr std::array codes{
    ExitWords{exit_good, "正常", "good"},
    ExitWords{exit_attention, "需要注意（status 和 queue：整个节点）", "attention (status and queue: of the whole node)"},
    ExitWords{exit_failure, "故障（同上）", "failure (likewise)"},
    ExitWords{exit_unreachable, "服务没有应答", "the daemon did not answer"},
    ExitWords{exit_usage, "命令写错", "the command is wrong"},
};

std::string shown(std::string_view name, std::string_view choices) {
  return std::string(choices.empty() ? name : choices);
}

std::string shown(const Option& option) {
  std::string text = option.letter == 0 ? "" : std::string("-") + option.letter + ", ";
  text += option.word;
  return option.value.empty() ? text : text + " " + shown(option.value, option.choices);
}

std::string options_text(std::span<const Option> options, Lang lang) {
  Table table({Table::Align::left, Table::Align::left, Table::Align::left});
  for (const Option& option : options) table.add({"", shown(option), std::string(lang == Lang::zh ? option.zh : option.en)});
  return (lang == Lang::zh ? "\n选项\n" : "\nOptions\n") + table.text();
}

}  // namespace

std::span<const ExitWords> exit_words() { return codes; }

std::string usage_of(const Verb& verb) {
  std::string text = "sampan " + std::string(verb.word);
  for (const Argument& argument : verb.arguments) {
    const std::string name = shown(argument.name, argument.choices);
    text += argument.required ? " " + name : " [" + name + "]";
  }
  for (const Option& option : verb.options)
    text += " [" + std::string(option.word) +
            (option.value.empty() ? "" : " " + shown(option.value, option.choices)) + "]";
  return text;
}

std::string show_help(Lang lang) {
  const bool zh = lang == Lang::zh;
  Table words({Table::Align::left, Table::Align::left, Table::Align::left});
  for (const Verb& verb : verb_table()) {
    std::string usage = usage_of(verb);
    words.add({"", usage.substr(usage.find(' ') + 1), std::string(zh ? verb.zh : verb.en)});
  }
  Table exits({Table::Align::left, Table::Align::right, Table::Align::left});
  for (const ExitWords& code : codes) exits.add({"", std::to_string(code.code), zh ? code.zh : code.en});
  return (zh ? "用法：sampan [命令] [选项]；不写命令即 status。\n\n命令\n"
             : "Usage: sampan [command] [options]; without a command: status.\n\nCommands\n") +
         words.text() + options_text(common_options(), lang) + (zh ? "\n退出码\n" : "\nExit codes\n") + exits.text();
}

std::string show_help(const Verb& verb, Lang lang) {
  const bool zh = lang == Lang::zh;
  std::string text =
      (zh ? "用法：" : "Usage: ") + usage_of(verb) + "\n\n" + std::string(zh ? verb.zh : verb.en) + "\n";
  if (!verb.arguments.empty()) {
    Table table({Table::Align::left, Table::Align::left, Table::Align::left});
    for (const Argument& argument : verb.arguments)
      table.add({"", shown(argument.name, argument.choices), std::string(zh ? argument.zh : argument.en)});
    text += (zh ? "\n参数\n" : "\nArguments\n") + table.text();
  }
  if (!verb.options.empty()) text += options_text(verb.options, lang);
  return text + (zh ? "\n通用选项和退出码见 sampan help。\n" : "\nCommon options and exit codes: sampan help.\n");
}

int run_help(Session& session) {
  const std::string word = session.args.get("COMMAND");
  const Verb* verb = word.empty() ? nullptr : find_verb(word);
  if (!word.empty() && verb == nullptr) {
    session.err << session.say("没有此命令：", "no such command: ") << printable(word) << "\n"
                << session.say("请看 sampan help\n", "See: sampan help\n");
    return exit_usage;
  }
  session.out << (verb == nullptr ? show_help(session.lang) : show_help(*verb, session.lang));
  return exit_good;
}

}  // namespace sampan::cli
