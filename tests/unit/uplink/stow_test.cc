// SPDX-License-Identifier: Apache-2.0
// The STOW courier against a service that keeps to the standard, and one that refuses by the book.
#include "uplink/stow.h"

#include <doctest/doctest.h>

#include <set>

#include "base/file.h"
#include "dicom/part10.h"
#include "stow_support.h"
#include "uplink/stow_bundle.h"

using namespace sampan;
using namespace sampan::test;
using core::Consignment;
using core::Delivered;
using core::Outcome;
using core::Rejected;
using core::Retry;

namespace {

const HttpJudge judge;

uplink::StowOptions options_to(const std::string& url) {
  uplink::StowOptions options{url, {}, {}};
  options.http.connect_time_max = std::chrono::seconds(10);
  options.http.answer_time_max = std::chrono::seconds(10);
  return options;
}
std::unique_ptr<core::Courier> courier_to(const std::string& url) {
  return uplink::make_stow_courier(options_to(url), disk(), judge, system_clock());
}
std::vector<Consignment> images(std::size_t count, std::size_t filler = 0) {
  std::vector<Consignment> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(image(ct_class, filler));
  return made;
}
std::string uid_of(const Consignment& consignment) {
  return std::string(consignment.item.facts.get(core::Fact::sop_instance_uid));
}
bool rejected(const Outcome& outcome) { return std::holds_alternative<Rejected>(outcome); }

}  // namespace

TEST_CASE("instances_arrive_byte_for_byte_as_part_10_files_in_growing_requests") {
  HttpServer server;
  server.start();
  auto batch = images(10, 1000);
  const auto courier = courier_to(server.url());
  for (const Outcome& outcome : attempt(*courier, batch)) CHECK(delivered(outcome));
  std::vector<StowPart> parts;
  std::vector<std::size_t> sizes;
  for (const HttpHeard& heard : server.heard()) {
    CHECK(heard.method == "POST");
    CHECK(heard.target == "/dicom-web/studies");
    CHECK(heard.header("transfer-encoding").empty());
    CHECK(heard.header("accept") == "application/dicom+json");
    const auto more = parts_of(heard);
    sizes.push_back(more.size());
    parts.insert(parts.end(), more.begin(), more.end());
  }
  CHECK(sizes == std::vector<std::size_t>{1, 2, 4, 3});
  REQUIRE(parts.size() == batch.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(parts[i].headers == "Content-Type: application/dicom");
    CHECK(parts[i].sha256 == to_hex(batch[i].item.sha256));
    CHECK(parts[i].meta.sop_instance == uid_of(batch[i]));
    CHECK(parts[i].meta.sop_class == ct_class);
    CHECK(parts[i].meta.transfer_syntax == explicit_le);
  }
  CHECK(server.connections == 1);
}

