// SPDX-License-Identifier: Apache-2.0
// Modalities that ask whether their images are kept, and how they are told on the association that asked.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "core/limits.h"
#include "dicom/commitment.h"
#include "dicom/data_set.h"
#include "dimse_fixture.h"
#include "intake/dimse_promise.h"

using namespace sampan;
using namespace sampan::intake;
namespace limits = core::limits;

namespace {

const std::string commitment(dicom::commitment_class);

class Notary final : public core::Promises {
 public:
  Status asked(const core::PromiseRequest& request) override {
    std::optional<Error> failure;
    watched.change([&] {
      failure = refuse;
      if (!failure) requests.push_back(request);
    });
    return failure ? Status(*failure) : Status();
  }
  std::optional<core::PromiseReport> take(const std::string& transaction) override {
    std::optional<core::PromiseReport> report;
    watched.change([&] {
      ++looks;
      const auto found = std::ranges::find(requests, transaction, &core::PromiseRequest::transaction_uid);
      if (!ready || found == requests.end() || taken[transaction]) return;
      taken[transaction] = true;
      report = core::PromiseReport{transaction, {found->instances.front()}, {{{ct_class, "2.25.99"}, 0x0112}}};
    });
    return report;
  }
  void told(const std::string& transaction, bool answered) override {
    watched.change([&] { answers[transaction] = answered; });
  }
  bool was_told(const std::string& transaction, bool answered) {
    return watched.wait([&] { return answers.contains(transaction) && answers[transaction] == answered; });
  }

  Watched watched;
  std::vector<core::PromiseRequest> requests;
  std::optional<Error> refuse;
  bool ready = true;
  int looks = 0;
  std::map<std::string, bool> taken, answers;
};

Bytes wish(const std::string& transaction, bool explicit_vr = false) {
  const dicom::InstanceReference one{ct_class, "2.25.10"}, other{ct_class, "2.25.11"};
  return dicom::commitment_request(transaction, std::vector{one, other}, explicit_vr);
}

dicom::CommandSet action() {
  dicom::CommandSet request;
  request.command_field = dicom::command::n_action_rq;
  request.message_id = 5;
  request.data_set_type = dicom::with_data_set;
  request.requested_sop_class_uid = commitment;
  request.requested_sop_instance_uid = dicom::commitment_instance;
  request.action_type_id = dicom::commitment_requested;
  return request;
}

std::optional<std::uint16_t> ask(Modality& modality, const Bytes& information, const dicom::CommandSet& request = action()) {
  if (!modality.send(1, request, information)) return {};
  const auto answer = modality.response();
  if (!answer || answer->command_field != dicom::command::n_action_rsp || answer->message_id_responded_to != 5) return {};
  return answer->status;
}

bool answer_report(Modality& modality, const dicom::CommandSet& report, std::uint16_t status) {
  auto answer = dicom::response_to(report, status);
  answer.event_type_id = report.event_type_id;
  return modality.send(1, answer);
}

}  // namespace

TEST_CASE("a_request_is_answered_once_it_is_kept_and_names_who_asked_for_what") {
  Notary notary;
  Clinic clinic({}, nullptr, &notary);
  for (const std::string& syntax : {std::string(implicit_le), std::string(explicit_le)}) {
    Modality modality(clinic);
    REQUIRE(modality.associate({{commitment, {syntax}}}));
    CHECK(ask(modality, wish("2.25." + std::to_string(syntax.size()), syntax == explicit_le)) == 0x0000);
    CHECK(modality.release());
  }
  const auto lock = notary.watched.lock();
  REQUIRE(notary.requests.size() == 2);
  CHECK(notary.requests[0].calling_ae == "CT1");
  CHECK(notary.requests[0].called_ae == "SAMPAN");
  CHECK(notary.requests[0].peer_address == "127.0.0.1");
  CHECK(notary.requests[1].instances == std::vector<core::InstanceReference>{{ct_class, "2.25.10"}, {ct_class, "2.25.11"}});
  CHECK(notary.looks == 0);  // who goes at once is called back
}

TEST_CASE("who_keeps_the_association_open_is_told_on_it_with_both_lists") {
  Notary notary;
  Clinic clinic({}, nullptr, &notary);
  Modality modality(clinic);
  REQUIRE(modality.associate({{commitment, {explicit_le}}, {ct_class}}));
  REQUIRE(ask(modality, wish("2.25.1", true)) == 0x0000);
  const auto report = modality.response();
  REQUIRE(report);
  CHECK(report->command_field == dicom::command::n_event_report_rq);
  CHECK(report->affected_sop_instance_uid == dicom::commitment_instance);
  CHECK(report->event_type_id == dicom::failures_exist);
  const auto information = modality.data_set();
  REQUIRE(information);
  const auto set = dicom::decode_data_set(*information, true);
  REQUIRE(set.ok());
  CHECK(set->text(dicom::tag::transaction_uid) == "2.25.1");
  REQUIRE(set->items(dicom::tag::referenced_sop_sequence).size() == 1);
  CHECK(set->items(dicom::tag::referenced_sop_sequence)[0].text(dicom::tag::referenced_sop_class_uid) == ct_class);
  REQUIRE(set->items(dicom::tag::failed_sop_sequence).size() == 1);
  CHECK(set->items(dicom::tag::failed_sop_sequence)[0].number(dicom::tag::failure_reason, 0) == 0x0112);
  CHECK(set->items(dicom::tag::failed_sop_sequence)[0].text(dicom::tag::referenced_sop_instance_uid) == "2.25.99");
  // The modality goes on with images before it answers.
  CHECK(modality.store(3, ct_class, "2.25.10", small_image("2.25.10")) == 0x0000);
  REQUIRE(answer_report(modality, *report, 0x0000));
  CHECK(notary.was_told("2.25.1", true));
  CHECK(modality.release());
}

