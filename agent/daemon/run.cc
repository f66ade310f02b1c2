// SPDX-License-Identifier: Apache-2.0
#include "daemon/run.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "base/log.h"
#include "base/owner.h"
#include "base/version.h"
#include "daemon/ended.h"
#include "daemon/lock.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/signals.h"
#include "daemon/usage.h"
#include "settings/show.h"
#include "settings/start_note.h"

namespace sampan::daemon {
namespace {

struct Options {
  std::string config, state;
  bool check = false, undelivered = false, ended = false, version = false, help = false;
  node::RescueCommand rescue;
};

// The complaint, empty when there is none.
std::string parse(std::vector<std::string> arguments, Options& options) {
  CLI::App app;
  app.set_help_flag();
  app.add_option("--config", options.config);
  app.add_option("--state", options.state);
  app.add_flag("--check", options.check);
  app.add_flag("--undelivered", options.undelivered);
  app.add_flag("--ended", options.ended);
  app.add_option("--rescue", options.rescue.directory);
  app.add_option("--export", options.rescue.export_to);
  app.add_option("--to", options.rescue.to);
  app.add_option("--from", options.rescue.from);
  app.add_option("--recovery-key", options.rescue.recovery_file);
  app.add_option("--done", options.rescue.done_file);
  app.add_flag("--all", options.rescue.all);
  app.add_flag("--json", options.rescue.json);
  std::string lang;
  app.add_option("--lang", lang)->check(CLI::IsMember({"zh", "en"}));
  app.add_flag("--version", options.version);
  app.add_flag("-h,--help", options.help);
  std::reverse(arguments.begin(), arguments.end());  // as the library wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& wrong) {
    return wrong.what();
  }
  options.rescue.zh = lang == "zh";
  options.rescue.config = options.config;
  const bool elsewhere = options.version || options.help || !options.rescue.directory.empty();
  if (options.config.empty() && !elsewhere) return "--config is missing";
  if (!options.state.empty() && options.state.front() != '/') return "--state: an absolute path is expected";
  return {};
}

// Images and keys in memory must not end in a core file, nor be read by a debugger of the same user.
void keep_memory_private() {
  const rlimit none{0, 0};
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || ::setrlimit(RLIMIT_CORE, &none) != 0)
    log::warn("core dumps could not be switched off");
}

std::string ready_line(const settings::Settings& settings, int port) {
  const std::string& host = settings.intake.listen;
  const bool v6 = host.find(':') != std::string::npos;
  const std::string intake =
      settings.intake.enabled ? (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) : "off";
  return "sampand ready intake=" + intake + " control=" + settings.control_socket;
}

void wait_for_the_end(Signals& signals, const Notifier& notifier, Reload& reload, Service& service) {
  while (true) {
    const int number = signals.wait(notifier.watchdog_every());
    if (number == SIGTERM || number == SIGINT) return;
    if (number == SIGHUP) reload();
    if (notifier.watchdog_every() && !service.hangs()) notifier.tell("WATCHDOG=1");
  }
}

// What prevents a start, and what a person does about it where that is known.
struct Trouble {
  const Error& error;
  std::optional<Stranger> stranger{};
  std::string state_directory{};
  int exit_code() const { return error.code == Errc::refused || stranger ? exit_person : exit_start; }
};

Trouble trouble_of(const Error& error, const settings::Settings& settings) {
  return {error, says_denied(error.message) ? stranger_in(settings.state_directory) : std::nullopt, settings.state_directory};
}

settings::StartNote owner_words(const Trouble& trouble) {
  const auto& [file, owner, us] = *trouble.stranger;
  const std::string command = "sudo chown -R " + us + ": " + trouble.state_directory;
  return {file + " belongs to " + owner + ", and this program runs as " + us + "; give it all back: " + command,
          file + " 属于用户 " + owner + "，而本程序以 " + us + " 运行；请执行：" + command};
}

int tell(const Trouble& trouble, std::ostream& err) {
  err << "sampand: " << trouble.error.message << "\n";
  if (trouble.stranger) err << owner_words(trouble).en << "\n" << owner_words(trouble).zh << "\n";
  return trouble.exit_code();
}

