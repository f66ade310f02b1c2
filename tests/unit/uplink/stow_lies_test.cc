// SPDX-License-Identifier: Apache-2.0
// The STOW courier against a service that lies, is slow, breaks, or is somebody else.
#include <doctest/doctest.h>

#include <future>

#include "base/file.h"
#include "stow_support.h"
#include "uplink/http_client.h"

using namespace sampan;
using namespace sampan::test;
using core::Consignment;
using core::Outcome;
using core::Rejected;
using core::Retry;

namespace {

const HttpJudge judge;

std::unique_ptr<core::Courier> courier_to(const std::string& url, Millis patience_max = std::chrono::seconds(10)) {
  uplink::StowOptions options{url, {}, {}};
  options.http.answer_time_max = patience_max;
  return uplink::make_stow_courier(std::move(options), disk(), judge, system_clock());
}
std::vector<Consignment> images(std::size_t count, std::size_t filler = 0) {
  std::vector<Consignment> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(image(ct_class, filler));
  return made;
}

// What becomes of one image when the service says this and nothing else.
std::string told(const std::string& raw) {
  HttpServer server;
  server.answer = [&](const HttpHeard&) { return raw; };
  server.start();
  auto batch = images(1);
  const Outcome outcome = attempt(*courier_to(server.url()), batch)[0];
  if (delivered(outcome)) return "delivered";
  return std::holds_alternative<Rejected>(outcome) ? "rejected: " + std::get<Rejected>(outcome).reason : retry_of(outcome);
}

const std::string login_page = "<html><head><title>WiFi</title></head><body>Log in</body></html>";

}  // namespace

TEST_CASE("no_answer_that_does_not_name_the_instance_delivers_it") {
  const std::string unspoken = "destination: answered without a word about this instance";
  CHECK(told(http("200 OK", "text/html; charset=utf-8", login_page)) == "destination: stranger: text/html; charset=utf-8");
  CHECK(told(http("200 OK", "application/dicom+json", login_page)) == "destination: stranger: application/dicom+json");
  CHECK(told(http("200 OK", "application/json", "{\"status\":\"ok\"}")) == "destination: HTTP 200");
  CHECK(told(http("200 OK", "application/dicom+json", "{}")) == "destination: HTTP 200");
  CHECK(told(http("200 OK", "text/html", "{}")) == "destination: stranger: text/html");
  CHECK(told(http("200 OK", "application/dicom+json", "")) == "destination: HTTP 200");
  CHECK(told("HTTP/1.1 204 No Content\r\n\r\n") == "destination: HTTP 204");
  CHECK(told(http("200 OK", "application/dicom+json", json_body(json_item("1.2.3.4")))) == unspoken);
  CHECK(told(http("202 Accepted", "application/dicom+json", R"({"00081190":{"vr":"UR","Value":["x"]}})")) == unspoken);
  CHECK(told(http("200 OK", "application/dicom+json", json_body("", json_failed("1.2.3.4", 0xa900)))) == unspoken);
  CHECK(told(http("200 OK", "application/dicom+json", R"({"0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[273]}}]}})")) == unspoken);  // 0111, of whom?
}

TEST_CASE("a_status_is_judged_when_nothing_is_said_of_the_instance") {
  CHECK(told(http("302 Found", "text/html", login_page, "Location: http://127.0.0.1:9/portal\r\n")) == "destination: HTTP 302");
  CHECK(told(http("400 Bad Request", "text/plain", "no")) == "rejected: HTTP 400");
  CHECK(told(http("401 Unauthorized", "text/html", "no")) == "configuration: HTTP 401");
  CHECK(told(http("403 Forbidden", "text/html", "no")) == "configuration: HTTP 403");
  CHECK(told(http("407 Proxy Authentication Required", "text/html", "no")) == "configuration: proxy: HTTP 407");
  CHECK(told(http("409 Conflict", "text/html", "no")) == "rejected: HTTP 409");
  CHECK(told(http("413 Content Too Large", "text/html", "no")) == "rejected: HTTP 413");
  CHECK(told(http("415 Unsupported Media Type", "text/html", "no")) == "sop_class: HTTP 415");
  CHECK(told(http("503 Service Unavailable", "text/html", "no")) == "destination: HTTP 503");
}

TEST_CASE("no_image_is_rejected_where_a_reverse_proxy_blames_the_certificate") {
  for (const std::string words : {"No required SSL certificate was sent", "The SSL certificate error",
                                  "The plain HTTP request was sent to HTTPS port"})
    CHECK(told(http("400 Bad Request", "text/html", "<html><center>" + words + "</center></html>")) ==
          "configuration: certificate: HTTP 400, as reverse proxies say it");
}

TEST_CASE("a_failing_status_delivers_nothing_whatever_its_body_says") {
  HttpServer server;
  server.answer = [](const HttpHeard& heard) {
    std::string text = all_stored(heard);
    return text.replace(text.find("200 OK"), 6, "500 Oops");
  };
  server.start();
  auto batch = images(1);
  CHECK(retry_of(attempt(*courier_to(server.url()), batch)[0]) == "destination: HTTP 500");
}

