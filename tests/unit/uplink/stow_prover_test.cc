// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_prover.h"

#include <doctest/doctest.h>

#include <set>

#include "prover_support.h"
#include "stow_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

class Office final : public core::Transactions, public core::Receipts {
 public:
  Result<std::string> begin(const std::string&) override { return "2.25." + std::to_string(++begun); }
  Status commitment_reported(const core::CommitmentReport& report) override {
    reports.push_back(report);
    return {};
  }
  int begun = 0;
  std::vector<core::CommitmentReport> reports;
};

struct Service {
  explicit Service(std::function<std::string(const HttpHeard&)> answer) {
    server.answer = std::move(answer);
    server.start();
  }
  std::unique_ptr<core::Prover> prover(bool may_query = true) {
    uplink::StowProverOptions options;
    options.name = "cloud";
    options.service.url = server.url();
    options.may_query = may_query;
    return uplink::make_stow_prover(options, office, office, disk(), judge, clock);
  }
  HttpServer server;
  HandClock clock;
  HttpJudge judge;
  Office office;
};

std::string not_found() { return http("404 Not Found", "application/json", "{}"); }
std::string json(const std::string& body) { return http("200 OK", "application/dicom+json", body); }

}  // namespace

TEST_CASE("a_commitment_request_names_every_instance_and_each_is_judged_by_its_own_entry" * doctest::description("contract 4")) {
  const auto batch = items(3);
  Service service([&](const HttpHeard&) {
    return json(json_body(json_item(uid_of(batch[0])) + "," + json_item(uid_of(batch[2])), json_failed(uid_of(batch[1]), 0x0112) + "," + json_failed(uid_of(batch[2]), 0x0110)));
  });
  const auto prover = service.prover();
  static_cast<void>(ask(*prover, batch));
  CHECK(prover->way() == core::ProofWay::commitment);
  const auto heard = service.server.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].method == "POST");
  CHECK(heard[0].target == "/dicom-web/commitment-requests/2.25.1");
  for (const auto& item : batch) CHECK(heard[0].body.find(uid_of(item)) != std::string::npos);
  REQUIRE(service.office.reports.size() == 1);
  const auto& report = service.office.reports[0];
  CHECK(report.transaction_uid == "2.25.1");
  CHECK(report.committed == std::vector<std::string>{uid_of(batch[0])});
  CHECK(report.failed.size() == 2);
}

TEST_CASE("a_service_that_is_still_working_is_asked_for_the_result_and_not_anew") {
  const auto batch = items(1);
  std::atomic<int> calls{0};
  Service service([&](const HttpHeard&) {
    return ++calls < 3 ? http("202 Accepted", "application/dicom+json", "", "Retry-After: 120\r\n") : json(json_body(json_item(uid_of(batch[0]))));
  });
  const auto prover = service.prover();
  for (int i = 0; i < 2; ++i) {
    const auto proof = ask(*prover, batch)[0];
    REQUIRE(std::holds_alternative<core::Unclear>(proof));
    CHECK(std::get<core::Unclear>(proof).not_before == Millis(120000));
  }
  static_cast<void>(ask(*prover, batch));
  REQUIRE(service.office.reports.size() == 1);
  CHECK(service.office.reports[0].committed.size() == 1);
  CHECK(service.office.begun == 1);
  const auto heard = service.server.heard();
  CHECK(heard[1].method == "GET");
  CHECK(heard[2].target == "/dicom-web/commitment-requests/2.25.1");
}

TEST_CASE("where_there_is_no_such_resource_a_search_finds_what_is_there_page_by_page") {
  const auto batch = items(4);
  Service service([&](const HttpHeard& heard) {
    if (heard.method == "POST") return not_found();
    std::string matches;
    const bool first = heard.target.find("offset=0") != std::string::npos;
    for (int i = 0; i < (first ? 200 : 1); ++i) {
      const std::string name = i > 0 ? "2.25.9" + std::to_string(i) : uid_of(batch[first ? 0 : 3]);
      matches += std::string(i > 0 ? "," : "") + R"({"00080018":{"vr":"UI","Value":[")" + name + R"("]}})";
    }
    return json("[" + matches + "]");
  });
  const auto prover = service.prover();
  const auto proofs = ask(*prover, batch);
  CHECK(prover->way() == core::ProofWay::query);
  CHECK(std::holds_alternative<core::Held>(proofs[0]));
  CHECK(std::holds_alternative<core::Missing>(proofs[1]));
  CHECK(std::holds_alternative<core::Missing>(proofs[2]));
  CHECK(std::holds_alternative<core::Held>(proofs[3]));
  CHECK(std::get<core::Held>(proofs[0]).receipt.level == core::Level::archived);
  const auto heard = service.server.heard();
  REQUIRE(heard.size() == 4);  // until a page brings nothing new
  CHECK(heard[1].target.starts_with("/dicom-web/studies/2.25.77/series/2.25.78/instances?"));
  static_cast<void>(ask(*prover, batch));
  CHECK(service.server.heard()[4].method == "GET");  // it is known by now
}