// A message of two lines has one in English and one in Chinese.
settings::StartNote note_of(const Trouble& trouble) {
  const std::string& message = trouble.error.message;
  const auto line = message.find('\n');
  settings::StartNote note{message.substr(0, line), line == std::string::npos ? message : message.substr(line + 1)};
  if (trouble.stranger) note.en += "\n" + owner_words(trouble).en, note.zh += "\n" + owner_words(trouble).zh;
  return note;
}

int cannot_start(const Error& error, const settings::Settings& settings, std::ostream& err) {
  const Trouble trouble = trouble_of(error, settings);
  if (error.code != Errc::duplicate) settings::leave_start_note(settings.control_socket, note_of(trouble));
  return tell(trouble, err);
}

// Once, however often the manager tries again: the note stays until a start succeeds.
int tell_the_end(const Options& options, std::ostream& err) {
  const auto words = after_the_end(std::getenv("EXIT_STATUS"));
  if (!words) return exit_clean;
  const std::string socket = settings::read(options.config).settings.control_socket;
  if (const auto told = settings::start_note_of(socket); told && told->en == words->en) return exit_clean;
  settings::leave_start_note(socket, *words);
  err << "sampand: " << words->en << "\nsampand: " << words->zh << "\n";
  return exit_clean;
}

int count_undelivered(const settings::Settings& settings, const Build& build, std::ostream& out, std::ostream& err) {
  keep_memory_private();
  const auto lock = StateLock::take(settings.state_directory);
  const auto count = lock ? build(settings)->undelivered() : Result<std::uint64_t>(lock.error());
  if (!count) return tell(trouble_of(count.error(), settings), err);
  out << *count << "\n";
  return exit_clean;
}

int serve(const settings::Settings& settings, const Options& options, const Build& build, std::ostream& out, std::ostream& err) {
  keep_memory_private();
  Signals signals;
  const Notifier notifier(Notifier::from_environment());
  const auto lock = StateLock::take(settings.state_directory);
  if (!lock) return cannot_start(lock.error(), settings, err);
  const std::unique_ptr<Service> service = build(settings);
  Reload reload(options.config, options.state, notifier,
                [&](settings::Settings next) { return service->reload(std::move(next)); });
  service->on_reload_request([&reload] { return reload(); });
  if (const Status started = service->start(); !started) return cannot_start(started.error(), settings, err);
  settings::erase_start_note(settings.control_socket);
  out << ready_line(settings, service->intake_port()) << std::endl;
  notifier.tell("READY=1");
  wait_for_the_end(signals, notifier, reload, *service);
  notifier.tell("STOPPING=1");
  log::info("stopping");
  service->stop();
  return exit_clean;
}

}  // namespace

int run(std::vector<std::string> arguments, const Build& build, const Rescue& rescue, std::ostream& out, std::ostream& err) {
  Options options;
  if (const std::string wrong = parse(std::move(arguments), options); !wrong.empty()) {
    err << "sampand: " << wrong << "\n" << help();
    return exit_usage;
  }
  if (options.help || options.version) {
    out << (options.help ? help() : "sampand " + std::string(version()) + "\n");
    return exit_clean;
  }
  if (options.ended) return tell_the_end(options, err);
  if (!options.rescue.directory.empty()) {
    keep_memory_private();
    return rescue(options.rescue, out, err);
  }
  settings::Reading reading = settings::read(options.config);
  const settings::Checked checked = settings::checked(reading, settings::Lang::en);
  if (!checked.good) {
    err << checked.text;
    const bool serves = !options.check && !options.undelivered;
    if (serves) settings::leave_start_note(reading.settings.control_socket, {checked.text, settings::checked(reading, settings::Lang::zh).text});
    return exit_settings;
  }
  if (options.check) {
    out << checked.text;
    return exit_clean;
  }
  settings::Settings& settings = reading.settings;
  if (!options.state.empty()) settings.state_directory = options.state;
  set_log_level(settings);
  if (options.undelivered) return count_undelivered(settings, build, out, err);
  return serve(settings, options, build, out, err);
}

}  // namespace sampan::daemon
