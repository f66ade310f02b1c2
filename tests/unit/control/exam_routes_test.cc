// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"
#include "control/exam_desk.h"

#include <doctest/doctest.h>

#include "unit/control/exam_samples.h"

using namespace sampan;
using namespace sampan::control;

namespace {

// Remembers what it was asked.
struct Desk final : ExamDesk {
  ExamList trace(const std::string& key) override { return heard = "trace " + key, key == "nobody" ? ExamList{{}, "", false, incomplete, {}} : rich_exams(); }
  ExamList today() override { return heard = "today", rich_exams(); }
  Answer hold(const std::string& key, const std::string& to) override { return heard = "hold " + key + " " + to, answer; }
  Answer resume(const std::string& key, const std::string& to) override { return heard = "resume " + key + " " + to, answer; }
  Answer resend(const std::string& key, const std::string& to) override { return heard = "resend " + key + " " + to, answer; }
  Answer push(const std::string& key, const std::string& to, bool emergency) override {
    return heard = "push " + key + " " + to + (emergency ? " emergency" : ""), answer;
  }
  std::string heard;
  bool incomplete = false;
  Answer answer = Ordered{3, 2, 1};
};

struct Asking {
  Desk desk;
  Api api{Handlers{nullptr, &desk}};

  http::Response get(const std::string& path, std::map<std::string, std::string> query = {}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query = std::move(query);
    return api.handle(request);
  }
  http::Response post(const std::string& path, const std::string& body) {
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    return api.handle(request);
  }
};

}  // namespace

TEST_CASE("an_exam_survives_the_way_through_json") {
  const ExamList list = rich_exams();
  const auto parsed = parse_exams(exams_json(list));
  REQUIRE(parsed.ok());
  CHECK(exams_json(*parsed) == exams_json(list));
  CHECK(parsed->exams.at(0).destinations.at(0).reasons.at(0).next_attempt == WallTime{sample_now.ms + 42'000});
  CHECK(parsed->exams.at(0).destinations.at(1).held);
  for (const char* text : {"", "[]", R"({"exams":{}})", R"({"exams":[3]})"})
    CHECK_MESSAGE(parse_exams(text).error().code == Errc::damaged, text);
  const auto ordered = parse_ordered(ordered_json({7, 0, 1, 2, 3, 4, 5, 6, true}));
  REQUIRE(ordered.ok());
  CHECK(ordered->deliveries == 7);
  CHECK(ordered->on_hold == 2);
  CHECK(ordered->waiting == 3);
  CHECK(ordered->delivered == 4);
  CHECK(ordered->rejected == 5);
  CHECK(ordered->no_route == 6);
  CHECK(ordered->later);
}

TEST_CASE_FIXTURE(Asking, "exams_are_asked_for_by_what_they_are_called") {
  CHECK(parse_exams(get("/v1/trace", {{"key", "张/1"}}).body)->matched == "accession");
  CHECK(desk.heard == "trace 张/1");
  CHECK(get("/v1/today").status == 200);
  CHECK(desk.heard == "today");
  CHECK(get("/v1/trace").status == 400);
  const auto nobody = get("/v1/trace", {{"key", "nobody"}});
  CHECK(nobody.status == 404);
  CHECK(parse_refusal(nobody.body)->code == "not_found");
  desk.incomplete = true;
  CHECK(get("/v1/trace", {{"key", "nobody"}}).status == 503);
}

TEST_CASE_FIXTURE(Asking, "an_order_reaches_the_desk_as_it_was_given") {
  CHECK(parse_ordered(post("/v1/hold", R"({"key":"1.2"})").body)->reclaimed == 2);
  CHECK(desk.heard == "hold 1.2 ");
  post("/v1/resume", R"({"key":"1.2","to":"lead"})");
  CHECK(desk.heard == "resume 1.2 lead");
  post("/v1/resend", R"({"key":17,"to":null})");
  CHECK(desk.heard == "resend 17 ");
  post("/v1/push", R"({"key":"1.2","emergency":true})");
  CHECK(desk.heard == "push 1.2  emergency");
  post("/v1/push", R"({"key":"1.2","to":"x","emergency":"false"})");
  CHECK(desk.heard == "push 1.2 x");
}

TEST_CASE_FIXTURE(Asking, "an_order_that_makes_no_sense_is_refused_before_it_is_one") {
  for (const char* body : {"", "{}", "[]", "3", "{\"key\":", R"({"key":{"a":1}})", R"({"key":["1.2"]})", R"({"to":"lead"})"})
    for (const char* path : {"/v1/hold", "/v1/resume", "/v1/resend", "/v1/push"})
      CHECK_MESSAGE(post(path, body).status == 400, body);
  CHECK(post("/v1/push", R"({"key":"1.2"})").status == 400);
  CHECK(get("/v1/hold", {{"key", "1.2"}}).status == 405);
  CHECK(desk.heard.empty());
}

TEST_CASE_FIXTURE(Asking, "what_the_desk_refuses_is_told_with_its_status") {
  desk.answer = Refusal{409, "several", "several exams", "多个检查"};
  const auto refused = post("/v1/hold", R"({"key":"1.2"})");
  CHECK(refused.status == 409);
  CHECK(parse_refusal(refused.body)->zh == "多个检查");
}

TEST_CASE("every_route_says_who_may_call_it") {
  for (const Route& route : route_table()) {
    CHECK((route.method == "GET" || route.method == "POST"));
    CHECK((route.method == "GET") == (route.role == Role::viewer));
    CHECK(Api(Handlers{}).handle({std::string(route.method), std::string(route.path), {}, {}, {}, {}}).status != 405);
  }
}