TEST_CASE("a_broken_answer_delivers_nothing") {
  CHECK(told("") == "destination: no connection: the peer closed the connection without an answer");
  CHECK(told("220 mail.example ESMTP\r\n") == "destination: no connection: the peer does not speak HTTP");
  HttpServer server;
  server.close_after = 1;
  server.answer = [](const HttpHeard& heard) {
    const std::string text = all_stored(heard);
    return text.substr(0, text.size() - 1);
  };
  server.start();
  auto batch = images(1);
  CHECK(retry_of(attempt(*courier_to(server.url()), batch)[0]) == "destination: no connection: the answer was cut short");
}

TEST_CASE("an_answer_without_end_is_not_read") {
  const std::string endless = json_body(json_item("1.2")) + std::string(core::limits::http_answer_bytes_max, ' ');
  CHECK(told(http("200 OK", "application/dicom+json", endless)) == "destination: stranger: application/dicom+json");
  CHECK(told(http("503 Oops", "text/html", endless)) == "destination: HTTP 503");
}

TEST_CASE("a_line_that_breaks_in_the_middle_delivers_none_of_what_was_on_it") {
  HttpServer server;
  server.cut_after = 100000;
  server.start();
  auto batch = images(3, 80000);
  const auto courier = courier_to(server.url());
  const auto outcomes = attempt(*courier, batch);
  CHECK(delivered(outcomes[0]));
  for (const std::size_t i : {1, 2}) CHECK(retry_of(outcomes[i]).starts_with("destination: no connection: "));
  CHECK(server.cuts == 2);  // the kept connection, and then a new one
}

TEST_CASE("nobody_there_is_said_at_once_for_all") {
  const std::uint16_t port = free_port();
  auto batch = images(3);
  const auto outcomes = attempt(*courier_to("http://127.0.0.1:" + std::to_string(port) + "/studies"), batch);
  for (const Outcome& outcome : outcomes) CHECK(retry_of(outcome) == "destination: no connection: Connection refused");
}

TEST_CASE("a_service_that_takes_nothing_or_says_nothing_is_given_up_after_its_time") {
  for (const bool takes_nothing : {true, false}) {
    CAPTURE(takes_nothing);
    HttpServer server;
    std::promise<void> ended;
    server.takes_nothing = takes_nothing;
    server.before_answer = [end = ended.get_future().share()] { end.wait(); };
    server.start();
    auto batch = images(2, takes_nothing ? 30u << 20 : 0);
    const auto outcomes = attempt(*courier_to(server.url(), Millis(300)), batch);
    for (const Outcome& outcome : outcomes)
      CHECK(retry_of(outcome) == "destination: timeout: the peer took or said nothing in time");
    ended.set_value();
  }
}

TEST_CASE("an_answer_that_trickles_is_given_up_too") {
  std::atomic<bool> over{false};
  Listener listener = listen_at("127.0.0.1", 0).value();
  std::thread trickler([&] {
    const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n";
    (void)::send(fd, head.data(), head.size(), MSG_NOSIGNAL);
    while (!over && ::send(fd, " ", 1, MSG_NOSIGNAL) == 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::close(fd);
  });
  auto batch = images(1);
  const auto outcomes =
      attempt(*courier_to("http://127.0.0.1:" + std::to_string(listener.port) + "/studies", Millis(300)), batch);
  CHECK(retry_of(outcomes[0]) == "destination: timeout: the peer took or said nothing in time");
  over = true;
  trickler.join();
  ::close(listener.fd);
}

TEST_CASE("an_image_that_is_given_back_slowly_is_taken_to_its_end_and_one_that_trickles_is_given_up") {
  constexpr std::size_t size = 30'000;
  struct Pace {
    std::size_t bytes;
    Millis pause;
    bool arrives;
  };
  for (const Pace pace : {Pace{2000, Millis(250), true}, Pace{1, Millis(25), false}}) {  // four seconds; 40 bytes a second
    std::atomic<bool> over{false};
    Listener listener = listen_at("127.0.0.1", 0).value();
    std::thread giver([&] {
      const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
      const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
      const std::string piece(pace.bytes, 'x');
      bool going = ::send(fd, head.data(), head.size(), MSG_NOSIGNAL) > 0;
      for (std::size_t at = 0; going && !over && at < size; at += piece.size()) {
        std::this_thread::sleep_for(pace.pause);
        going = ::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) > 0;
      }
      while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ::close(fd);
    });
    uplink::HttpOptions options;
    options.answer_time_max = std::chrono::seconds(2);
    uplink::HttpClient client(options, disk(), system_clock());
    std::size_t came = 0;
    uplink::HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(listener.port) + "/one";
    request.into = [&came](const std::string&, ByteView bytes) { return came += bytes.size(), true; };
    const auto result = client.get(request);
    CHECK(std::holds_alternative<uplink::HttpAnswer>(result) == pace.arrives);
    CHECK((came == size) == pace.arrives);
    over = true;
    giver.join();
    ::close(listener.fd);
  }
}