TEST_CASE("the_receipt_names_the_instance_and_the_service") {
  HttpServer server;
  server.start();
  auto batch = images(1);
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  REQUIRE(delivered(outcomes[0]));
  const core::Receipt& receipt = std::get<Delivered>(outcomes[0]).receipt;
  CHECK(receipt.item == batch[0].item.id);
  CHECK(receipt.sha256 == batch[0].item.sha256);
  CHECK(receipt.node == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(receipt.level == core::Level::accepted);
}

TEST_CASE("a_connection_is_kept_between_attempts_and_given_back_at_rest") {
  HttpServer server;
  server.start();
  const auto courier = courier_to(server.url());
  for (int i = 0; i < 3; ++i) {
    auto batch = images(1);
    CHECK(delivered(attempt(*courier, batch)[0]));
  }
  CHECK(server.connections == 1);
  courier->rest();
  auto batch = images(1);
  CHECK(delivered(attempt(*courier, batch)[0]));
  CHECK(server.connections == 2);
}

TEST_CASE("a_kept_connection_that_the_service_closed_meanwhile_is_no_failure") {
  HttpServer server;
  server.close_after = 1;
  server.start();
  const auto courier = courier_to(server.url());
  for (int i = 0; i < 3; ++i) {
    auto batch = images(1, 3u << 20);
    CHECK(delivered(attempt(*courier, batch)[0]));
  }
  CHECK(server.connections == 3);
}

TEST_CASE("each_instance_of_a_partial_answer_has_its_own_outcome") {
  HttpServer server;
  auto batch = images(7);
  server.answer = [&](const HttpHeard& heard) {
    if (parts_of(heard).size() != 4) return all_stored(heard);
    return http("202 Accepted", "application/dicom+json",
                json_body(json_item(uid_of(batch[3])) + "," + json_item(uid_of(batch[5]), R"(,"00081196":{"vr":"US","Value":[45056]})"),
                          json_failed(uid_of(batch[4]), 0xa900)));
  };
  server.start();
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  for (const std::size_t i : {0, 1, 2, 3, 5}) CHECK(delivered(outcomes[i]));
  CHECK(retry_of(outcomes[4]) == "item: failure 43264");
  CHECK(retry_of(outcomes[6]) == "destination: answered without a word about this instance");
}

TEST_CASE("a_409_is_judged_by_what_it_says_of_each_instance") {
  HttpServer server;
  auto batch = images(1);
  server.answer = [&](const HttpHeard&) {
    return http("409 Conflict", "application/dicom+json", json_body("", json_failed(uid_of(batch[0]), 0xc122)));
  };
  server.start();
  CHECK(retry_of(attempt(*courier_to(server.url()), batch)[0]) == "item: failure 49442");
}

namespace {

// Answers every upload with a conflict, finds one instance by its name and gives a file back for it.
struct Conflicting {
  Conflicting() {
    for (auto& one : batch) {
      one.item.facts.set(core::Fact::study_instance_uid, "2.25.77");
      one.item.facts.set(core::Fact::series_instance_uid, "2.25.78");
    }
    server.answer = [this](const HttpHeard& heard) {
      if (heard.method == "POST") return http("409 Conflict", "text/plain", "");
      return heard.target.find("instances?") == std::string::npos ? copy : search;
    };
  }
  static std::string found(const std::string& uid) {
    return http("200 OK", "application/dicom+json", R"([{"00080018":{"vr":"UI","Value":[")" + uid + R"("]}}])");
  }
  static std::string file_of(const Consignment& one) {
    const Bytes head = dicom::part10_head(one.item.facts);
    Bytes data(one.payload->size());
    REQUIRE(one.payload->read(0, data).ok());
    return std::string(as_text(head)) + std::string(as_text(data));
  }
  static std::string part(const std::string& file) {
    return http("200 OK", "multipart/related; type=\"application/dicom\"; boundary=\"a b\"",
                "--a b\r\nContent-Type: application/dicom\r\n\r\n" + file + "\r\n--a b--\r\n");
  }
  bool heard_get(const std::string& target) const {
    for (const auto& heard : server.heard())
      if (heard.method == "GET" && heard.target == target) return true;
    return false;
  }
  std::vector<Consignment> batch = images(2, 200'000);  // one request, and then each alone
  std::string search = http("404 Not Found", "application/json", ""), copy = http("404 Not Found", "text/plain", "");
  HttpServer server;
};

constexpr const char* may_differ = "HTTP 409 an image of this name is there; its content may differ";
constexpr const char* cannot_be_asked = "item: HTTP 409 conflict, and whether it is there cannot be asked just now";

std::string reason_of(const Outcome& outcome) { return rejected(outcome) ? std::get<Rejected>(outcome).reason : "not rejected"; }

}  // namespace

TEST_CASE("a_conflict_without_another_word_is_delivered_where_the_instance_is_given_back_byte_for_byte" * doctest::description("contract 3, 6")) {
  Conflicting peer;
  peer.search = Conflicting::found(uid_of(peer.batch[1]));
  const std::string file = Conflicting::file_of(peer.batch[1]);
  SUBCASE("as a part") { peer.copy = Conflicting::part(file); }
  SUBCASE("as a file") { peer.copy = http("200 OK", "application/dicom", file); }
  peer.server.start();
  const auto outcomes = attempt(*courier_to(peer.server.url()), peer.batch);
  CHECK(rejected(outcomes[0]));  // the other one is there
  REQUIRE(delivered(outcomes[1]));
  CHECK(std::get<Delivered>(outcomes[1]).receipt.level == core::Level::accepted);
  const std::string series = "/dicom-web/studies/2.25.77/series/2.25.78/instances";
  CHECK(peer.heard_get(series + "?includefield=00080018&SOPInstanceUID=" + uid_of(peer.batch[1])));
  CHECK(peer.heard_get(series + "/" + uid_of(peer.batch[1])));
}

TEST_CASE("a_conflict_with_an_image_of_that_name_that_may_be_another_waits_for_a_person" * doctest::description("contract 3, 6")) {
  Conflicting peer;
  peer.search = Conflicting::found(uid_of(peer.batch[1]));
  const std::string file = Conflicting::file_of(peer.batch[1]);
  std::string last = file, first = file;
  last.back() = static_cast<char>(last.back() ^ 1);
  first[first.find("2.25.77")] = '1';
  SUBCASE("its last byte differs") { peer.copy = Conflicting::part(last); }
  SUBCASE("its first bytes differ") { peer.copy = Conflicting::part(first); }
  SUBCASE("it is shorter") { peer.copy = Conflicting::part(file.substr(0, file.size() - 1)); }
  SUBCASE("it is longer") { peer.copy = Conflicting::part(file + "1"); }
  SUBCASE("it is longer, and alone") { peer.copy = http("200 OK", "application/dicom", file + "1"); }
  SUBCASE("it is none of the two") { peer.copy = Conflicting::part(Conflicting::file_of(peer.batch[0])); }
  SUBCASE("there are two") { peer.copy = Conflicting::part(file + "\r\n--a b\r\n\r\n" + file); }
  SUBCASE("it comes as something else") { peer.copy = http("200 OK", "application/dicom+json", file); }
  SUBCASE("it is no file") { peer.copy = Conflicting::part(std::string(100'000, 'x')); }
  SUBCASE("it has no boundary") { peer.copy = http("200 OK", "multipart/related", file); }
  SUBCASE("it is empty") { peer.copy = http("200 OK", "application/dicom", ""); }
  SUBCASE("nothing is given back") { peer.copy = http("406 Not Acceptable", "text/plain", ""); }
  peer.server.start();
  const auto outcomes = attempt(*courier_to(peer.server.url()), peer.batch);
  CHECK(rejected(outcomes[0]));
  CHECK(reason_of(outcomes[1]) == may_differ);
}

TEST_CASE("a_conflict_is_a_refusal_where_a_search_does_not_find_the_instance") {
  Conflicting peer;
  peer.server.start();
  const auto courier = courier_to(peer.server.url());
  for (const auto& nothing : {peer.search, http("200 OK", "application/dicom+json", "[]"), http("204 No Content", "text/plain", ""),
                              http("200 OK", "text/html", "<html>" + uid_of(peer.batch[0]) + "</html>")}) {
    peer.search = nothing;
    for (const auto& outcome : attempt(*courier, peer.batch)) CHECK(reason_of(outcome) == "HTTP 409");
  }
}

TEST_CASE("a_conflict_is_asked_about_again_where_nobody_can_tell_just_now") {
  Conflicting peer;
  peer.server.start();
  const auto courier = courier_to(peer.server.url());
  const std::string truncated = "HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: 1000000\r\n\r\n";
  const auto says = [](const char* status) { return http(status, "text/plain", ""); };
  const std::vector<std::string> troubles{says("503 Busy"), says("429 Slowly"), says("401 Who"), says("403 No"), says("408 Late"), std::string()};
  const auto check = [&](const Outcome& outcome) {
    CHECK(retry_of(outcome) == cannot_be_asked);
    if (const auto* retry = std::get_if<Retry>(&outcome)) CHECK(retry->tries_max > 0);
  };
  for (const std::string& trouble : troubles) {
    peer.search = trouble;
    for (const auto& outcome : attempt(*courier, peer.batch)) check(outcome);
  }
  peer.search = Conflicting::found(uid_of(peer.batch[1]));
  for (const std::string& trouble : troubles) {
    peer.copy = trouble;
    check(attempt(*courier, peer.batch)[1]);
  }
  peer.server.close_after = 3;
  peer.copy = truncated + Conflicting::file_of(peer.batch[1]).substr(0, 150'000);
  courier->rest();
  std::vector<Consignment> one{peer.batch[1]};
  check(attempt(*courier, one)[0]);
}

TEST_CASE("an_image_that_is_said_to_be_there_is_compared_and_only_the_same_is_a_delivery" * doctest::description("contract 3, 6")) {
  for (const unsigned reason : {0x0111u, 0xb00eu}) {
    CAPTURE(reason);
    const std::string code = reason == 0x0111 ? "0x0111" : "0xB00E";
    const bool believed = reason == 0x0111;  // where nothing is given back
    Conflicting peer;
    const std::vector<Consignment> batch = peer.batch;
    bool nameless = false;
    peer.server.answer = [&](const HttpHeard& heard) {
      if (heard.method != "POST") return heard.target.ends_with(uid_of(batch[1])) ? peer.copy : http("404 Not Found", "text/plain", "");
      if (nameless) return http("409 Conflict", "application/dicom+json", R"({"0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}}]}}");
      return http("202 Accepted", "application/dicom+json", json_body(json_item(uid_of(batch[0])), json_failed(uid_of(batch[1]), reason)));
    };
    peer.server.start();
    const auto courier = courier_to(peer.server.url());
    const auto second = [&] {
      auto sent = batch;
      auto outcomes = attempt(*courier, sent);
      CHECK(delivered(outcomes[0]));
      return outcomes[1];
    };
    const std::string file = Conflicting::file_of(batch[1]);
    peer.copy = Conflicting::part(file);
    CHECK(delivered(second()));
    std::string other = file;
    other.back() = static_cast<char>(other.back() ^ 1);
    peer.copy = Conflicting::part(other);
    CHECK(reason_of(second()) == code + " an image of this name is there; its content may differ");
    peer.copy = http("503 Busy", "text/plain", "");
    CHECK(retry_of(second()) == "item: " + code + " conflict, and whether it is there cannot be asked just now");
    for (const char* none : {"404 Not Found", "406 Not Acceptable", "403 Forbidden"}) {
      peer.copy = http(none, "text/plain", "");
      CHECK((believed ? delivered(second()) : retry_of(second()) == "item: failure 45070"));
    }
    nameless = true;  // it was alone
    std::vector<Consignment> one{batch[1]};
    CHECK(retry_of(attempt(*courier, one)[0]) == (believed ? "destination: answered without a word about this instance" : "item: failure 45070"));
    peer.copy = Conflicting::part(file);
    CHECK(delivered(attempt(*courier, one)[0]));
  }
}

TEST_CASE("a_failure_without_a_name_is_of_the_only_instance_there_was") {
  HttpServer server;
  server.answer = [](const HttpHeard&) {
    return http("409 Conflict", "application/dicom+json",
                R"({"0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[272]}}]}})");
  };
  server.start();
  auto batch = images(1);
  CHECK(retry_of(attempt(*courier_to(server.url()), batch)[0]) == "item: failure 272");
}

