// SPDX-License-Identifier: Apache-2.0
// What servers answer, and what a person's tools and files say.
#include "control/api.h"
#include "control/client.h"
#include "control/custody.h"
#include "control/events_json.h"
#include "control/exam.h"
#include "control/exam_desk.h"
#include "control/refusal.h"
#include "control/reload.h"
#include "control/status_json.h"
#include "control/telemetry_book.h"
#include "fuzz/target.h"
#include "settings/settings.h"
#include "telemetry/alarms.h"
#include "telemetry/devices.h"
#include "telemetry/json_text.h"
#include "telemetry/state.h"
#include "uplink/http_client.h"
#include "uplink/http_json.h"
#include "uplink/secret.h"
#include "uplink/stow_access.h"
#include "uplink/stow_answer.h"
#include "uplink/stow_copy.h"
#include "uplink/stow_xml.h"

namespace sampan::fuzz {
namespace {

// Does whatever it is told, and has nothing.
class EmptyDesk final : public control::ExamDesk {
 public:
  control::ExamList trace(const std::string&) override { return {}; }
  control::ExamList today() override { return {}; }
  Answer hold(const std::string&, const std::string&) override { return control::Ordered{}; }
  Answer resume(const std::string&, const std::string&) override { return control::Ordered{}; }
  Answer resend(const std::string&, const std::string&) override { return control::Ordered{}; }
  Answer push(const std::string&, const std::string&, bool) override { return control::Ordered{}; }
};

class EmptyBook final : public control::TelemetryBook {
 public:
  std::string devices() override { return "{}"; }
  std::string events(WallTime, std::size_t) override { return "{}"; }
  WallTime now() override { return {1'800'000'000'000}; }
};

}  // namespace

FUZZ_TARGET(stow_answer) {
  const auto answer = uplink::read_stow_answer(as_text(input));
  static_cast<void>(uplink::read_stow_xml(as_text(input)));
  if (const auto found = uplink::read_search_answer(as_text(input)))
    expect(!found->has(""), "whoever is found has a name");
  if (const auto token = uplink::read_token_answer(as_text(input))) {
    expect(std::ranges::all_of(token->token, [](char c) { return c > 0x20 && c < 0x7f; }), "a token is one word of a header");
    expect(!token->good_for || (*token->good_for >= Millis(0) && *token->good_for <= std::chrono::hours(24)), "a token ends within a day");
  }
  if (answer) expect(!answer->stored.contains("") && !answer->failed.contains(""), "whoever is stored or failed has a name");
}

// What is called the same holds what is here, and in which pieces it came changes nothing.
FUZZ_TARGET(stow_copy) {
  constexpr std::string_view here{"\x08\0\x18\0UI\x04\0" "1.2\0", 12};
  Feed feed(input);
  const std::size_t piece = std::size_t{feed.byte()} + 1;
  const std::string type = feed.word(), body(as_text(feed.rest()));
  Held held(as_bytes(here));
  uplink::StowCopy whole(held), pieces(held);
  static_cast<void>(whole.take(type, as_bytes(body)));
  for (std::size_t at = 0; at < body.size() && pieces.take(type, as_bytes(body.substr(at, piece))); at += piece) {
  }
  expect(whole.is_same() == pieces.is_same(), "pieces change nothing");
  if (whole.is_same()) expect(body.find(here) != body.npos, "what is the same is there");
}

FUZZ_TARGET(http_json) {
  Feed feed(input);
  uplink::HttpAnswer answer;
  answer.status = 200 + feed.byte() % 8;
  answer.body = std::string(as_text(feed.rest()));
  static_cast<void>(uplink::read_json_answer(answer, uuid_from("01234567-89ab-7def-8123-456789abcdef")));
}

FUZZ_TARGET(http_words) {
  Feed feed(input);
  const WallTime now{static_cast<std::int64_t>(feed.number(6))};
  const std::string wish = feed.word(), date = feed.word();
  if (const auto wait = uplink::parse_retry_after(wish, date, now)) expect(*wait >= Millis(0), "nobody is asked before it was said");
  const std::string bytes(as_text(feed.rest()));
  const std::string encoded = uplink::percent_encode(bytes);
  expect(encoded.find_first_of(" \r\n?#&/") == std::string::npos, "what is encoded is one word of an address");
  if (const auto answer = control::read_answer(bytes)) expect(bytes.ends_with(answer->body), "a body is what came behind the head");
}

FUZZ_TARGET(settings) { static_cast<void>(settings::load_text(std::string(as_text(input)), "sampan.yaml")); }

FUZZ_TARGET(control) {
  Feed feed(input);
  EmptyDesk desk;
  EmptyBook book;
  control::Handlers handlers;
  handlers.exams = &desk;
  handlers.telemetry = &book;
  const control::Api api(handlers);
  http::Request request;
  const auto routes = control::route_table();
  const auto& route = routes[feed.byte() % routes.size()];
  request.method = feed.byte() % 8 == 0 ? feed.word() : std::string(route.method);
  request.path = feed.byte() % 8 == 0 ? feed.word() : std::string(route.path);
  for (unsigned words = feed.byte() % 4; words > 0; --words) {
    const std::string name = feed.word();
    request.query[name] = feed.word();
  }
  request.body = std::string(as_text(feed.rest()));
  const auto answer = api.handle(request);
  expect(answer.status >= 200 && answer.status < 600, "every request has an answer");
}

FUZZ_TARGET(client_json) {
  const auto text = as_text(input);
  static_cast<void>(control::parse_status(text));
  static_cast<void>(control::parse_key(text));
  static_cast<void>(control::parse_recovery(text));
  static_cast<void>(control::parse_refusal(text));
  static_cast<void>(control::parse_exams(text));
  static_cast<void>(control::parse_ordered(text));
  static_cast<void>(control::parse_damage(text));
  static_cast<void>(control::parse_seen(text));
  static_cast<void>(control::parse_drop(text));
  static_cast<void>(control::parse_events(text));
  static_cast<void>(control::parse_devices(text));
  static_cast<void>(control::parse_reload(text));
}

FUZZ_TARGET(telemetry_state) {
  telemetry::Devices devices, again;
  telemetry::Alarms alarms, alarms_again;
  const auto past = telemetry::read_state(std::string(as_text(input)), devices, alarms, MonoTime{1000});
  const std::string written = telemetry::write_state(past, devices, alarms);
  const auto read = telemetry::read_state(written, again, alarms_again, MonoTime{1000});
  expect(telemetry::write_state(read, again, alarms_again) == written, "a state that was read is written and read the same");
  static_cast<void>(telemetry::time_from(as_text(input)));
}

FUZZ_TARGET(secret) {
  FewFiles files({{"token", input}});
  const auto secret = uplink::read_secret(files, "/etc/token");
  if (secret) expect(!secret->empty() && secret->find('\n') == std::string::npos, "a secret is one line");
}

}  // namespace sampan::fuzz
