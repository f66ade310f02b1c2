// SPDX-License-Identifier: Apache-2.0
// Reports of storage commitment that come in on an association of the archive's own.
#include <doctest/doctest.h>

#include "core/limits.h"
#include "dicom/commitment.h"
#include "dicom/data_set.h"
#include "dimse_fixture.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

const std::string commitment(dicom::commitment_class);

class Office final : public core::Receipts {
 public:
  Status commitment_reported(const core::CommitmentReport& report) override {
    if (report.transaction_uid != "2.25.1") return fail(Errc::not_found, "an unknown transaction");
    watched.change([&] { reports.push_back(report); });
    return {};
  }
  Watched watched;
  std::vector<core::CommitmentReport> reports;
};

Bytes report(const std::string& transaction, bool explicit_vr) {
  dicom::DataSet set;
  set.set(dicom::tag::transaction_uid, "UI", transaction);
  set.add_item(dicom::tag::referenced_sop_sequence).set(dicom::tag::referenced_sop_instance_uid, "UI", "2.25.10");
  return dicom::encode(set, explicit_vr);
}

std::optional<std::uint16_t> tell(Modality& pacs, const Bytes& data) {
  dicom::CommandSet request;
  request.command_field = dicom::command::n_event_report_rq;
  request.message_id = 5;
  request.data_set_type = dicom::with_data_set;
  request.affected_sop_class_uid = commitment;
  request.affected_sop_instance_uid = dicom::commitment_instance;
  request.event_type_id = dicom::all_committed;
  if (!pacs.send(1, request, data)) return {};
  const auto answer = pacs.response();
  if (!answer || answer->command_field != dicom::command::n_event_report_rsp || answer->event_type_id != dicom::all_committed) return {};
  return answer->status;
}

}  // namespace

TEST_CASE("a_report_is_taken_in_either_encoding_and_answered_once_it_is_kept") {
  Office office;
  Clinic clinic({}, &office);
  for (const std::string& syntax : {std::string(implicit_le), std::string(explicit_le)}) {
    Modality pacs(clinic);
    REQUIRE(pacs.associate({{commitment, {syntax}}}));
    CHECK(pacs.accepted.contexts[0].result == 0);
    CHECK(tell(pacs, report("2.25.1", syntax == explicit_le)) == 0x0000);
    CHECK(pacs.release());
  }
  const auto lock = office.watched.lock();
  REQUIRE(office.reports.size() == 2);
  CHECK(office.reports[1].committed == std::vector<std::string>{"2.25.10"});
}

TEST_CASE("a_report_about_nothing_we_asked_and_one_that_is_nonsense_are_refused_and_change_nothing") {
  Office office;
  Clinic clinic({}, &office);
  Modality pacs(clinic);
  REQUIRE(pacs.associate({{commitment, {implicit_le}}}));
  CHECK(tell(pacs, report("2.25.666", false)) == 0x0112);
  CHECK(tell(pacs, Bytes(100, 0xff)) == 0x0110);
  CHECK(tell(pacs, Bytes(core::limits::commitment_bytes_max + 2, 0)) == 0x0110);
  CHECK(tell(pacs, report("2.25.1", false)) == 0x0000);  // the association goes on
  const auto lock = office.watched.lock();
  CHECK(office.reports.size() == 1);
}

TEST_CASE("a_report_comes_in_while_no_image_is_admitted") {
  Office office;
  Clinic clinic({}, &office);
  clinic.sink.watched.change([&] { clinic.sink.refuse_all = fail(Errc::full, "the disk is full"); });
  Modality modality(clinic);
  CHECK_FALSE(modality.associate({{ct_class}, {commitment, {implicit_le}}}));
  Modality pacs(clinic);
  REQUIRE(pacs.associate({{commitment, {implicit_le}}}));
  CHECK(tell(pacs, report("2.25.1", false)) == 0x0000);
}

TEST_CASE("who_is_not_let_in_with_images_may_bring_a_report_and_nothing_else") {
  Office office;
  Clinic clinic([](DimseIntakeOptions& options) {
    options.callers = {{"CT1", ""}};
    options.called_titles = {{"STAT", core::Priority::routine}};
  }, &office);
  Modality pacs(clinic);
  REQUIRE(pacs.associate({{commitment, {implicit_le}}, {echo_class, {implicit_le}}}, "SAMPAN", "PACS"));
  CHECK(tell(pacs, report("2.25.1", false)) == 0x0000);
  Modality smuggler(clinic);
  CHECK_FALSE(smuggler.associate({{commitment, {implicit_le}}, {ct_class}}, "SAMPAN", "PACS"));
}

TEST_CASE("without_anybody_to_tell_reports_are_not_a_service") {
  Clinic clinic;
  Modality pacs(clinic);
  REQUIRE(pacs.associate({{commitment, {implicit_le}}, {ct_class}}));
  CHECK(pacs.accepted.contexts[0].result == 3);
  CHECK(pacs.accepted.contexts[1].result == 0);
}