TEST_CASE("an_instance_named_as_stored_and_as_failed_is_not_delivered") {
  HttpServer server;
  auto batch = images(1);
  const std::string uid = uid_of(batch[0]);
  server.answer = [&](const HttpHeard&) {
    return http("200 OK", "application/dicom+json", json_body(json_item(uid), json_failed(uid, 0x0110)));
  };
  server.start();
  CHECK(retry_of(attempt(*courier_to(server.url()), batch)[0]) == "item: failure 272");
}

TEST_CASE("an_instance_may_be_named_as_its_data_set_does") {
  HttpServer server;
  auto batch = images(1);
  batch[0].item.facts.set(core::Fact::data_sop_instance_uid, "2.25.4711");
  server.answer = [](const HttpHeard&) { return http("200 OK", "text/plain", json_body(json_item("2.25.4711"))); };
  server.start();
  CHECK(delivered(attempt(*courier_to(server.url()), batch)[0]));
}

TEST_CASE("two_items_of_one_name_never_share_a_request") {
  HttpServer server;
  server.start();
  auto batch = images(7);
  batch[4].item.facts.set(core::Fact::sop_instance_uid, uid_of(batch[3]));
  batch[6].item.facts.set(core::Fact::data_sop_instance_uid, uid_of(batch[5]));
  for (const Outcome& outcome : attempt(*courier_to(server.url()), batch)) CHECK(delivered(outcome));
  for (const HttpHeard& heard : server.heard()) {
    std::set<std::string> names;
    for (const StowPart& part : parts_of(heard)) CHECK(names.insert(part.meta.sop_instance).second);
  }
  CHECK(parts_of(server.heard().back()).size() == 1);
}

