// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <unistd.h>

#include "control/api.h"
#include "control/attention.h"
#include "control/key_routes.h"
#include "control/status_json.h"

using namespace sampan;
using namespace sampan::control;

namespace {

struct Desk final : KeyDesk {
  Result<std::string> make_recovery() override { return ++made, std::string("AAAAA-BBBBB"); }
  Status handed_out() override { return made > 0 ? Status() : Status(fail(Errc::not_found, "no recovery key was made")); }
  Status rotate() override { return full ? Status(fail(Errc::limit, "too many")) : broken ? Status(fail(Errc::io, "disk")) : (++rotated, Status()); }
  KeyStatus status() override {
    KeyStatus key;
    key.protected_by = "file";
    key.recovery = made > 0 ? "handed_out" : "none";
    return key;
  }
  int made = 0, rotated = 0;
  bool full = false, broken = false;
};

http::Response ask(Desk& desk, const std::string& what, std::optional<unsigned> uid) {
  Handlers handlers;
  handlers.keys = &desk;
  http::Request request{"POST", "/v1/key/" + what, {}, {}, "{}", {}};
  if (uid) request.peer = http::Peer{*uid, 0, 1};
  return Api(handlers).handle(request);
}

}  // namespace

TEST_CASE("only_root_and_the_daemons_own_user_get_a_recovery_key_or_begin_a_new_key" * doctest::description("contract 11")) {
  Desk desk;
  for (const char* what : {"recovery", "handed_out", "rotate"}) {
    CHECK(ask(desk, what, ::geteuid() + 1).status == 403);
    CHECK(ask(desk, what, std::nullopt).status == 403);
  }
  CHECK(desk.made + desk.rotated == 0);
  CHECK(ask(desk, "handed_out", 0).status == 404);
  CHECK(*parse_recovery(ask(desk, "recovery", 0).body) == "AAAAA-BBBBB");
  CHECK(parse_key(ask(desk, "handed_out", ::geteuid()).body)->recovery == "handed_out");
  CHECK(ask(desk, "rotate", ::geteuid()).status == 200);
  desk.full = true;
  CHECK(ask(desk, "rotate", 0).status == 409);
  desk.full = false, desk.broken = true;
  CHECK(ask(desk, "rotate", 0).status == 503);
  CHECK(desk.rotated == 1);
}

TEST_CASE("a_node_whose_recovery_key_nobody_holds_asks_for_a_person") {
  NodeStatus status;
  CHECK(assess(status).empty());  // of a daemon that does not say
  for (const char* recovery : {"none", "made"}) {
    status.key.recovery = recovery;
    const auto findings = assess(status);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].code == "recovery_key_missing");
    CHECK(findings[0].severity == Verdict::attention);
    CHECK(findings[0].action_en.find("sudo sampan key recovery") != std::string::npos);
    CHECK(findings[0].action_zh.find("sudo sampan key recovery") != std::string::npos);
  }
  status.key.recovery = "handed_out";
  CHECK(assess(status).empty());
}