TEST_CASE("a_report_that_the_modality_refuses_or_leaves_unanswered_is_not_told") {
  Notary notary;
  Clinic clinic({}, nullptr, &notary);
  Modality refusing(clinic), leaving(clinic);
  REQUIRE(refusing.associate({{commitment, {implicit_le}}}));
  REQUIRE(ask(refusing, wish("2.25.1")) == 0x0000);
  const auto report = refusing.response();
  REQUIRE(report);
  REQUIRE(refusing.data_set());
  REQUIRE(answer_report(refusing, *report, 0x0110));
  CHECK(notary.was_told("2.25.1", false));
  REQUIRE(leaving.associate({{commitment, {implicit_le}}}));
  REQUIRE(ask(leaving, wish("2.25.2")) == 0x0000);
  REQUIRE(leaving.response());
  REQUIRE(leaving.data_set());
  leaving.connection().shut();
  CHECK(notary.was_told("2.25.2", false));
}

TEST_CASE("what_becomes_ready_later_is_told_while_the_association_is_still_there") {
  Notary notary;
  notary.ready = false;
  Clinic clinic({}, nullptr, &notary);
  Modality modality(clinic);
  REQUIRE(modality.associate({{commitment, {implicit_le}}}));
  REQUIRE(ask(modality, wish("2.25.1")) == 0x0000);
  REQUIRE(notary.watched.wait([&] { return notary.looks > 0; }));
  notary.watched.change([&] { notary.ready = true; });
  const auto report = modality.response();
  REQUIRE(report);
  CHECK(report->command_field == dicom::command::n_event_report_rq);
}

TEST_CASE("requests_that_are_none_get_the_status_of_the_standard_and_the_association_goes_on") {
  Notary notary;
  Clinic clinic({}, nullptr, &notary);
  Modality modality(clinic);
  REQUIRE(modality.associate({{commitment, {implicit_le}}}));
  auto request = action();
  request.action_type_id = 2;
  CHECK(ask(modality, wish("2.25.1"), request) == 0x0123);
  request = action();
  request.requested_sop_instance_uid = "2.25.1";
  CHECK(ask(modality, wish("2.25.1"), request) == 0x0112);
  request = action();
  request.requested_sop_class_uid = ct_class;
  CHECK(ask(modality, wish("2.25.1"), request) == 0x0118);
  CHECK(ask(modality, Bytes(100, 0xff)) == 0x0115);
  CHECK(ask(modality, dicom::commitment_request("2.25.1", {}, false)) == 0x0115);
  CHECK(ask(modality, Bytes(limits::promise_request_bytes_max + 2, 0)) == 0x0213);
  notary.watched.change([&] { notary.refuse = fail(Errc::limit, "too many"); });
  CHECK(ask(modality, wish("2.25.1")) == 0x0213);
  notary.watched.change([&] { notary.refuse = fail(Errc::timeout, "the disk"); });
  CHECK(ask(modality, wish("2.25.1")) == 0x0110);
  notary.watched.change([&] { notary.refuse.reset(); });
  CHECK(ask(modality, wish("2.25.1")) == 0x0000);
  const auto lock = notary.watched.lock();
  CHECK(notary.requests.size() == 1);
}

TEST_CASE("every_answer_to_a_request_fits_the_comment_and_is_known") {
  for (const PromiseAnswer& answer : promise_answers()) CHECK(answer.comment.size() <= dicom::error_comment_bytes_max);
  CHECK(promise_answers().front().status == 0);
}

TEST_CASE("a_request_comes_in_while_no_image_is_admitted") {
  Notary notary;
  Clinic clinic({}, nullptr, &notary);
  clinic.sink.watched.change([&] { clinic.sink.refuse_all = fail(Errc::full, "the disk is full"); });
  Modality modality(clinic);
  REQUIRE(modality.associate({{commitment, {implicit_le}}}));
  CHECK(ask(modality, wish("2.25.1")) == 0x0000);
}

TEST_CASE("who_is_not_let_in_with_images_asks_for_nothing") {
  Notary notary;
  Clinic clinic([](DimseIntakeOptions& options) { options.callers = {{"CT1", ""}}; }, nullptr, &notary);
  Modality stranger(clinic);
  REQUIRE(stranger.associate({{commitment, {implicit_le}}}, "SAMPAN", "CT9"));
  CHECK(ask(stranger, wish("2.25.1")) == 0x0124);
  Modality known(clinic);
  REQUIRE(known.associate({{commitment, {implicit_le}}}));
  CHECK(ask(known, wish("2.25.1")) == 0x0000);
}

TEST_CASE("without_anybody_who_promises_a_request_is_no_service") {
  Clinic clinic;
  Modality modality(clinic);
  REQUIRE(modality.associate({{commitment, {implicit_le}}, {ct_class}}));
  CHECK(modality.accepted.contexts[0].result == 3);
}