TEST_CASE("what_a_service_does_not_commit_to_is_searched_for_and_commitment_is_the_habit_still" * doctest::description("contract 4, 7")) {
  const auto batch = items(2);
  std::string found = json("[]");
  Service service([&](const HttpHeard& heard) {
    return heard.method == "POST" ? json(json_body(json_item(uid_of(batch[0])), json_failed(uid_of(batch[1]), 0x0110))) : found;
  });
  const auto prover = service.prover();
  static_cast<void>(ask(*prover, batch));
  REQUIRE(prover->way() == core::ProofWay::commitment);
  for (const std::string& nothing : {json("[]"), http("501 No", "text/plain", "")}) {
    found = nothing;
    for (int times = 0; times < 9; ++times, service.clock.pass(std::chrono::seconds(30))) CHECK(seek(*prover, batch).empty());
  }
  found = json(R"([{"00080018":{"vr":"UI","Value":[")" + uid_of(batch[0]) + R"("]}}])");
  const auto told = seek(*prover, batch);
  REQUIRE(told.size() == 2);
  CHECK(std::get<core::Held>(told.at(batch[0].id)).receipt.level == core::Level::archived);
  CHECK(std::holds_alternative<core::Missing>(told.at(batch[1].id)));
  CHECK(prover->way() == core::ProofWay::commitment);
  CHECK(service.office.begun == 1);
  const auto chosen = service.prover(false);
  CHECK(seek(*chosen, batch).empty());
}

TEST_CASE("a_service_that_refuses_commitment_or_never_ends_its_work_on_it_is_searched" * doctest::description("contract 4")) {
  const auto batch = items(1);
  for (const std::string& answer : {http("400 Bad Request", "text/plain", "no"), http("403 Forbidden", "text/plain", ""), http("500 Oops", "text/plain", ""),
                                    http("202 Accepted", "application/dicom+json", "")}) {
    Service service([&](const HttpHeard& heard) {
      const bool of_commitment = heard.target.find("commitment-requests") != std::string::npos;
      if (of_commitment) return answer;
      return json(R"([{"00080018":{"vr":"UI","Value":[")" + uid_of(batch[0]) + R"("]}}])");
    });
    const auto prover = service.prover();
    unsigned times = 0;
    while (!std::holds_alternative<core::Held>(ask(*prover, batch)[0]) && ++times < 4) service.clock.pass(std::chrono::seconds(20));
    CHECK(prover->way() == core::ProofWay::query);
    CHECK(times <= 2);
  }
}

TEST_CASE("a_service_that_commits_to_nothing_and_finds_nothing_proves_nothing_and_one_out_of_reach_is_not_known" * doctest::description("contract 4")) {
  const auto batch = items(1);
  const auto way_of = [&](const std::string& of_commitment, const std::string& of_search) {
    Service service([&](const HttpHeard& heard) { return heard.method == "POST" ? of_commitment : of_search; });
    const auto prover = service.prover();
    for (unsigned times = 0; times < 8; ++times) {
      CHECK(std::holds_alternative<core::Unclear>(ask(*prover, batch)[0]));
      service.clock.pass(std::chrono::seconds(20));
    }
    return prover->way();
  };
  CHECK(way_of(not_found(), json("[]")) == core::ProofWay::none);
  CHECK(way_of(http("500 Oops", "text/plain", ""), http("501 No", "text/plain", "")) == core::ProofWay::none);
  CHECK(way_of(std::string(), std::string()) == core::ProofWay::unknown);
}

