// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/app.h"
#include "cli/exit_code.h"
#include "cli/manual.h"
#include "control/api.h"
#include "control/reload_routes.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::cli;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

Ran call(std::vector<std::string> arguments) {
  std::ostringstream out, err;
  const int code = run(std::move(arguments), [](const char*) { return std::string(); }, out, err);
  return {code, out.str(), err.str()};
}

// A daemon that answers a reload as it is told.
struct Daemon : control::Reloader {
  Daemon() { REQUIRE(server.start().ok()); }
  control::ReloadAnswer reload() override {
    ++asked;
    return value;
  }
  const test::TemporaryDirectory home;
  const std::string socket = (home.path() / "s").string();
  control::ReloadAnswer value;
  int asked = 0;
  control::Api api{control::Handlers{.reporter = nullptr, .reloader = this}};
  http::Server server{http::Options{.unix_socket = socket}, [this](const http::Request& request) { return api.handle(request); }};
};

}  // namespace

TEST_CASE("reload_says_that_all_of_it_is_at_work") {
  Daemon daemon;
  daemon.value.applied = true;
  const Ran ran = call({"reload", "--socket", daemon.socket});
  CHECK(ran.code == exit_good);
  CHECK(ran.out == "Applied.\n");
  CHECK(daemon.asked == 1);
}

TEST_CASE("reload_names_every_mistake_in_the_language_of_the_person") {
  Daemon daemon;
  daemon.value.problems = {{"f:1:1: wrong", "f:1:1: 有误"}, {"f:2:2: bad", "f:2:2: 不好"}};
  const Ran en = call({"reload", "--socket", daemon.socket});
  CHECK(en.code == exit_failure);
  CHECK(en.err == "f:1:1: wrong\nf:2:2: bad\nRefused; the node goes on with the settings it has.\n");
  CHECK(en.out.empty());
  const Ran zh = call({"reload", "--lang", "zh", "--socket", daemon.socket});
  CHECK(zh.err == "f:1:1: 有误\nf:2:2: 不好\n新配置未启用，仍按原配置运行。\n");
}

TEST_CASE("reload_says_what_takes_a_restart") {
  Daemon daemon;
  daemon.value.applied = true;
  daemon.value.after_restart = {"site", "state_directory"};
  const Ran ran = call({"reload", "--socket", daemon.socket});
  CHECK(ran.code == exit_attention);
  CHECK(ran.out == "Applied.\nTakes effect after a restart (sudo systemctl restart sampand): site state_directory\n");
  const Ran json = call({"reload", "--json", "--socket", daemon.socket});
  CHECK(json.code == exit_attention);
  CHECK(json.out == "{\"applied\":true,\"problems\":[],\"after_restart\":[\"site\",\"state_directory\"]}\n");
  const auto read = control::parse_reload(json.out);
  REQUIRE(read.ok());
  CHECK(read->after_restart == daemon.value.after_restart);
}

TEST_CASE("reload_is_not_there_where_nobody_can_read_the_settings_again") {
  const test::TemporaryDirectory home;
  const std::string socket = (home.path() / "s").string();
  control::Api api{control::Handlers{}};
  http::Server server{http::Options{.unix_socket = socket}, [&](const http::Request& request) { return api.handle(request); }};
  REQUIRE(server.start().ok());
  const Ran ran = call({"reload", "--socket", socket});
  CHECK(ran.code == exit_attention);
  CHECK(ran.err == "this node has no such thing\n");
}

namespace {

struct Files {
  Files() { write("sampan.yaml", "site: a\ndestinations:\n  - {name: lead, stow: 'https://h/s?key=topsecret'}\n"); }
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = home.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  std::string path() const { return (home.path() / "sampan.yaml").string(); }
  const test::TemporaryDirectory home;
};

}  // namespace

