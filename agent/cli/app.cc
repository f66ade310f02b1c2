// SPDX-License-Identifier: Apache-2.0
#include "cli/app.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

#include "base/panic.h"
#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "settings/settings.h"

namespace sampan::cli {
namespace {

using control::Lang;

constexpr const char* usual_settings = "/etc/sampan/sampan.yaml";

struct Options {
  bool json = false;
  bool help = false;
  std::string lang, socket, config;
};

// The word of the verb, or the complaint in `error`.
std::string parse(std::vector<std::string> arguments, Options& options, std::string& error) {
  CLI::App app;
  app.set_help_flag();
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.add_flag("--json", options.json);
  app.add_flag("-h,--help", options.help);
  app.add_option("--lang", options.lang)->check(CLI::IsMember({"zh", "en"}));
  app.add_option("--socket", options.socket);
  app.add_option("--config", options.config);
  for (const Verb& verb : verb_table()) app.add_subcommand(std::string(verb.word))->set_help_flag();
  std::reverse(arguments.begin(), arguments.end());  // as the library wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& wrong) {
    error = wrong.what();
  }
  const auto chosen = app.get_subcommands();
  if (options.help) return "help";
  return chosen.empty() ? std::string(verb_table().front().word) : chosen.front()->get_name();
}

// --socket, else the one of --config, else the one of the usual file, else the initial value. Empty when --config is
// bad.
std::string find_socket(const Options& options, std::ostream& err) {
  if (!options.socket.empty()) return options.socket;
  const auto loaded = settings::load(options.config.empty() ? usual_settings : options.config);
  if (const auto* good = std::get_if<settings::Settings>(&loaded)) return good->control_socket;
  // The usual file is only for its administrator to read; the socket is where it usually is.
  if (options.config.empty()) return settings::Settings{}.control_socket;
  for (const auto& problem : std::get<settings::Problems>(loaded)) err << settings::to_string(problem) << "\n";
  return {};
}

}  // namespace

Lang system_language(const Variable& variable) {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const std::string value = variable(name); !value.empty()) return value.starts_with("zh") ? Lang::zh : Lang::en;
  return Lang::en;
}

int run(std::vector<std::string> arguments, const Variable& variable, std::ostream& out, std::ostream& err) {
  Options options;
  std::string error;
  const std::string word = parse(std::move(arguments), options, error);
  const Lang lang = options.lang.empty() ? system_language(variable) : options.lang == "zh" ? Lang::zh : Lang::en;
  if (!error.empty()) {
    err << (lang == Lang::zh ? "命令有误：" : "") << error << "\n"
        << (lang == Lang::zh ? "请看 sampan help\n" : "See: sampan help\n");
    return exit_usage;
  }
  Session session{lang, options.json, {}, out, err};
  if (word != "help") session.socket = find_socket(options, err);
  if (word != "help" && session.socket.empty()) return exit_usage;
  const auto verbs = verb_table();
  const auto chosen = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.word == word; });
  SAMPAN_ASSERT(chosen != verbs.end());
  return chosen->run(session);
}

}  // namespace sampan::cli
