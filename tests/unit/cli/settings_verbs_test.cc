// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "cli/app.h"
#include "cli/exit_code.h"
#include "control/api.h"
#include "control/reload_routes.h"
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