TEST_CASE("a_request_stays_within_its_bytes_unless_one_instance_is_larger") {
  HttpServer server;
  server.start();
  auto batch = images(9, 3u << 20);
  batch.push_back(image(ct_class, 9u << 20));
  for (const Outcome& outcome : attempt(*courier_to(server.url()), batch)) CHECK(delivered(outcome));
  std::vector<std::size_t> sizes;
  for (const HttpHeard& heard : server.heard()) sizes.push_back(parts_of(heard).size());
  CHECK(sizes == std::vector<std::size_t>{1, 2, 2, 2, 2, 1});
}

TEST_CASE("a_bundle_that_is_refused_says_nothing_of_its_instances") {
  HttpServer server;
  auto batch = images(9);
  const std::string bad = uid_of(batch[4]);
  server.answer = [&](const HttpHeard& heard) {
    for (const StowPart& part : parts_of(heard))
      if (part.meta.sop_instance == bad) return http("400 Bad Request", "text/plain", "no");
    return all_stored(heard);
  };
  server.start();
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  for (std::size_t i = 0; i < batch.size(); ++i) CHECK((i == 4 ? rejected(outcomes[i]) : delivered(outcomes[i])));
}

TEST_CASE("a_service_that_takes_one_instance_at_a_time_gets_them_so") {
  HttpServer server;
  server.answer = [](const HttpHeard& heard) {
    return parts_of(heard).size() > 1 ? http("415 Unsupported Media Type", "text/plain", "") : all_stored(heard);
  };
  server.start();
  const auto courier = courier_to(server.url());
  auto batch = images(20);
  for (const Outcome& outcome : attempt(*courier, batch)) CHECK(delivered(outcome));
  CHECK(server.requests <= 20 + 2);
}

