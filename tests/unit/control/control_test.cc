// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"

#include <doctest/doctest.h>

#include "base/version.h"
#include "control/client.h"
#include "control/status_json.h"
#include "unit/control/samples.h"

using namespace sampan;
using namespace sampan::control;

namespace {

struct Fixed : Reporter {
  NodeStatus status() override { return value; }
  NodeStatus value = rich_status();
};

http::Response ask(Api& api, const std::string& method, const std::string& path) {
  http::Request request;
  request.method = method;
  request.path = path;
  return api.handle(request);
}

}  // namespace

TEST_CASE("a_status_survives_the_way_through_json") {
  const NodeStatus status = rich_status();
  const std::string json = status_json(status);
  const auto parsed = parse_status(json);
  REQUIRE(parsed.ok());
  CHECK(status_json(*parsed) == json);
  CHECK(parsed->site == status.site);
  CHECK(parsed->now == status.now);
  CHECK(parsed->intake.last_image == status.intake.last_image);
  CHECK(parsed->intake.refused.at(0).reason == status.intake.refused.at(0).reason);
  CHECK(parsed->destinations.at(0).ages == status.destinations.at(0).ages);
  CHECK(parsed->destinations.at(0).next_attempt_in_s == 42);
  CHECK_FALSE(parsed->destinations.at(1).next_attempt_in_s.has_value());
  CHECK(parsed->destinations.at(0).state == DestinationState::backing_off);
}

TEST_CASE("scripts_find_the_documented_names") {
  const std::string json = status_json(rich_status());
  for (const char* part : {"\"site\": \"青山镇卫生院\"", "\"last_image\": \"2026-11-22T08:00:00.000Z\"",
                           "\"next_attempt_in_s\": null", "\"1min\": 1", "\"older\": 7", "\"state\": \"backing_off\"",
                           "\"verdict\": \"good\"", "\"disk_free_bytes\": 500000000000"})
    CHECK_MESSAGE(json.find(part) != std::string::npos, part);
}

TEST_CASE("bytes_that_are_not_utf_8_do_not_break_the_json") {
  NodeStatus status = rich_status();
  status.intake.refused[0].calling = "\xc7\xe0";
  const auto parsed = parse_status(status_json(status));
  REQUIRE(parsed.ok());
  CHECK(parsed->intake.refused[0].calling == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("an_older_or_newer_peer_is_understood") {
  const auto parsed = parse_status(R"({"site":"a","novelty":[1],"intake":{"port":104},"spool":null})");
  REQUIRE(parsed.ok());
  CHECK(parsed->site == "a");
  CHECK(parsed->intake.port == 104);
  CHECK(parsed->intake.accepting);
}

TEST_CASE("what_is_not_a_status_is_refused") {
  for (const char* text : {"", "no", "[]", "3", R"({"site":3})", R"({"destinations":{}})", R"({"intake":[]})"})
    CHECK_MESSAGE(parse_status(text).error().code == Errc::damaged, text);
}

TEST_CASE("a_number_that_is_not_whole_or_has_no_end_is_no_number_of_images") {
  for (const char* number : {"1e99", "-1e99", "-1", "1.5"}) {
    const std::string text = R"({"destinations":[{"name":"lead","waiting":)" + std::string(number) + "}]}";
    CHECK_MESSAGE(parse_status(text).error().code == Errc::damaged, text);
  }
  CHECK(parse_status(R"({"intake":{"port":4294967297}})")->intake.port == 65535);
  CHECK(parse_status(R"({"now":"2147483648-2147483648-01T00:00:00.000Z"})").ok());
}

TEST_CASE("the_routes_answer") {
  Fixed node;
  Api api({&node});
  const auto status = ask(api, "GET", "/v1/status");
  CHECK(status.status == 200);
  CHECK(parse_status(status.body)->site == "青山镇卫生院");
  CHECK(ask(api, "GET", "/v1/version").body == "{\"version\":\"" + std::string(version()) + "\"}\n");
  const auto queue = ask(api, "GET", "/v1/queue");
  CHECK(queue.status == 200);
  CHECK(queue.body.find("\"ages\"") != std::string::npos);
  CHECK(queue.body.find("intake") == std::string::npos);
  CHECK(parse_status(queue.body)->destinations.at(0).ages == node.value.destinations[0].ages);
}

TEST_CASE("a_status_is_answered_at_once_and_everything_that_may_wait_or_search_in_turn") {
  const auto taking_time = Api::taking_time();
  std::vector<std::string> at_once;
  for (const Route& route : route_table())
    if (!taking_time.is_slow({std::string(route.method), std::string(route.path), {}, {}, {}, {}})) at_once.emplace_back(route.path);
  CHECK(at_once == std::vector<std::string>{"/v1/status", "/v1/queue", "/v1/version"});
  CHECK_FALSE(taking_time.is_slow({"GET", "/v1/nowhere", {}, {}, {}, {}}));
  CHECK(taking_time.not_done.status == 503);
  const auto busy = parse_refusal(taking_time.not_done.body);
  CHECK(busy->code == "busy");
  CHECK_FALSE(busy->en.empty());
  CHECK_FALSE(busy->zh.empty());
}

TEST_CASE("the_status_that_leaves_is_assessed") {
  Fixed node;
  node.value.intake.accepting = false;
  Api api({&node});
  const auto parsed = parse_status(ask(api, "GET", "/v1/status").body);
  CHECK(parsed->verdict == Verdict::failure);
  CHECK(parsed->attention.at(0).code == "intake_refusing");
  CHECK(parse_status(ask(api, "GET", "/v1/queue").body)->verdict == Verdict::failure);
}

TEST_CASE("other_methods_and_paths_are_refused") {
  Fixed node;
  Api api({&node});
  CHECK(ask(api, "POST", "/v1/status").status == 405);
  CHECK(ask(api, "GET", "/v1/statu").status == 404);
  CHECK(ask(api, "GET", "").status == 404);
}

TEST_CASE("a_refusal_carries_a_code_and_words_in_both_languages") {
  Api api(Handlers{});
  const auto refused = parse_refusal(ask(api, "GET", "/v1/nowhere").body);
  REQUIRE(refused.ok());
  CHECK(refused->code == "no_route");
  CHECK(refused->en == "no such route");
  CHECK(refused->zh == "没有此路径");
  CHECK(parse_refusal("{}").error().code == Errc::damaged);
  CHECK(parse_refusal("<html>").error().code == Errc::damaged);
}

TEST_CASE("a_concern_that_the_node_does_not_have_is_absent") {
  Api api(Handlers{});
  CHECK(ask(api, "GET", "/v1/status").status == 404);
  CHECK(ask(api, "GET", "/v1/version").status == 200);
}

TEST_CASE("the_words_of_a_query_are_encoded") {
  CHECK(target("/v1/trace", {{"key", "张 A/1&b=%"}, {"none", ""}, {"n", "2"}}) ==
        "/v1/trace?key=%E5%BC%A0%20A%2F1%26b%3D%25&n=2");
  CHECK(target("/v1/trace", {}) == "/v1/trace");
}

TEST_CASE("ages_fall_into_the_first_bucket_that_ends_later") {
  CHECK(age_bucket(0) == 0);
  CHECK(age_bucket(59) == 0);
  CHECK(age_bucket(60) == 1);
  CHECK(age_bucket(3599) == 2);
  CHECK(age_bucket(604799) == 5);
  CHECK(age_bucket(604800) == 6);
}