TEST_CASE("a_captive_portal_a_failing_service_and_a_closed_one_prove_nothing") {
  const auto batch = items(1);
  for (const std::string& answer :
       {http("200 OK", "text/html", "<html>Please log in</html>"), http("200 OK", "application/dicom+json", "{}"),
        http("200 OK", "application/dicom+json", ""), http("500 Oops", "text/plain", "no"), http("503 Busy", "text/plain", "", "Retry-After: 7\r\n"),
        http("302 Found", "text/html", "", "Location: http://portal/\r\n"), http("409 Conflict", "application/json", "{}"), std::string()}) {
    Service service([&](const HttpHeard&) { return answer; });
    const auto proof = ask(*service.prover(), batch)[0];
    CHECK(std::holds_alternative<core::Unclear>(proof));
    CHECK(service.office.reports.empty());
  }
  for (const std::string& answer : {http("200 OK", "text/html", "<html/>"), json("{}"), json("[1]"), json("[{}]"), http("500 Oops", "text/plain", "no"),
                                    http("404 Not Found", "text/html", "<html>portal</html>")}) {
    Service service([&](const HttpHeard& heard) { return heard.method == "POST" ? not_found() : answer; });
    CHECK(std::holds_alternative<core::Unclear>(ask(*service.prover(), batch)[0]));
  }
}

TEST_CASE("a_service_that_gives_shorter_pages_than_it_was_asked_for_is_read_to_the_end") {
  const auto batch = items(5);
  Service service([&](const HttpHeard& heard) {
    if (heard.method == "POST") return not_found();
    const auto at = static_cast<std::size_t>(std::stoul(heard.target.substr(heard.target.find("offset=") + 7)));
    std::string matches;
    for (std::size_t i = at; i < std::min<std::size_t>(at + 2, batch.size()); ++i)
      matches += std::string(i > at ? "," : "") + R"({"00080018":{"vr":"UI","Value":[")" + uid_of(batch[i]) + R"("]}})";
    return json("[" + matches + "]");
  });
  for (const auto& proof : ask(*service.prover(), batch)) CHECK(std::holds_alternative<core::Held>(proof));
}

TEST_CASE("a_service_that_lost_the_content_and_kept_the_entry_proves_nothing_and_the_image_counts_as_missing" * doctest::description("contract 4")) {
  const auto batch = items(5);
  const std::vector<std::string> said{"ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE"};
  Service service([&](const HttpHeard& heard) {
    if (heard.method == "POST") return not_found();
    if (heard.target.find("offset=0") == std::string::npos) return json("[]");
    const bool of_availability = heard.target.find("includefield=00080056") != std::string::npos;
    std::string matches;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      matches += std::string(i > 0 ? "," : "") + R"({"00080018":{"vr":"UI","Value":[")" + uid_of(batch[i]) + "\"]}";
      if (i < said.size() && of_availability) matches += R"(,"00080056":{"vr":"CS","Value":[")" + said[i] + "\"]}";
      matches += "}";
    }
    return json("[" + matches + "]");
  });
  const auto proofs = ask(*service.prover(), batch);
  for (const std::size_t i : {0, 1, 2, 4}) CHECK(std::holds_alternative<core::Held>(proofs[i]));
  REQUIRE(std::holds_alternative<core::Missing>(proofs[3]));
  CHECK(std::get<core::Missing>(proofs[3]).reason == "a query finds its entry there, and that its content is gone");
}

TEST_CASE("an_image_with_another_name_in_its_data_set_is_named_and_found_by_that_one_alone" * doctest::description("contract 3, 4")) {
  auto batch = items(2);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].facts.set(core::Fact::data_sop_instance_uid, "2.25.90" + std::to_string(i));
  Service service([&](const HttpHeard& heard) {
    if (heard.method == "POST") return not_found();
    return json(R"([{"00080018":{"vr":"UI","Value":["2.25.900"]}},{"00080018":{"vr":"UI","Value":[")" + uid_of(batch[1]) + R"("]}}])");
  });
  const auto proofs = ask(*service.prover(), batch);
  CHECK(std::holds_alternative<core::Held>(proofs[0]));
  CHECK(std::holds_alternative<core::Missing>(proofs[1]));
  const std::string asked = service.server.heard()[0].body;
  CHECK(asked.find("2.25.901") != std::string::npos);
  CHECK(asked.find(uid_of(batch[1])) == std::string::npos);
}