TEST_CASE("an_attempt_that_is_interrupted_returns_soon_and_is_the_last") {
  HttpServer server;
  server.takes_nothing = true;
  server.start();
  auto batch = images(3);
  const auto courier = courier_to(server.url(), std::chrono::minutes(5));
  auto running = std::async(std::launch::async, [&] { return attempt(*courier, batch); });
  REQUIRE(wait_until([&] { return server.requests == 1; }));
  courier->interrupt();
  REQUIRE(running.wait_for(patience) == std::future_status::ready);
  for (const Outcome& outcome : running.get()) CHECK(retry_of(outcome) == "this_node: interrupted by this node");
  for (const Outcome& outcome : attempt(*courier, batch)) CHECK(retry_of(outcome) == "this_node: interrupted by this node");
  CHECK(server.requests == 1);
}

TEST_CASE("the_wish_to_come_back_later_is_kept") {
  for (const std::string wish : {"Retry-After: 120\r\n",
                                 "Date: Sun, 22 Nov 1998 09:00:00 GMT\r\nRetry-After: Sun, 22 Nov 1998 09:02:00 GMT\r\n"}) {
    HttpServer server;
    server.answer = [&](const HttpHeard&) { return http("429 Too Many Requests", "text/plain", "", wish); };
    server.start();
    auto batch = images(3);
    for (const Outcome& outcome : attempt(*courier_to(server.url()), batch)) {
      CHECK(retry_of(outcome) == "destination: HTTP 429");
      CHECK(std::get<Retry>(outcome).not_before == std::chrono::seconds(120));
    }
    CHECK(server.requests == 1);
  }
}

TEST_CASE("retry_after_is_seconds_or_a_date_and_nothing_else") {
  const WallTime now{1'000'000'000'000};  // 2001-09-09T01:46:40Z
  CHECK(uplink::parse_retry_after("", "", now) == std::nullopt);
  CHECK(uplink::parse_retry_after("soon", "", now) == std::nullopt);
  CHECK(uplink::parse_retry_after("-5", "", now) == std::nullopt);
  CHECK(uplink::parse_retry_after("0", "", now) == Millis(0));
  CHECK(uplink::parse_retry_after("99999999999999999999", "", now) > std::chrono::hours(24));
  CHECK(uplink::parse_retry_after("Sun, 09 Sep 2001 01:47:40 GMT", "", now) == std::chrono::seconds(60));
  CHECK(uplink::parse_retry_after("Sun, 09 Sep 2001 01:40:00 GMT", "", now) == Millis(0));
  CHECK(uplink::parse_retry_after("Sun, 09 Sep 2001 01:47:40 GMT", "rubbish", now) == std::chrono::seconds(60));
  CHECK(uplink::parse_retry_after("Thu, 7 Nov 547777774", "", now) == std::nullopt);
  CHECK(uplink::parse_retry_after("Sun, 09 Sep 2001 01:47:40 GMT", "Thu, 7 Nov 547777774", now) == std::chrono::seconds(60));
}

TEST_CASE("a_service_in_trouble_is_not_asked_about_the_whole_batch") {
  HttpServer server;
  server.answer = [](const HttpHeard&) { return http("500 Oops", "text/plain", "no"); };
  server.start();
  auto batch = images(20);
  for (const Outcome& outcome : attempt(*courier_to(server.url()), batch)) CHECK(retry_of(outcome) == "destination: HTTP 500");
  CHECK(server.requests == 2);
}

TEST_CASE("one_image_that_brings_the_service_to_fall_does_not_stop_the_next") {
  HttpServer server;
  auto batch = images(3);
  server.answer = [&](const HttpHeard& heard) {
    const bool bad = heard.body.find(std::string(batch[0].item.facts.get(core::Fact::sop_instance_uid))) != std::string::npos;
    return bad ? http("500 Oops", "text/plain", "no") : all_stored(heard);
  };
  server.start();
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  CHECK(retry_of(outcomes[0]) == "destination: HTTP 500");
  CHECK(delivered(outcomes[1]));
  CHECK(delivered(outcomes[2]));
}

TEST_CASE("a_long_body_is_not_sent_to_a_service_that_refuses_it_beforehand") {
  HttpServer server;
  server.at_expect = http("401 Unauthorized", "text/plain", "", "Connection: close\r\n");
  server.start();
  auto batch = images(2, 4u << 20);
  for (const Outcome& outcome : attempt(*courier_to(server.url()), batch)) CHECK(retry_of(outcome) == "configuration: HTTP 401");
  CHECK(server.requests == 1);
  CHECK(server.heard().empty());
}

TEST_CASE("provisional_answers_are_not_the_answer") {
  HttpServer server;
  server.answer = [](const HttpHeard& heard) {
    return "HTTP/1.1 102 Processing\r\nRetry-After: 600\r\nContent-Type: text/html\r\n\r\n" + all_stored(heard);
  };
  server.start();
  auto batch = images(1);
  CHECK(delivered(attempt(*courier_to(server.url()), batch)[0]));
}
