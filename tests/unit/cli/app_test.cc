// SPDX-License-Identifier: Apache-2.0
#include "cli/app.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/version.h"
#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "control/api.h"
#include "settings/start_note.h"
#include "unit/control/samples.h"

using namespace sampan;
using namespace sampan::cli;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

Ran call(std::vector<std::string> arguments, const std::string& lang = "en_US.UTF-8") {
  std::ostringstream out, err;
  const auto variable = [&](const char* name) { return name == std::string("LANG") ? lang : std::string(); };
  const int code = run(std::move(arguments), variable, out, err);
  return {code, out.str(), err.str()};
}

// A node with its control socket, in a folder of its own.
struct Node : control::Reporter {
  Node() {
    std::string name = (std::filesystem::temp_directory_path() / "sampan_cli_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    socket = folder + "/s";
    server = std::make_unique<http::Server>(http::Options{.unix_socket = socket},
                                            [this](const http::Request& request) { return api.handle(request); });
  }
  ~Node() override {
    server.reset();
    std::filesystem::remove_all(folder);
  }
  Node& start() {
    REQUIRE(server->start().ok());
    return *this;
  }
  control::NodeStatus status() override { return value; }

  std::string folder, socket;
  control::NodeStatus value = control::rich_status();
  control::Api api{control::Handlers{this}};
  std::unique_ptr<http::Server> server;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("no_verb_means_status") {
  Node node;
  node.start();
  const Ran bare = call({"--socket", node.socket});
  CHECK(bare.code == exit_good);
  CHECK(bare.out.starts_with("Good: "));
  CHECK(bare.err.empty());
  CHECK(call({"status", "--socket", node.socket}).out == bare.out);
}

TEST_CASE("the_exit_code_is_the_verdict") {
  Node node;
  node.start();
  node.value.destinations[0].rejected = 1;
  CHECK(call({"--socket", node.socket}).code == 1);
  CHECK(call({"queue", "--socket", node.socket}).code == 1);
  node.value.intake.accepting = false;
  CHECK(call({"--socket", node.socket}).code == 2);
  CHECK(call({"queue", "--json", "--socket", node.socket}).code == 2);
}

TEST_CASE("json_passes_through_as_the_daemon_said_it") {
  Node node;
  node.start();
  const Ran status = call({"status", "--json", "--socket", node.socket});
  http::Request request;
  request.method = "GET";
  request.path = "/v1/status";
  CHECK(status.out == node.api.handle(request).body);
  const Ran queue = call({"--json", "--socket", node.socket, "queue"});
  CHECK(queue.out.starts_with("{"));
  CHECK(has(queue.out, "\"ages\""));
}

TEST_CASE("the_language_follows_the_system_and_can_be_chosen") {
  Node node;
  node.start();
  CHECK(call({"--socket", node.socket}, "zh_CN.GB18030").out.starts_with("正常："));
  CHECK(call({"--socket", node.socket}, "").out.starts_with("Good"));
  CHECK(call({"--socket", node.socket, "--lang", "en"}, "zh_CN").out.starts_with("Good"));
  CHECK(call({"--socket", node.socket, "--lang", "zh"}, "C").out.starts_with("正常"));
  const auto variable = [](const char* name) { return std::string(name == std::string("LC_ALL") ? "C" : "zh_CN"); };
  CHECK(system_language(variable) == control::Lang::en);
}

TEST_CASE("a_daemon_that_is_not_running_is_told_in_words_with_what_to_do") {
  Node node;
  const Ran missing = call({"--socket", node.socket});
  CHECK(missing.code == 3);
  CHECK(missing.out.empty());
  CHECK(missing.err == "sampand is not running. Start it: sudo systemctl start sampand; if it does not stay up, what it said: sudo journalctl -u sampand -n 20\n(connect " + node.socket +
                           ": No such file or directory)\n");
  CHECK(has(call({"--socket", node.socket, "--lang", "zh"}).err, "sampand 服务未运行"));
  CHECK(call({"queue", "--json", "--socket", node.socket}).code == 3);
  CHECK(call({"version", "--socket", node.socket}).code == 3);
}

TEST_CASE("what_keeps_the_daemon_from_starting_is_told_instead_of_starting_it_again" * doctest::description("contract 9")) {
  Node node;
  settings::leave_start_note(node.socket, {"Wrong key: put it back.\nMore of it", "密钥不符：请放回"});
  const Ran told = call({"--socket", node.socket});
  CHECK(told.code == 3);
  CHECK(told.err == "sampand does not start: Wrong key: put it back.\nMore of it\n"
                    "When that is mended: sudo systemctl restart sampand; if it does not stay up: sudo journalctl -u sampand -n 20\n");
  const Ran zh = call({"--socket", node.socket, "--lang", "zh"});
  CHECK(has(zh.err, "sampand 无法启动：密钥不符：请放回\n处理之后请执行：sudo systemctl restart sampand"));
  CHECK_FALSE(has(zh.err, "Wrong key"));
  std::ofstream(node.socket + ".why") << "torn";
  CHECK(has(call({"--socket", node.socket}).err, "sampand is not running"));
  // What stands there may be another user's: it is replaced, not written to.
  std::filesystem::remove(node.socket + ".why");
  std::filesystem::create_symlink(node.socket + ".other", node.socket + ".why");
  settings::leave_start_note(node.socket, {"a", "b"});
  CHECK(has(call({"--socket", node.socket}).err, "sampand does not start: a"));
  CHECK_FALSE(std::filesystem::exists(node.socket + ".other"));
  node.start();
  CHECK(call({"--socket", node.socket}).code != 3);
}

TEST_CASE("a_word_that_is_no_command_is_named_in_chinese_without_the_librarys_sentence") {
  for (const char* word : {"frobnicate", "--color"}) {
    const Ran wrong = call({"--lang", "zh", "today", word});
    CHECK(wrong.code == 64);
    CHECK_MESSAGE(has(wrong.err, std::string("不认识的命令或选项：") + word), wrong.err);
    CHECK_FALSE(has(wrong.err, "argument"));
  }
}

TEST_CASE("a_socket_of_the_settings_where_nobody_listens_may_be_newer_than_the_daemon") {
  Node node;
  const std::string config = node.socket + ".yaml";
  std::ofstream(config) << "site: a\ncontrol: {socket: " << node.socket << "}\ndestinations: [{name: lead, folder: /srv/lead}]\n";
  const Ran missing = call({"status", "--config", config});
  CHECK(missing.code == 3);
  CHECK(has(missing.err, "sampand is not running"));
  CHECK(has(missing.err, "If control.socket was changed or removed: that takes effect after a restart"));
  CHECK(has(call({"--lang", "zh", "--config", config}).err, "若刚修改或删除过配置 control.socket"));
  CHECK_FALSE(has(call({"--socket", node.socket}).err, "control.socket"));
  const std::string without = node.socket + ".2.yaml";
  std::ofstream(without) << "site: a\ndestinations: [{name: lead, folder: /srv/lead}]\n";
  if (const Ran removed = call({"status", "--config", without}); removed.code == 3) CHECK(has(removed.err, "If control.socket was changed or removed"));
  std::filesystem::remove(without);
  node.start();
  CHECK(call({"--config", config}).code != 3);
  std::filesystem::remove(config);
}

TEST_CASE("an_answer_that_is_not_ours_is_no_status") {
  Node node;
  node.server =
      std::make_unique<http::Server>(http::Options{.unix_socket = node.socket}, [](const http::Request& request) {
        return request.path == "/v1/status" ? http::Response{200, "text/html", "<html>"} : http::Response{500, "", "x"};
      });
  node.start();
  CHECK(call({"--socket", node.socket}).code == 3);
  const Ran broken = call({"queue", "--socket", node.socket});
  CHECK(broken.code == 3);
  CHECK(has(broken.err, "HTTP 500"));
}

TEST_CASE("the_socket_is_taken_from_the_settings_file") {
  Node node;
  node.start();
  const std::string config = node.folder + "/sampan.yaml";
  std::ofstream(config) << "site: a\ncontrol: {socket: " << node.socket
                        << "}\ndestinations:\n  - {name: lead, folder: /srv/images}\n";
  CHECK(call({"--config", config}).code == 0);
  std::ofstream(config) << "site: a\n";
  const Ran bad = call({"--config", config});
  CHECK(bad.code == 64);
  CHECK(bad.err == config + ":1:1: destinations is missing, expected a list\n");
  CHECK(call({"--lang", "zh", "--config", config}).err.starts_with(config + ":1:1: 缺少 destinations"));
}

TEST_CASE("both_versions_are_told") {
  Node node;
  node.start();
  const std::string own(version());
  CHECK(call({"version", "--socket", node.socket}).out == "sampan " + own + "\nsampand " + own + "\n");
  CHECK(call({"version", "--json", "--socket", node.socket}).out ==
        "{\"sampan\":\"" + own + "\",\"sampand\":\"" + own + "\"}\n");
}

TEST_CASE("help_lists_every_verb_in_both_languages") {
  for (const Verb& verb : verb_table()) {
    CHECK(has(call({"help"}).out, std::string(verb.word)));
    CHECK(has(call({"help"}).out, std::string(verb.en)));
    CHECK(has(call({"--help", "--lang", "zh"}).out, std::string(verb.zh)));
    const Ran own = call({std::string(verb.word), "-h"});
    CHECK(own.out.starts_with("Usage: sampan " + std::string(verb.word)));
    CHECK(own.out == call({"help", std::string(verb.word)}).out);
  }
  CHECK(call({"help"}).code == 0);
  CHECK(call({"help"}).out == call({"--help"}).out);
  CHECK(has(call({"help", "help"}).out, "[COMMAND]"));
}

TEST_CASE("every_row_of_the_table_explains_itself_in_both_languages") {
  const auto explained = [](std::string_view en, std::string_view zh) { return !en.empty() && !zh.empty() && en != zh; };
  for (const Verb& verb : verb_table()) {
    CHECK(explained(verb.en, verb.zh));
    bool optional = false;
    for (const Argument& argument : verb.arguments) {
      CHECK(explained(argument.en, argument.zh));
      CHECK_FALSE((optional && argument.required));
      optional = !argument.required;
    }
    for (const Option& option : verb.options) CHECK(explained(option.en, option.zh));
  }
  for (const Option& option : common_options()) CHECK(explained(option.en, option.zh));
}

TEST_CASE("what_the_daemon_refuses_is_told_in_its_own_words") {
  Node node;
  node.server = std::make_unique<http::Server>(http::Options{.unix_socket = node.socket}, [](const http::Request&) {
    return control::refuse({409, "busy", "not now\x1b[2J", "现在不行"});
  });
  node.start();
  const Ran english = call({"--socket", node.socket});
  CHECK(english.code == 2);
  CHECK(english.err == "not now?[2J\n");
  CHECK(call({"--socket", node.socket}, "zh_CN").err == "现在不行\n");
  CHECK(has(call({"--json", "--socket", node.socket}).out, "\"code\":\"busy\""));
}

TEST_CASE("what_is_not_a_command_is_refused_with_64") {
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"statos"}, {"--nonsense"}, {"--lang", "fr"}, {"--socket"}, {"status", "queue"}, {"help", "statos"}}) {
    const Ran result = call(wrong);
    CHECK(result.code == 64);
    CHECK(result.out.empty());
    CHECK(has(result.err, "sampan help"));
  }
}
