// SPDX-License-Identifier: Apache-2.0
// The HTTP JSON courier against services that keep to the format page, and against those that lie.
#include "uplink/http_json.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <stdexcept>

#include "base/file.h"
#include "stow_support.h"

using namespace sampan;
using namespace sampan::test;
using core::Consignment;
using core::Delivered;
using core::Outcome;
using core::Rejected;
using core::Retry;
using core::Scope;

namespace {

const HttpJudge judge;

class TextPayload final : public core::Payload {
 public:
  explicit TextPayload(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    const std::size_t count = std::min<std::size_t>(into.size(), text_.size() - offset);
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

 private:
  const std::string text_;
};

Consignment news(core::Kind kind = core::Kind::event, const std::string& text = "{\"event\":\"dest.up\"}\n") {
  Consignment cargo;
  cargo.item.id = make_uuid7(system_clock().wall(), system_random());
  cargo.item.kind = kind;
  cargo.item.size = text.size();
  cargo.item.sha256 = sha256(as_bytes(text));
  cargo.payload = std::make_shared<TextPayload>(text);
  return cargo;
}

std::vector<Outcome> attempt(const std::string& url, std::vector<Consignment>& batch) {
  const auto courier = uplink::make_http_json_courier({url, {}, {}}, disk(), judge, system_clock());
  std::map<Uuid, Outcome> outcomes;
  courier->attempt(batch, [&](const Uuid& id, const Outcome& outcome) { CHECK(outcomes.emplace(id, outcome).second); return true; });
  std::vector<Outcome> ordered;
  for (const Consignment& cargo : batch) ordered.push_back(outcomes.at(cargo.item.id));
  return ordered;
}

Outcome answered(std::function<std::string(const HttpHeard&)> answer, Consignment cargo = news()) {
  HttpServer server;
  server.answer = std::move(answer);
  server.start();
  std::vector<Consignment> batch{std::move(cargo)};
  return attempt(server.url("/telemetry"), batch)[0];
}
Outcome answered(const std::string& raw) {
  return answered([raw](const HttpHeard&) { return raw; });
}

bool retried(const Outcome& outcome, Scope scope) {
  const auto* retry = std::get_if<Retry>(&outcome);
  return retry != nullptr && retry->scope == scope;
}

std::string accept_all(const HttpHeard&) { return "HTTP/1.1 204 No Content\r\n\r\n"; }

// Of a batch; strict, so that a body of another form fails the test.
std::vector<std::string> lines_of(const std::string& body) {
  const std::string begin = "{\"schema\":\"sampan.batch/1\",\"items\":[\n", end = "]}\n";
  if (!body.starts_with(begin) || !body.ends_with(end)) throw std::runtime_error("no batch: " + body);
  std::string rest = body.substr(begin.size(), body.size() - begin.size() - end.size()) + ",\n";
  std::vector<std::string> lines;
  for (std::size_t at = rest.find(",\n"); !rest.empty(); rest.erase(0, at + 2), at = rest.find(",\n")) lines.push_back(rest.substr(0, rest.find(",\n")));
  return lines;
}

}  // namespace

TEST_CASE("items_arrive_byte_for_byte_in_growing_batches_with_a_key_of_their_own" * doctest::description("contract 5, 6")) {
  HttpServer server;
  server.answer = accept_all;
  server.start();
  std::vector<Consignment> batch;
  for (int i = 0; i < 20; ++i)
    batch.push_back(news(i % 2 ? core::Kind::sample : core::Kind::event, "{\"number\":" + std::to_string(i) + "}\n"));
  const auto outcomes = attempt(server.url("/telemetry"), batch);
  const auto heard = server.heard();
  REQUIRE(heard.size() == 5);  // 1, 2, 4, 8 and the rest
  std::set<std::string> keys;
  std::string lines;
  for (const auto& one : heard) {
    CHECK(one.target == "/telemetry");
    CHECK(one.header("content-type") == "application/json");
    CHECK(keys.insert(one.header("idempotency-key")).second);
    for (const auto& line : lines_of(one.body)) lines += line + "\n";
  }
  CHECK(heard[0].header("idempotency-key") == to_string(batch[0].item.id));
  std::string sent;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    sent += "{\"number\":" + std::to_string(i) + "}\n";
    REQUIRE(delivered(outcomes[i]));
    const auto& receipt = std::get<Delivered>(outcomes[i]).receipt;
    CHECK(receipt.item == batch[i].item.id);
    CHECK(receipt.sha256 == batch[i].item.sha256);
    CHECK(receipt.level == core::Level::accepted);
    CHECK(receipt.node == "127.0.0.1:" + std::to_string(server.port()));
  }
  CHECK(lines == sent);
  CHECK(server.connections == 1);
}

TEST_CASE("what_is_refused_or_not_named_in_a_batch_is_its_own_matter" * doctest::description("contract 3, 8")) {
  std::vector<Consignment> batch{news(), news(), news(), news()};
  HttpServer server;
  // The second request has two items: one is refused, of the other nothing is said.
  server.answer = [&](const HttpHeard& heard) {
    if (lines_of(heard.body).size() == 1) return http("204 No Content", "text/plain", "");
    return http("200 OK", "application/json", "{\"accepted\":[],\"rejected\":[\"" + to_string(batch[1].item.id) + "\"]}");
  };
  server.start();
  const auto outcomes = attempt(server.url("/"), batch);
  CHECK(delivered(outcomes[0]));
  CHECK(std::holds_alternative<Rejected>(outcomes[1]));
  CHECK(retried(outcomes[2], Scope::item));
  CHECK(delivered(outcomes[3]));
}