TEST_CASE("a_request_that_is_too_large_is_made_smaller") {
  HttpServer server;
  server.answer = [](const HttpHeard& heard) {
    return heard.body.size() > 200000 ? http("413 Content Too Large", "text/plain", "") : all_stored(heard);
  };
  server.start();
  auto batch = images(30, 90000);
  batch.push_back(image(ct_class, 250000));
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  for (std::size_t i = 0; i < 30; ++i) CHECK(delivered(outcomes[i]));
  CHECK(rejected(outcomes[30]));
}

TEST_CASE("what_stow_cannot_carry_is_rejected_and_the_others_go") {
  HttpServer server;
  server.start();
  auto batch = images(5);
  batch[0].item.kind = core::Kind::message;
  batch[1].item.facts.set(core::Fact::sop_class_uid, "");
  batch[2].item.facts.set(core::Fact::transfer_syntax_uid, std::string(65, '1'));
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  for (std::size_t i = 0; i < batch.size(); ++i) CHECK((i < 3 ? rejected(outcomes[i]) : delivered(outcomes[i])));
}

TEST_CASE("a_stored_copy_that_does_not_verify_does_not_hold_up_the_others") {
  HttpServer server;
  server.start();
  auto batch = images(7, 4000);
  dynamic_cast<MemoryPayload&>(*batch[4].payload).damaged_from = 2000;
  const auto outcomes = attempt(*courier_to(server.url()), batch);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i == 4)
      CHECK(retry_of(outcomes[i]) == "item: the stored copy does not verify");
    else
      CHECK(delivered(outcomes[i]));
  }
}

TEST_CASE("bundles_grow_while_all_goes_well_and_begin_again_after_trouble") {
  uplink::StowBundle size;
  for (const std::size_t expected : {1, 2, 4, 8, 16, 32, 64, 64}) {
    CHECK(size.items() == expected);
    size.went_well(size.items());
  }
  size.trouble();
  CHECK(size.items() == 1);
  size.went_well(1);
  CHECK(size.items() == 2);
  size.refused(1000, true);
  CHECK(size.items() == 1);
  CHECK(size.bytes() == 500);
  for (int i = 0; i < 7; ++i) size.went_well(1);
  CHECK(size.items() == 1);
  size.went_well(1);
  CHECK(size.items() == 2);
  for (int i = 0; i < 100; ++i) size.refused(1, true);
  CHECK(size.bytes() == 1);
}
