// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_reporter.h"

#include <doctest/doctest.h>

#include <mutex>

#include "dicom/commitment.h"
#include "dicom/data_set.h"
#include "dimse_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr std::uint16_t n_event_report_rq = 0x0100, n_event_report_rsp = 0x8100;

// A modality that listens for reports.
struct Modality {
  Modality() {
    peer.answer = [this](Connection& connection, const ScriptedPeer::Heard& heard) {
      if (heard.message.command.field != n_event_report_rq) return false;
      {
        const std::lock_guard lock(mutex);
        report = *dicom::decode_data_set(heard.data_set, false);
      }
      Command reply = heard.message.command;
      reply.field = n_event_report_rsp;
      reply.status = status;
      reply.message_id = static_cast<std::uint16_t>(reply.message_id + off_by);
      reply.has_data_set = false;
      return !silent && send_message(connection, heard.message.context, reply, {}, {}).ok();
    };
  }
  Status tell() {
    core::PromiseReport what{"2.25.1", {{ct_class, "2.25.10"}}, {{{ct_class, "2.25.11"}, 0x0112}}};
    auto options = options_for(peer.port());
    options.answer_time_max = std::chrono::seconds(5);
    return uplink::tell_promises(options, what, [](auto) {});
  }
  dicom::DataSet heard() {
    const std::lock_guard lock(mutex);
    return report;
  }
  std::uint16_t status = 0;
  std::uint16_t off_by = 0;  // its answer names another message
  bool silent = false;
  std::mutex mutex;
  dicom::DataSet report;
  ScriptedPeer peer;  // the last: its thread ends before the rest goes
};

}  // namespace

TEST_CASE("a_modality_that_is_called_back_hears_both_lists_and_its_answer_counts") {
  Modality modality;
  modality.peer.start();
  REQUIRE(modality.tell().ok());
  const dicom::DataSet report = modality.heard();
  CHECK(report.text(dicom::tag::transaction_uid) == "2.25.1");
  REQUIRE(report.items(dicom::tag::referenced_sop_sequence).size() == 1);
  CHECK(report.items(dicom::tag::referenced_sop_sequence)[0].text(dicom::tag::referenced_sop_instance_uid) == "2.25.10");
  REQUIRE(report.items(dicom::tag::failed_sop_sequence).size() == 1);
  CHECK(report.items(dicom::tag::failed_sop_sequence)[0].number(dicom::tag::failure_reason, 0) == 0x0112);
}

TEST_CASE("an_answer_that_is_no_success_or_none_at_all_is_not_told") {
  Modality refusing, silent, confused;
  refusing.status = 0x0110;
  refusing.peer.start();
  const Status refused = refusing.tell();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("0x0110") != std::string::npos);
  silent.silent = true;
  silent.peer.start();
  CHECK_FALSE(silent.tell().ok());
  confused.off_by = 1;
  confused.peer.start();
  CHECK_FALSE(confused.tell().ok());
}

TEST_CASE("a_modality_that_does_not_listen_is_named_in_words") {
  std::uint16_t port = 0;
  {
    ScriptedPeer gone;
    port = gone.port();
  }
  auto options = options_for(port);
  const Status told = uplink::tell_promises(options, {"2.25.1", {{ct_class, "2.25.10"}}, {}}, [](auto) {});
  REQUIRE_FALSE(told.ok());
  CHECK_FALSE(told.error().message.empty());
}
