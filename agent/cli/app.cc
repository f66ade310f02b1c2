// SPDX-License-Identifier: Apache-2.0
#include "cli/app.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <ostream>

#include "base/panic.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/usual.h"
#include "cli/verbs.h"
#include "settings/settings.h"

namespace sampan::cli {
namespace {

using control::Lang;

struct Parsed {
  const Verb* verb = nullptr;
  Args args;
  std::string error_en, error_zh;  // empty when all is well
};

std::vector<std::string> split(std::string_view choices) {
  std::vector<std::string> all;
  for (std::size_t end = 0; !choices.empty(); choices.remove_prefix(std::min(end + 1, choices.size()))) {
    end = std::min(choices.find('|'), choices.size());
    all.emplace_back(choices.substr(0, end));
  }
  return all;
}

void take(CLI::App& app, const Option& option, Args& args) {
  std::string names(option.word);
  if (option.letter != 0) names = std::string("-") + option.letter + "," + names;
  const std::string_view word = option.word;
  if (option.value.empty()) {
    app.add_flag_callback(names, [&args, word] { args.set(word, "true"); });
    return;
  }
  auto* added = app.add_option_function<std::string>(
      names, [&args, word](const std::string& value) { args.set(word, value); });
  if (!option.choices.empty()) added->check(CLI::IsMember(split(option.choices)));
}

void take(CLI::App& app, const Argument& argument, Args& args) {
  const std::string_view name = argument.name;
  auto* added = app.add_option_function<std::string>(
      std::string(name), [&args, name](const std::string& value) { args.set(name, value); });
  if (!argument.choices.empty()) added->check(CLI::IsMember(split(argument.choices)));
}

void complain(Parsed& parsed, const CLI::ParseError& error) {
  static constexpr std::array kinds{
      std::pair{CLI::ExitCodes::ExtrasError, "不认识的命令或选项"},
      std::pair{CLI::ExitCodes::ArgumentMismatch, "选项缺少值"},
      std::pair{CLI::ExitCodes::ValidationError, "值不在允许范围内"},
  };
  parsed.error_en = error.what();
  parsed.error_zh = "命令有误";
  for (const auto& [code, words] : kinds)
    if (error.get_exit_code() == static_cast<int>(code)) parsed.error_zh += std::string("，") + words;
  constexpr std::string_view extra = "not expected: ";  // the word that is too much; the library's sentence adds nothing
  const std::size_t at = parsed.error_en.find(extra);
  parsed.error_zh += "：" + (at == std::string::npos ? parsed.error_en : parsed.error_en.substr(at + extra.size()));
}

// Here and not by the library, which asks for it also when only help is wanted.
void require_arguments(Parsed& parsed) {
  if (!parsed.error_en.empty() || parsed.args.has("--help")) return;
  for (const Argument& argument : parsed.verb->arguments) {
    if (!argument.required || parsed.args.has(argument.name)) continue;
    parsed.error_en = std::string(argument.name) + " is missing: " + usage_of(*parsed.verb);
    parsed.error_zh = "缺少 " + std::string(argument.name) + "：" + usage_of(*parsed.verb);
    return;
  }
}

Parsed parse(std::vector<std::string> arguments) {
  Parsed parsed;
  CLI::App app;
  app.set_help_flag();
  app.fallthrough();
  app.require_subcommand(0, 1);
  for (const Option& option : common_options()) take(app, option, parsed.args);
  for (const Verb& verb : verb_table()) {
    CLI::App& sub = *app.add_subcommand(std::string(verb.word));
    sub.set_help_flag();
    for (const Argument& argument : verb.arguments) take(sub, argument, parsed.args);
    for (const Option& option : verb.options) take(sub, option, parsed.args);
  }
  std::reverse(arguments.begin(), arguments.end());  // as the library wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& wrong) {
    complain(parsed, wrong);
  }
  const auto chosen = app.get_subcommands();
  parsed.verb = chosen.empty() ? &verb_table().front() : find_verb(chosen.front()->get_name());
  SAMPAN_ASSERT(parsed.verb != nullptr);
  require_arguments(parsed);
  if (parsed.args.has("--help") && !chosen.empty()) parsed.args.set("COMMAND", std::string(parsed.verb->word));
  if (parsed.args.has("--help")) parsed.verb = find_verb("help");
  return parsed;
}

// --socket, else the one of --config, else the one of the usual file, else the initial value. Empty when --config is
// bad.
std::string find_socket(const Args& args, Lang lang, std::ostream& err) {
  if (args.has("--socket")) return args.get("--socket");
  const std::string config = args.get("--config");
  const auto loaded = settings::load(config.empty() ? usual_settings : config);
  if (const auto* good = std::get_if<settings::Settings>(&loaded)) return good->control_socket;
  // The usual file is only for its administrator to read; the socket is where it usually is.
  if (config.empty()) return settings::Settings{}.control_socket;
  for (const auto& problem : std::get<settings::Problems>(loaded)) err << settings::to_string(problem, lang == Lang::zh ? settings::Lang::zh : settings::Lang::en) << "\n";
  return {};
}

}  // namespace

Lang system_language(const Variable& variable) {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const std::string value = variable(name); !value.empty()) return value.starts_with("zh") ? Lang::zh : Lang::en;
  return Lang::en;
}

int run(std::vector<std::string> arguments, const Variable& variable, std::ostream& out, std::ostream& err) {
  const Parsed parsed = parse(std::move(arguments));
  const std::string chosen = parsed.args.get("--lang");
  const Lang lang = chosen.empty() ? system_language(variable) : chosen == "zh" ? Lang::zh : Lang::en;
  Session session{lang, parsed.args.has("--json"), {}, parsed.args.get("--config"), parsed.args, out, err};
  if (!parsed.error_en.empty()) {
    err << (lang == Lang::zh ? parsed.error_zh : parsed.error_en) << "\n"
        << session.say("请看 sampan help\n", "See: sampan help\n");
    return exit_usage;
  }
  if (parsed.verb->needs_socket) session.socket = find_socket(parsed.args, lang, err);
  if (parsed.verb->needs_socket && session.socket.empty()) return exit_usage;
  return parsed.verb->run(session);
}

}  // namespace sampan::cli