TEST_CASE("config_check_reads_the_files_without_a_daemon_and_tells_every_mistake") {
  Files files;
  const Ran good = call({"config", "check", "--config", files.path()});
  CHECK(good.code == exit_good);
  CHECK(good.out == files.path() + ": no problem found\n");
  const std::string more = files.write("conf.d/a.yaml", "sit: b\nlog: {level: loud}\n");
  const Ran bad = call({"config", "check", "--config", files.path(), "--lang", "zh"});
  CHECK(bad.code == exit_failure);
  CHECK(bad.out.empty());
  CHECK(bad.err == more + ":1:1: 没有选项 sit，应为 site\n" + more + ":2:14: log.level 是“loud”，应为 debug、info、warn、error 之一\n");
  const Ran json = call({"config", "check", "--config", files.path(), "--json"});
  CHECK(json.code == exit_failure);
  CHECK(json.out.starts_with("{\"problems\":[{\"file\":\"" + more + "\",\"line\":\"1\",\"column\":\"1\",\"en\":\"unknown option sit, expected site\""));
}

TEST_CASE("config_check_looks_at_the_certificates_and_secrets_that_are_named") {
  Files files;
  const std::string page = files.write("page.pem", "<html>"), lines = files.write("secret", "one\ntwo\n"), word = files.write("word", "geheim\n");
  const std::string certificate = files.write("ca.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
  const auto with = [&](const std::string& ca, const std::string& password) {
    return files.write("conf.d/a.yaml", "destinations:\n  - name: cloud\n    stow: https://pacs.example/studies\n    tls: {ca_file: " + ca + "}\n    auth: {basic: {user: a, password_file: " +
                                            password + "}}\n");
  };
  const std::string more = with(page, lines);
  const Ran bad = call({"config", "check", "--config", files.path(), "--lang", "zh"});
  CHECK(bad.code == exit_failure);
  CHECK(bad.err.find("tls.ca_file：" + page + " 不是证书文件") != std::string::npos);
  CHECK(bad.err.find("auth.basic.password_file：" + lines + " 内容不是一行文字") != std::string::npos);
  CHECK(bad.err.find(more + ":4:") != std::string::npos);
  with("/nonexistent/ca.pem", "/nonexistent/password");
  CHECK(call({"config", "check", "--config", files.path()}).err.find("/nonexistent/password does not exist, expected a file") != std::string::npos);
  with(certificate, word);
  CHECK(call({"config", "check", "--config", files.path()}).code == exit_good);
}

TEST_CASE("config_show_prints_what_holds_without_secrets_and_says_when_it_cannot") {
  Files files;
  const Ran shown = call({"config", "show", "--config", files.path()});
  CHECK(shown.code == exit_good);
  CHECK(shown.out.starts_with("site: a  # " + files.path() + ":1:1\nae_title: SAMPAN  # default\n"));
  CHECK(shown.out.find("topsecret") == std::string::npos);
  const Ran json = call({"config", "show", "--config", files.path(), "--json"});
  CHECK(json.out.starts_with("{\"values\":[{\"path\":\"site\",\"value\":\"a\",\"origin\":\"" + files.path() + ":1:1\"},"));
  CHECK(json.out.find("topsecret") == std::string::npos);
  files.write("conf.d/a.yaml", "site: b\n");
  const Ran bad = call({"config", "show", "--config", files.path()});
  CHECK(bad.code == exit_failure);
  CHECK(bad.err.ends_with("site is given twice, expected once; first in " + files.path() + ":1:1\n"));
}

TEST_CASE("config_reference_needs_no_file_and_speaks_both_languages") {
  const Ran en = call({"config", "reference"});
  CHECK(en.code == exit_good);
  CHECK(en.out.find("destinations[].lanes\n    Connections used at the same time.\n") != std::string::npos);
  CHECK(call({"config", "reference", "--lang", "zh"}).out.find("同时使用的连接数。") != std::string::npos);
  const Ran json = call({"config", "reference", "--json"});
  CHECK(json.out.starts_with("{\"options\":[{\"path\":\"site\""));
  CHECK(json.out.find("\"limits\":[{\"name\":\"gathered_bytes_max\",\"value\":\"1 MiB\"") != std::string::npos);
}

TEST_CASE("config_without_a_known_word_is_wrong_usage") {
  CHECK(call({"config"}).code == exit_usage);
  CHECK(call({"config", "chekc"}).code == exit_usage);
}

TEST_CASE("the_manual_page_of_the_command_is_made_from_its_table") {
  CHECK(test::compare_golden("packaging/man/sampan.1", manual(control::Lang::en)) == "");
  CHECK(test::compare_golden("packaging/man/zh_CN/sampan.1", manual(control::Lang::zh)) == "");
}
