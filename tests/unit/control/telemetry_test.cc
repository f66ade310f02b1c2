// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "control/api.h"
#include "control/events_json.h"
#include "control/telemetry_book.h"
#include "control/telemetry_routes.h"

using namespace sampan;
using namespace sampan::control;

namespace {

constexpr WallTime noon{1'795'694'400'000};  // 2026-11-26T12:00:00Z

struct Book final : TelemetryBook {
  std::string devices() override { return "{\"devices\":[]}"; }
  std::string events(WallTime from, std::size_t most) override {
    asked_from = from;
    asked_most = most;
    return "{\"events\":[]}";
  }
  WallTime now() override { return noon; }
  WallTime asked_from{};
  std::size_t asked_most = 0;
};

http::Response ask(const Api& api, const std::string& path, std::map<std::string, std::string> query = {}) {
  http::Request request;
  request.method = "GET";
  request.path = path;
  request.query = std::move(query);
  return api.handle(request);
}

}  // namespace

TEST_CASE("devices_and_events_are_answered_and_absent_where_there_is_no_telemetry") {
  Book book;
  Handlers handlers;
  handlers.telemetry = &book;
  const Api api(handlers), bare(Handlers{});
  CHECK(ask(api, "/v1/devices").body == "{\"devices\":[]}");
  CHECK(ask(api, "/v1/events", {{"since", "24h"}, {"limit", "5"}}).status == 200);
  CHECK(book.asked_from == WallTime{noon.ms - 86'400'000});
  CHECK(book.asked_most == 5);
  ask(api, "/v1/events");
  CHECK(book.asked_from == WallTime{0});
  CHECK(ask(bare, "/v1/devices").status == 404);
  CHECK(ask(bare, "/v1/events").status == 404);
  for (const auto& wrong : {std::pair{"since", "soon"}, std::pair{"limit", "0"}, std::pair{"limit", "x"}, std::pair{"limit", "-1"}})
    CHECK(ask(api, "/v1/events", {wrong}).status == 400);
}

TEST_CASE("a_moment_is_a_span_or_a_date_or_a_time") {
  CHECK(since("30min", noon) == WallTime{noon.ms - 1'800'000});
  CHECK(since("2d", noon) == WallTime{noon.ms - 2 * 86'400'000});
  CHECK(since("1w", noon) == WallTime{noon.ms - 7 * 86'400'000});
  CHECK(since("10s", noon) == WallTime{noon.ms - 10'000});
  CHECK(since("2026-11-26T12:00:00Z", noon) == noon);
  CHECK(since("2026-11-26T12:00:00.123Z", noon) == noon);
  CHECK(since("2026-11-26", noon).has_value());
  for (const char* wrong : {"h", "-1h", "1y", "2026", "2026-11", "2026-11-26T12", "2026-11-26T12:00:00+08:00", "99999999999d"})
    CHECK_MESSAGE(!since(wrong, noon).has_value(), wrong);
}

TEST_CASE("what_a_command_reads_has_room_for_other_versions") {
  const auto events = parse_events(
      R"({"events":[{"time":"t","event":"dest.down","severity":"warning","state":"opened","count":3,"text":{"en":"e","zh":"z"},"new":1}, 7],)"
      R"("open":[{"opened":"o","cause":"c","action":{"en":"do","zh":"做"}}]})");
  REQUIRE(events.ok());
  REQUIRE(events->events.size() == 1);
  CHECK(events->events[0].zh == "z");
  CHECK(events->events[0].count == 3);
  CHECK(events->open.at(0).time == "o");
  CHECK(events->open.at(0).action_zh == "做");
  const auto devices = parse_devices(R"({"devices":[{"model":"DR 7","images_today":4}],"callers":[{"ae_title":"X","refused":2}]})");
  REQUIRE(devices.ok());
  CHECK(devices->devices.at(0).images_today == 4);
  CHECK(devices->callers.at(0).refused == 2);
  for (const char* wrong : {"", "[]", "{", "null"}) {
    CHECK_FALSE(parse_events(wrong).ok());
    CHECK_FALSE(parse_devices(wrong).ok());
  }
}