TEST_CASE("a_batch_that_is_refused_as_a_whole_is_carried_again_item_by_item_and_only_the_guilty_is_rejected") {
  std::vector<Consignment> batch;
  for (int i = 0; i < 7; ++i) batch.push_back(news(core::Kind::event, "{\"number\":" + std::to_string(i) + "}\n"));
  HttpServer server;
  server.answer = [](const HttpHeard& heard) {
    return heard.body.find("{\"number\":4}") != heard.body.npos ? http("400 Bad Request", "text/plain", "no") : accept_all(heard);
  };
  server.start();
  const auto outcomes = attempt(server.url("/"), batch);
  for (std::size_t i = 0; i < batch.size(); ++i) CHECK((i == 4 ? std::holds_alternative<Rejected>(outcomes[i]) : delivered(outcomes[i])));
}

TEST_CASE("received_is_only_what_says_so" * doctest::description("contract 3")) {
  CHECK(delivered(answered("HTTP/1.1 204 No Content\r\n\r\n")));
  CHECK(delivered(answered("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")));
  CHECK(delivered(answered([](const HttpHeard& heard) {
    return http("202 Accepted", "application/json", "{\"accepted\":[{\"id\":\"" + heard.header("idempotency-key") + "\"}]}");
  })));
  for (const auto& lie : {http("200 OK", "text/html", "<html>Please log in</html>"), http("200 OK", "application/json", ""),
                          http("200 OK", "application/json", "{}"), http("201 Created", "text/html", "<html></html>"),
                          http("202 Accepted", "text/plain", ""), http("200 OK", "application/json", "{\"accepted\":[\"another\"]}"),
                          http("200 OK", "application/json", "{\"accepted\":true}"), http("200 OK", "application/json", "[]"),
                          http("200 OK", "application/json", "{\"accepted\":[7,null]}")}) {
    CAPTURE(lie);
    CHECK(retried(answered(lie), Scope::destination));
  }
}

TEST_CASE("an_answer_that_names_the_item_as_refused_rejects_it_whatever_else_it_says") {
  CHECK(std::holds_alternative<Rejected>(answered([](const HttpHeard& heard) {
    const std::string& id = heard.header("idempotency-key");
    return http("200 OK", "application/json", "{\"accepted\":[\"" + id + "\"],\"rejected\":[{\"id\":\"" + id + "\"}]}");
  })));
  CHECK(std::holds_alternative<Rejected>(answered(http("400 Bad Request", "text/plain", "no"))));
}

TEST_CASE("statuses_mean_what_the_failure_table_says_and_the_peer_may_ask_for_time" * doctest::description("contract 7")) {
  CHECK(retried(answered(http("401 Unauthorized", "text/plain", "")), Scope::configuration));
  CHECK(retried(answered(http("415 Unsupported Media Type", "text/plain", "")), Scope::sop_class));
  const Outcome busy = answered(http("503 Service Unavailable", "text/plain", "", "Retry-After: 120\r\n"));
  REQUIRE(retried(busy, Scope::destination));
  CHECK(std::get<Retry>(busy).not_before == std::chrono::seconds(120));
  CHECK(retried(answered(""), Scope::destination));  // hangs up
}

TEST_CASE("trouble_with_the_service_ends_the_batch_and_every_item_has_an_outcome") {
  HttpServer server;
  server.answer = [](const HttpHeard&) { return http("500 Internal Server Error", "text/plain", ""); };
  server.start();
  std::vector<Consignment> batch{news(), news(), news()};
  for (const Outcome& outcome : attempt(server.url("/"), batch)) CHECK(retried(outcome, Scope::destination));
  CHECK(server.requests == 1);
}

TEST_CASE("images_and_stored_copies_that_do_not_verify_are_not_posted") {
  auto image = news();
  image.item.kind = core::Kind::image;
  auto damaged = news();
  damaged.item.sha256[0] ^= 1;
  HttpServer server;
  server.answer = [](const HttpHeard&) { return std::string("HTTP/1.1 204 No Content\r\n\r\n"); };
  server.start();
  std::vector<Consignment> batch{image, damaged, news()};
  const auto outcomes = attempt(server.url("/"), batch);
  CHECK(std::holds_alternative<Rejected>(outcomes[0]));
  CHECK(retried(outcomes[1], Scope::item));
  CHECK(delivered(outcomes[2]));
  CHECK(server.requests == 1);
}

TEST_CASE("an_answer_nested_without_end_accepts_nobody_and_ends_nothing" * doctest::description("contract 8, 10")) {
  uplink::HttpAnswer answer;
  answer.status = 200;
  const Uuid item = uuid_from("01234567-89ab-7def-8123-456789abcdef");
  const std::string deep = std::string(500000, '[') + std::string(500000, ']');
  for (const std::string& body : {deep, R"({"accepted":)" + deep + "}", R"({"accepted":[{"id":)" + deep + "}]}"}) {
    answer.body = body;
    CHECK(uplink::read_json_answer(answer, item) == uplink::JsonVerdict::silent);
  }
  answer.body = R"({"accepted":[7,{"id":7},{"id":")" + to_string(item) + R"("}]})";
  CHECK(uplink::read_json_answer(answer, item) == uplink::JsonVerdict::accepted);
}
