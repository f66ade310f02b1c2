// SPDX-License-Identifier: Apache-2.0
#include "node/rescue_command.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>

#include "base/secret.h"
#include "node/rescue.h"
#include "node/rescue_words.h"

namespace sampan::node {
namespace {

using control::Lang;

enum Exit : int { exit_good = 0, exit_attention = 1, exit_failure = 2, exit_usage = 64 };

struct Talk {
  const RescueCommand& command;
  std::ostream &out, &err;
  Lang lang() const { return command.zh ? Lang::zh : Lang::en; }
  const char* say(const char* zh, const char* en) const { return command.zh ? zh : en; }
  int wrong(const std::string& words) const { return err << words << "\n", exit_usage; }
  // Of two lines or "en / zh", the one in the language of the person.
  std::string in_one_language(const std::string& message) const {
    for (const std::string between : {"\n", " / "})
      if (const auto at = message.find(between); at != std::string::npos) return command.zh ? message.substr(at + between.size()) : message.substr(0, at);
    return message;
  }
};

// Quoted for YAML, which reads JSON.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Told in words when there is none.
std::optional<settings::Destination> destination_of(const Talk& talk) {
  const RescueCommand& command = talk.command;
  if (!command.export_to.empty()) {
    settings::Destination folder;
    folder.name = "export";
    folder.folder = std::filesystem::absolute(command.export_to).lexically_normal().string();
    return folder;
  }
  const bool address = command.to.find('@') != std::string::npos;
  const std::string text = "site: rescue\nae_title: " + quoted(command.from.empty() ? "SAMPAN" : command.from) +
                           "\ndestinations:\n  - {name: rescue, dimse: " + quoted(command.to) + "}\n";
  const auto loaded = address ? settings::load_text(text, "--to") : settings::load(command.config.empty() ? "/etc/sampan/sampan.yaml" : command.config);
  if (const auto* problems = std::get_if<settings::Problems>(&loaded)) {
    for (const auto& problem : *problems) talk.err << problem.words.in(command.zh ? settings::Lang::zh : settings::Lang::en) << "\n";
    return std::nullopt;
  }
  for (const auto& one : std::get<settings::Settings>(loaded).destinations)
    if (address || one.name == command.to) return one;
  talk.err << talk.say("配置中没有此目的地：", "no such destination in the settings: ") << command.to << "\n";
  return std::nullopt;
}

// Within is the directory that is rescued: nothing is written there.
bool is_within(const std::string& path, const std::string& directory) {
  if (path.empty()) return false;
  std::error_code ignored;
  const auto inner = std::filesystem::weakly_canonical(path, ignored), outer = std::filesystem::weakly_canonical(directory, ignored);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

std::string complaint(const Talk& talk) {
  const RescueCommand& command = talk.command;
  std::error_code ignored;
  if (!command.export_to.empty() && !command.to.empty()) return talk.say("--export 与 --to 只能用一个", "either --export or --to, not both");
  if (!std::filesystem::is_directory(command.directory + "/spool", ignored))
    return command.directory + talk.say("：不是状态目录，其中没有 spool 目录", ": not a state directory, it has no folder spool");
  if (is_within(command.export_to, command.directory) || is_within(command.done_file, command.directory))
    return talk.say("导出位置不能在被抢救的目录内", "what is rescued must not go into the directory it comes from");
  return {};
}

// Once by itself: a key file on the disk may open it.
bool ask_on_terminal(const Talk& talk, std::string& key) {
  if (::isatty(STDIN_FILENO) == 0) return false;
  talk.err << talk.say("恢复密钥（8 组，每组 5 个字符）：", "Recovery key (8 groups of 5 characters): ") << std::flush;
  return static_cast<bool>(std::getline(std::cin, key)) && !key.empty();
}

bool read_key_file(const Talk& talk, std::string& key) {
  const std::string& path = talk.command.recovery_file;
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& in = path == "-" ? std::cin : file;
  std::getline(in, key, '\0');
  if (in.bad() || key.empty()) talk.err << path << talk.say("：无法读取恢复密钥", ": no recovery key can be read from it") << "\n";
  return !in.bad() && !key.empty();
}

// Every second on a terminal, now and then in a log.
class Progress {
 public:
  explicit Progress(const Talk& talk) : talk_(talk), terminal_(::isatty(STDERR_FILENO) != 0) {}
  void operator()(const RescueProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    const bool end = progress.done_bytes >= progress.bytes;
    if (now - last_ < std::chrono::seconds(terminal_ ? 1 : 10) && !(end && shown_)) return;
    last_ = now, shown_ = true;
    talk_.err << (terminal_ ? "\r" : "") << progress_words(progress, talk_.lang()) << (terminal_ && !end ? "   " : "\n") << std::flush;
    if (end) shown_ = false;
  }

 private:
  const Talk& talk_;
  const bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

int exit_code_of(const Rescued& result) {
  if (!result.gave_up.empty()) return exit_failure;
  return result.not_carried + result.files_left + result.for_a_person + result.found.damaged + result.found.unopened + result.found.unread > 0 ? exit_attention : exit_good;
}

}  // namespace

int run_rescue(const RescueCommand& command, std::ostream& out, std::ostream& err) {
  const Talk talk{command, out, err};
  if (const std::string wrong = complaint(talk); !wrong.empty()) return talk.wrong(wrong);
  RescueOrder order{std::filesystem::absolute(command.directory).lexically_normal().string(), {}, {}, command.all, command.done_file};
  const bool carries = !command.export_to.empty() || !command.to.empty();
  if (carries && !(order.to = destination_of(talk))) return exit_usage;
  if (!command.recovery_file.empty() && !read_key_file(talk, order.recovery_key)) return exit_failure;
  Progress progress(talk);
  const auto tell = [&progress](const RescueProgress& at) { progress(at); };
  auto result = rescue(system_env(), order, tell);
  if (!result && result.error().code == Errc::refused && order.recovery_key.empty() && ask_on_terminal(talk, order.recovery_key))
    result = rescue(system_env(), order, tell);
  wipe(order.recovery_key);
  if (!result) return err << talk.in_one_language(result.error().message) << "\n", exit_failure;
  out << (command.json ? rescue_json(*result) : rescue_words(*result, carries, talk.lang()));
  return exit_code_of(*result);
}

}  // namespace sampan::node
