// SPDX-License-Identifier: Apache-2.0
#include "policy/table_judge.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::policy;

namespace {

const TableJudge judge;

core::Receipt receipt() {
  core::Receipt r;
  r.item.bytes[0] = 7;
  r.node = "PACS@pacs:104";
  return r;
}
core::Outcome of(std::uint16_t status) { return judge.dimse_status(status, receipt()); }

}  // namespace

TEST_CASE("success_warning_and_duplicate_carry_the_receipt") {
  for (const std::uint16_t status : {0x0000, 0xb000, 0xb006, 0xb007, 0xb123, 0x0111}) {
    CAPTURE(status);
    const core::Outcome outcome = of(status);
    REQUIRE(std::holds_alternative<core::Delivered>(outcome));
    CHECK(std::get<core::Delivered>(outcome).receipt.item == receipt().item);
    CHECK(std::get<core::Delivered>(outcome).receipt.node == "PACS@pacs:104");
  }
}

TEST_CASE("every_failing_status_says_its_code_and_words") {
  CHECK(std::get<core::Retry>(of(0xa700)).reason == "0xA700 out of resources");
  CHECK(std::get<core::Retry>(of(0xc001)).reason == "0xC001 cannot understand");
  CHECK(std::get<core::Rejected>(of(0xa900)).reason == "0xA900 data set does not match SOP class");
  CHECK(std::get<core::Retry>(of(0x7777)).reason == "0x7777 unknown status");
}

TEST_CASE("each_verdict_becomes_its_scope") {
  CHECK(std::get<core::Retry>(of(0xa700)).scope == core::Scope::destination);
  CHECK(std::get<core::Retry>(of(0xa700)).tries_max == 0);
  CHECK(std::get<core::Retry>(of(0x0122)).scope == core::Scope::sop_class);
  CHECK(std::get<core::Retry>(of(0x0124)).scope == core::Scope::configuration);
  for (const std::uint16_t status : {0xc000, 0xcfff, 0x0110, 0x7777}) {
    CHECK(std::get<core::Retry>(of(status)).scope == core::Scope::item);
    CHECK(std::get<core::Retry>(of(status)).tries_max == core::limits::doubtful_tries_max);
  }
}

TEST_CASE("a_rejected_association_stops_the_destination_only_when_it_is_meant") {
  CHECK(judge.association_reject(1, 1, 3).scope == core::Scope::configuration);
  CHECK(judge.association_reject(1, 1, 7).scope == core::Scope::configuration);
  CHECK(judge.association_reject(1, 1, 3).reason == "association rejected (1/1/3): calling AE title not recognised");
  CHECK(judge.association_reject(2, 1, 3).scope == core::Scope::destination);
  CHECK(judge.association_reject(2, 3, 1).scope == core::Scope::destination);
  CHECK(judge.association_reject(2, 3, 2).scope == core::Scope::destination);
  CHECK(judge.association_reject(1, 3, 2).scope == core::Scope::destination);
  CHECK(judge.association_reject(1, 1, 1).scope == core::Scope::destination);
}

TEST_CASE("numbers_outside_an_octet_are_unknown_reasons_and_not_others") {
  CHECK(judge.association_reject(1, 1, 0x103).reason == "association rejected (1/1/259): unknown reason");
  CHECK(judge.association_reject(1, -1, 3).scope == core::Scope::destination);
  // Numbers whose lower octets are those of a reason that stops the destination.
  using Numbers = std::pair<int, int>;
  for (const auto& numbers : {Numbers{257, 3}, Numbers{-255, 3}, Numbers{1, 0x103}, Numbers{0, 0x103}, Numbers{0, 0x103 - 0x10000}}) {
    CAPTURE(numbers.first);
    CAPTURE(numbers.second);
    CHECK(judge.association_reject(1, numbers.first, numbers.second).scope == core::Scope::destination);
  }
  CHECK(judge.context_refused("1.2", "1.3", 0x10003).reason.starts_with("SOP class refused with an unknown result"));
  CHECK(judge.context_refused("1.2", "1.3", -1).scope == core::Scope::sop_class);
}

TEST_CASE("a_refused_context_names_the_pair_and_makes_it_safe_to_log") {
  const core::Retry retry = judge.context_refused("1.2.840\n1", "1.2", 4);
  CHECK(retry.scope == core::Scope::sop_class);
  CHECK(retry.reason.starts_with("transfer syntax not supported (4): 1.2.840"));
  CHECK(retry.reason.find('\n') == std::string::npos);
}

TEST_CASE("no_connection_backs_the_destination_off_with_the_courier_s_words") {
  CHECK(judge.no_connection("connection refused", false).reason == "no connection: connection refused");
  CHECK(judge.no_connection("", true).reason == "no answer in time");
  CHECK(judge.no_connection("x", true).scope == core::Scope::destination);
}

TEST_CASE("an_http_status_is_never_a_delivery_and_says_its_number") {
  for (const int status : {200, 201, 202, 204, 299, 302, 409, 503, -1, 0, 70000}) {
    CAPTURE(status);
    CHECK_FALSE(std::holds_alternative<core::Delivered>(judge.http_status(status, receipt())));
  }
  CHECK(std::get<core::Retry>(judge.http_status(503, receipt())).reason == "HTTP 503 error at the destination");
  CHECK(std::get<core::Retry>(judge.http_status(401, receipt())).scope == core::Scope::configuration);
  CHECK(std::get<core::Retry>(judge.http_status(415, receipt())).scope == core::Scope::sop_class);
  CHECK(std::get<core::Rejected>(judge.http_status(413, receipt())).reason == "HTTP 413 too large for the destination");
  CHECK(std::get<core::Retry>(judge.http_status(65736, receipt())).reason == "HTTP 65736 unknown answer");
}

TEST_CASE("a_failed_sop_is_judged_by_its_reason") {
  CHECK(std::get<core::Retry>(judge.stow_failure(0xa700, receipt())).scope == core::Scope::destination);
  CHECK(std::get<core::Retry>(judge.stow_failure(0xc122, receipt())).reason == "0xC122 transfer syntax not supported");
  CHECK(std::get<core::Retry>(judge.stow_failure(0xc122, receipt())).scope == core::Scope::sop_class);
  CHECK(std::holds_alternative<core::Rejected>(judge.stow_failure(0xa900, receipt())));
  CHECK(std::get<core::Retry>(judge.stow_failure(0xb000, receipt())).tries_max == core::limits::doubtful_tries_max);
  CHECK(std::get<core::Delivered>(judge.stow_failure(0x0111, receipt())).receipt.item == receipt().item);
}

TEST_CASE("a_bad_certificate_stops_the_destination_and_a_stranger_does_not") {
  CHECK(judge.certificate_refused("expired").reason == "certificate not accepted: expired");
  CHECK(judge.certificate_refused("").scope == core::Scope::configuration);
  CHECK(judge.stranger_answered("text/html").reason == "somebody else answered (captive portal): text/html");
  CHECK(judge.stranger_answered("").scope == core::Scope::destination);
}
