// SPDX-License-Identifier: Apache-2.0
#include "cli/rescue_verbs.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <ostream>
#include <vector>

#include "cli/exit_code.h"

namespace sampan::cli {
namespace {

// Beside this program, as packages and builds have it; else where the system looks.
std::string daemon_program() {
  std::array<char, PATH_MAX> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string own = size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
  const std::string beside = own.substr(0, own.rfind('/') + 1) + "sampand";
  return !own.empty() && ::access(beside.c_str(), X_OK) == 0 ? beside : "sampand";
}

}  // namespace

int run_rescue(Session& session) {
  const std::string program = daemon_program();
  std::vector<std::string> words{program, "--rescue", session.args.get("DIRECTORY"), "--lang", session.lang == control::Lang::zh ? "zh" : "en"};
  for (const char* option : {"--export", "--to", "--from", "--recovery-key", "--done"})
    if (session.args.has(option)) words.insert(words.end(), {option, session.args.get(option)});
  if (!session.config.empty()) words.insert(words.end(), {"--config", session.config});
  if (session.args.has("--all")) words.push_back("--all");
  if (session.json) words.push_back("--json");
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  session.out.flush();
  ::execvp(program.c_str(), pointers.data());
  session.err << session.say("找不到 sampand 程序，请安装 sampan 软件包。\n", "The program sampand is not found: install the package sampan.\n");
  return exit_failure;
}

}  // namespace sampan::cli