TEST_CASE("a_name_that_is_no_text_keeps_nobody_from_asking_and_the_others_are_asked_for" * doctest::description("contract 8")) {
  auto batch = items(3);
  batch[1].facts.set(core::Fact::sop_instance_uid, "2.25.\xff\"7");
  Service service([&](const HttpHeard&) { return json(json_body(json_item(uid_of(batch[0])) + "," + json_item(uid_of(batch[2])), "")); });
  static_cast<void>(ask(*service.prover(), batch));
  REQUIRE(service.office.reports.size() == 1);
  const auto& committed = service.office.reports[0].committed;
  CHECK(std::set(committed.begin(), committed.end()) == std::set{uid_of(batch[0]), uid_of(batch[2])});
}

TEST_CASE("a_service_that_does_not_like_to_be_asked_for_the_availability_is_asked_without" * doctest::description("contract 4")) {
  const auto batch = items(1);
  Service service([&](const HttpHeard& heard) {
    if (heard.method == "POST") return not_found();
    if (heard.target.find("00080056") != std::string::npos) return http("400 Bad Request", "text/plain", "no such field");
    return json(R"([{"00080018":{"vr":"UI","Value":[")" + uid_of(batch[0]) + R"("]}}])");
  });
  CHECK(std::holds_alternative<core::Held>(ask(*service.prover(), batch)[0]));
}

TEST_CASE("a_search_that_has_never_found_anything_denies_nothing") {
  for (const std::string& nothing : {http("404 Not Found", "application/json", "{}"), http("404 Not Found", "text/plain", "no route"), json("[]"),
                                     http("204 No Content", "text/plain", "")}) {
    Service service([&](const HttpHeard& heard) { return heard.method == "POST" ? not_found() : nothing; });
    const auto prover = service.prover();
    for (int i = 0; i < 5; ++i) CHECK(std::holds_alternative<core::Unclear>(ask(*prover, items(1))[0]));
  }
}

// Each page finds names that none found before, of so many bytes.
std::string page_of_new_names(const HttpHeard& heard, int names, std::size_t bytes) {
  const std::string page = heard.target.substr(heard.target.find("offset=") + 7);
  std::string matches;
  for (int i = 0; i < names; ++i) {
    const std::string name = page + "." + std::to_string(i) + ".";
    matches += std::string(i > 0 ? "," : "") + R"({"00080018":{"Value":[")" + name + std::string(bytes - name.size(), '1') + R"("]}})";
  }
  return json("[" + matches + "]");
}

TEST_CASE("a_search_that_finds_more_than_a_series_can_hold_is_ended_before_it_fills_the_memory" * doctest::description("contract 8, 10")) {
  int names = 10'000;
  std::size_t bytes = 60;
  unsigned pages_most = 10;
  SUBCASE("many names") {}
  SUBCASE("few that are longer than any") { names = 1, bytes = 1'000'000, pages_most = 1; }
  Service service([&](const HttpHeard& heard) { return heard.method == "POST" ? not_found() : page_of_new_names(heard, names, bytes); });
  CHECK(std::holds_alternative<core::Unclear>(ask(*service.prover(), items(1))[0]));
  CHECK(service.server.requests <= 1 + pages_most);
}

TEST_CASE("a_service_without_the_resource_that_may_not_be_searched_offers_no_proof") {
  Service service([](const HttpHeard&) { return not_found(); });
  const auto prover = service.prover(false);
  CHECK(unclear(ask(*prover, items(1))[0]) == "it offers no proof that it keeps an image");
  CHECK(prover->way() == core::ProofWay::none);
}

TEST_CASE("a_search_result_of_the_wrong_shape_is_no_answer_and_ends_nothing" * doctest::description("contract 8")) {
  const auto batch = items(1);
  for (const std::string body : {R"([{"00080018":[]}])", R"([{"00080018":["2.25.1"]}])", R"([{"00080018":"2.25.1"}])", R"([{"00080018":{"Value":{}}}])",
                           R"([{"00080018":{"Value":[[]]}}])", R"([{"00080018":{"Value":[]}}])", R"([[{"00080018":{"Value":["2.25.1"]}}]])", "[7]", "{}", "[{}"}) {
    CAPTURE(body);
    Service service([&](const HttpHeard& heard) { return heard.method == "POST" ? not_found() : json(body); });
    CHECK(unclear(ask(*service.prover(), batch)[0]) == "its answer to a search for images is none: HTTP 200");
  }
}
