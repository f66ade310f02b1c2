// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_prover.h"

#include <doctest/doctest.h>

#include "dicom/commitment.h"
#include "dicom/data_set.h"
#include "prover_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr std::uint16_t n_action_rq = 0x0130, n_action_rsp = 0x8130, n_event_report_rq = 0x0100, n_event_report_rsp = 0x8100;
constexpr std::uint16_t c_find_rq = 0x0020, c_find_rsp = 0x8020;
const std::string find_class = "1.2.840.10008.5.1.4.1.2.2.1";

class Office final : public core::Transactions, public core::Receipts {
 public:
  Result<std::string> begin(const std::string& destination) override {
    begun_for = destination;
    return std::string("2.25.4711");
  }
  Status commitment_reported(const core::CommitmentReport& report) override {
    if (report.transaction_uid != "2.25.4711") return fail(Errc::not_found, "an unknown transaction");
    reports.push_back(report);
    return {};
  }
  std::string begun_for;
  std::vector<core::CommitmentReport> reports;
};

// A PACS that answers N-ACTION and C-FIND.
struct Pacs {
  Pacs() {
    peer.answer = [this](Connection& connection, const ScriptedPeer::Heard& heard) { return serve(connection, heard); };
  }
  bool say(Connection& connection, std::uint8_t context, Command command, const dicom::DataSet* data = nullptr) {
    const Bytes bytes = data == nullptr ? Bytes() : dicom::encode(*data, false);
    command.has_data_set = data != nullptr;
    const ByteView piece(bytes);
    return send_message(connection, context, command, data == nullptr ? std::span<const ByteView>() : std::span(&piece, 1), {}).ok();
  }
  bool serve(Connection& connection, const ScriptedPeer::Heard& heard) {
    Command reply = heard.message.command;
    reply.message_id = static_cast<std::uint16_t>(reply.message_id + off_by);
    const auto asked = dicom::decode_data_set(heard.data_set, false);
    if (reply.field == n_event_report_rsp) return event_answered = true;
    if (reply.field == n_action_rq) {
      request = *asked;
      ++actions;
      reply.field = n_action_rsp;
      reply.status = action_status;
      if (!say(connection, heard.message.context, reply)) return false;
      return !reports || say(connection, heard.message.context, {n_event_report_rq, 7, 0, true, std::string(dicom::commitment_class), std::string(dicom::commitment_instance)}, &*reports);
    }
    if (reply.field != c_find_rq) return false;
    query = *asked;
    reply.field = c_find_rsp;
    const bool of_availability = query.elements().contains(dicom::tag::instance_availability);
    if (dislikes != 0 && of_availability) {
      reply.status = dislikes;
      return say(connection, heard.message.context, reply);
    }
    for (const auto& uid : has) {
      dicom::DataSet match;
      match.set(dicom::tag::sop_instance_uid, "UI", uid);
      if (const auto said = availability.find(uid); said != availability.end() && of_availability) match.set(dicom::tag::instance_availability, "CS", said->second);
      reply.status = 0xFF00;
      if (!say(connection, heard.message.context, reply, &match)) return false;
    }
    reply.status = find_status;
    return say(connection, heard.message.context, reply);
  }
  ScriptedPeer peer;
  std::uint16_t action_status = 0, find_status = 0;
  std::uint16_t off_by = 0;  // answers name another message
  std::optional<dicom::DataSet> reports;  // said after the answer
  std::vector<std::string> has;
  std::map<std::string, std::string> availability;  // told to whoever asks
  std::uint16_t dislikes = 0;                       // answered to whoever asks for it
  dicom::DataSet request, query;
  std::atomic<bool> event_answered{false};
  std::atomic<int> actions{0};
};

std::unique_ptr<core::Prover> prover_for(const Pacs& pacs, Office& office, const std::function<void(uplink::DimseProverOptions&)>& adjust = {},
                                         const Clock& clock = system_clock()) {
  uplink::DimseProverOptions options;
  options.peer = options_for(pacs.peer.port());
  options.report_time_max = std::chrono::milliseconds(200);
  if (adjust) adjust(options);
  return uplink::make_dimse_prover(options, office, office, clock);
}

dicom::DataSet report_of(const std::vector<core::Item>& committed, const std::string& transaction = "2.25.4711") {
  dicom::DataSet set;
  set.set(dicom::tag::transaction_uid, "UI", transaction);
  for (const auto& item : committed)
    set.add_item(dicom::tag::referenced_sop_sequence).set(dicom::tag::referenced_sop_instance_uid, "UI", uid_of(item));
  return set;
}

}  // namespace

TEST_CASE("a_commitment_is_asked_for_every_instance_under_a_transaction_that_was_kept_before" * doctest::description("contract 4")) {
  Pacs pacs;
  Office office;
  pacs.peer.start();
  const auto batch = items(3);
  const auto prover = prover_for(pacs, office);
  for (const auto& proof : ask(*prover, batch)) CHECK(unclear(proof) == "asked; its report of storage commitment is awaited");
  CHECK(prover->way() == core::ProofWay::unknown);  // what is offered is no proof yet
  prover->reported();
  CHECK(prover->way() == core::ProofWay::commitment);
  CHECK(office.begun_for == "pacs");
  CHECK(pacs.request.text(dicom::tag::transaction_uid) == "2.25.4711");
  const auto& named = pacs.request.items(dicom::tag::referenced_sop_sequence);
  REQUIRE(named.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(named[i].text(dicom::tag::referenced_sop_instance_uid) == uid_of(batch[i]));
    CHECK(named[i].text(dicom::tag::referenced_sop_class_uid) == ct_class);
  }
}

TEST_CASE("a_report_on_the_same_association_is_handed_on_and_answered") {
  Pacs pacs;
  Office office;
  const auto batch = items(2);
  pacs.reports = report_of(batch);
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.report_time_max = std::chrono::seconds(10); });
  static_cast<void>(ask(*prover, batch));
  REQUIRE(office.reports.size() == 1);
  CHECK(office.reports[0].committed == std::vector<std::string>{uid_of(batch[0]), uid_of(batch[1])});
  // The peer hears the answer before it hears the release, and hears that before the next association.
  static_cast<void>(ask(*prover, batch));
  CHECK(pacs.event_answered);
}

TEST_CASE("a_report_of_another_transaction_proves_nothing") {
  Pacs pacs;
  Office office;
  const auto batch = items(1);
  pacs.reports = report_of(batch, "2.25.1");
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.report_time_max = std::chrono::seconds(10); });
  CHECK(unclear(ask(*prover, batch)[0]) == "an unknown transaction");
  CHECK(office.reports.empty());
}

TEST_CASE("an_answer_to_another_request_is_no_proof_that_an_image_is_there_nor_that_it_is_not" * doctest::description("contract 3")) {
  Pacs pacs;
  Office office;
  pacs.off_by = 1;
  const auto batch = items(2);
  pacs.has = {uid_of(batch[0])};
  SUBCASE("a query") {
    pacs.peer.start();
    const auto prover = prover_for(pacs, office, [](auto& options) { options.may_commit = false; });
    for (const auto& proof : ask(*prover, batch)) CHECK(unclear(proof) == "its answer to a query speaks of another request");
  }
  SUBCASE("storage commitment") {
    pacs.reports = report_of(batch);
    pacs.peer.start();
    const auto prover = prover_for(pacs, office, [](auto& options) { options.report_time_max = std::chrono::seconds(10); });
    for (const auto& proof : ask(*prover, batch))
      CHECK(unclear(proof) == "its answer to the request for storage commitment speaks of another request");
    CHECK(office.reports.empty());
  }
}

TEST_CASE("a_refused_request_for_commitment_says_so_and_proves_nothing") {
  Pacs pacs;
  Office office;
  pacs.action_status = 0x0110;
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.may_query = false; });
  CHECK(unclear(ask(*prover, items(1))[0]) == "it refused the request for storage commitment with status 272");
  CHECK(prover->way() == core::ProofWay::none);
}

TEST_CASE("a_commitment_that_is_never_reported_is_no_proof_and_a_query_is_asked_until_it_is" * doctest::description("contract 4")) {
  Pacs pacs;
  Office office;
  HandClock clock;
  const auto batch = items(2);
  pacs.has = {uid_of(batch[0]), uid_of(batch[1])};
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.report_time_max = Millis(1); }, clock);
  for (const auto pause : {std::chrono::seconds(10), std::chrono::seconds(20)}) {
    CHECK(unclear(ask(*prover, batch)[0]) == "asked; its report of storage commitment is awaited");
    clock.pass(pause);
  }
  for (const auto& proof : ask(*prover, batch)) CHECK(std::holds_alternative<core::Held>(proof));
  CHECK(prover->way() == core::ProofWay::query);
  CHECK(pacs.actions == 2);
  // A port that was opened meanwhile is found out.
  clock.pass(core::limits::proof_wait_most);
  CHECK_FALSE(std::holds_alternative<core::Held>(ask(*prover, batch)[0]));
  CHECK(pacs.actions == 3);
  prover->reported();
  CHECK(prover->way() == core::ProofWay::commitment);
  static_cast<void>(ask(*prover, batch));
  CHECK(pacs.actions == 4);
}

TEST_CASE("where_commitment_is_refused_a_query_finds_what_is_there_on_the_same_association" * doctest::description("contract 4")) {
  Pacs pacs;
  Office office;
  HandClock clock;
  pacs.action_status = 0x0110;
  const auto batch = items(1);
  pacs.has = {uid_of(batch[0])};
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, {}, clock);
  CHECK(std::holds_alternative<core::Held>(ask(*prover, batch)[0]));
  CHECK(prover->way() == core::ProofWay::query);
  CHECK(std::holds_alternative<core::Held>(ask(*prover, batch)[0]));
  CHECK(pacs.actions == 1);  // it is known by now
  clock.pass(core::limits::proof_wait_most);
  static_cast<void>(ask(*prover, batch));
  CHECK(pacs.actions == 2);
}

TEST_CASE("who_never_reports_and_whose_query_never_finds_anything_proves_nothing" * doctest::description("contract 4")) {
  Pacs pacs;
  Office office;
  HandClock clock;
  bool may_query = true;
  SUBCASE("a query that finds nothing") {}
  SUBCASE("a query that is refused") { pacs.find_status = 0xC001; }
  SUBCASE("no query at all") { may_query = false; }
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [may_query](auto& options) { options.may_query = may_query, options.report_time_max = Millis(1); }, clock);
  const auto batch = items(1);
  for (unsigned times = 0; times < 7 && prover->way() == core::ProofWay::unknown; ++times) {
    CHECK_FALSE(std::holds_alternative<core::Held>(ask(*prover, batch)[0]));
    clock.pass(std::chrono::seconds(30));
  }
  CHECK(prover->way() == core::ProofWay::none);
  pacs.has = {uid_of(batch[0])};
  pacs.find_status = 0;
  if (may_query) CHECK(std::holds_alternative<core::Held>(ask(*prover, batch)[0]));
  CHECK(prover->way() == (may_query ? core::ProofWay::query : core::ProofWay::none));
}

TEST_CASE("what_reports_do_not_commit_to_is_looked_for_by_a_query_and_commitment_is_the_habit_still" * doctest::description("contract 4, 7")) {
  Pacs pacs;
  Office office;
  HandClock clock;
  const auto batch = items(2);
  bool may_query = true, offers = true;
  SUBCASE("a query") {}
  SUBCASE("a person chose commitment") { may_query = false; }
  SUBCASE("no query is offered") { offers = false; }
  if (!offers) pacs.peer.result = [](const Context& context) { return static_cast<std::uint8_t>(context.abstract_syntax == find_class ? 3 : 0); };
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [may_query](auto& options) { options.may_query = may_query, options.report_time_max = Millis(1); }, clock);
  prover->reported();
  for (int times = 0; times < 9; ++times, clock.pass(std::chrono::seconds(30))) CHECK(seek(*prover, batch).empty());  // it has never found anything
  CHECK(prover->way() == core::ProofWay::commitment);
  pacs.has = {uid_of(batch[0])};
  const auto told = seek(*prover, batch);
  CHECK(pacs.actions == 0);
  CHECK(told.size() == (may_query && offers ? 2 : 0));
  if (told.size() == 2) {
    CHECK(std::get<core::Held>(told.at(batch[0].id)).receipt.level == core::Level::archived);
    CHECK(std::holds_alternative<core::Missing>(told.at(batch[1].id)));
  }
  CHECK(prover->way() == core::ProofWay::commitment);
  static_cast<void>(ask(*prover, batch));
  CHECK(pacs.actions == 1);
}

TEST_CASE("where_commitment_is_not_offered_a_query_finds_what_is_there") {
  Pacs pacs;
  Office office;
  const auto batch = items(70);  // more than one query names
  for (std::size_t i = 0; i < batch.size(); i += 2) pacs.has.push_back(uid_of(batch[i]));
  pacs.peer.result = [](const Context& context) {
    return static_cast<std::uint8_t>(context.abstract_syntax == find_class ? 0 : 3);
  };
  pacs.peer.start();
  const auto prover = prover_for(pacs, office);
  const auto proofs = ask(*prover, batch);
  CHECK(prover->way() == core::ProofWay::query);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto* held = std::get_if<core::Held>(&proofs[i]);
    REQUIRE((held != nullptr) == (i % 2 == 0));
    if (held == nullptr) continue;
    CHECK(held->receipt.level == core::Level::archived);
    CHECK(held->receipt.sha256 == batch[i].sha256);
  }
  CHECK(std::holds_alternative<core::Missing>(proofs[1]));
  CHECK(pacs.query.text(dicom::tag::query_level) == "IMAGE");
  CHECK(pacs.query.text(dicom::tag::study_instance_uid) == "2.25.77");
}

TEST_CASE("an_archive_that_lost_the_content_and_kept_the_entry_proves_nothing_and_the_image_counts_as_missing" * doctest::description("contract 4")) {
  Pacs pacs;
  Office office;
  const auto batch = items(7);
  for (const auto& item : batch) pacs.has.push_back(uid_of(item));
  pacs.has.push_back(uid_of(batch[6]));  // there twice
  const std::vector<std::string> said{"ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE", " UNAVAILABLE", ""};
  for (std::size_t i = 0; i < said.size(); ++i) pacs.availability[uid_of(batch[i])] = said[i];
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.may_commit = false; });
  const auto proofs = ask(*prover, batch);
  CHECK(prover->way() == core::ProofWay::query);
  for (const std::size_t i : {0, 1, 2, 5, 6}) CHECK(std::holds_alternative<core::Held>(proofs[i]));
  for (const std::size_t i : {3, 4}) {
    REQUIRE(std::holds_alternative<core::Missing>(proofs[i]));
    CHECK(std::get<core::Missing>(proofs[i]).reason == "a query finds its entry there, and that its content is gone");
  }
}

TEST_CASE("an_image_with_another_name_in_its_data_set_is_asked_for_and_proven_by_that_one" * doctest::description("contract 3, 4")) {
  Pacs pacs;
  Office office;
  auto batch = items(3);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].facts.set(core::Fact::data_sop_instance_uid, "2.25.90" + std::to_string(i));
  pacs.has = {"2.25.900", uid_of(batch[1])};  // the second name is that of another image
  bool may_commit = false;
  SUBCASE("a query") {}
  SUBCASE("storage commitment") { may_commit = true; }
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [&](auto& options) { options.may_commit = may_commit, options.report_time_max = Millis(1); });
  const auto proofs = ask(*prover, batch);
  if (may_commit) {
    const auto& named = pacs.request.items(dicom::tag::referenced_sop_sequence);
    REQUIRE(named.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(named[i].text(dicom::tag::referenced_sop_instance_uid) == "2.25.90" + std::to_string(i));
    return;
  }
  CHECK(std::holds_alternative<core::Held>(proofs[0]));
  for (const std::size_t i : {1, 2}) CHECK(std::holds_alternative<core::Missing>(proofs[i]));
  CHECK(pacs.query.text(dicom::tag::sop_instance_uid) == "2.25.900\\2.25.901\\2.25.902");
}

TEST_CASE("an_archive_that_does_not_like_to_be_asked_for_the_availability_is_asked_without" * doctest::description("contract 4")) {
  const auto proof_where = [](std::uint16_t status) {
    Pacs pacs;
    Office office;
    const auto batch = items(1);
    pacs.has = {uid_of(batch[0])};
    pacs.dislikes = status;
    pacs.peer.start();
    const auto prover = prover_for(pacs, office, [](auto& options) { options.may_commit = false; });
    return ask(*prover, batch)[0];
  };
  CHECK(std::holds_alternative<core::Held>(proof_where(0xA900)));
  CHECK(std::holds_alternative<core::Held>(proof_where(0xC001)));
  CHECK(unclear(proof_where(0xA700)) == "it refused a query for images with status 42752");  // it is busy, and may dislike nothing
}

TEST_CASE("a_query_that_fails_after_some_matches_proves_nothing") {
  Pacs pacs;
  Office office;
  const auto batch = items(2);
  pacs.has = {uid_of(batch[0])};
  pacs.find_status = 0xA700;
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.may_commit = false; });
  for (const auto& proof : ask(*prover, batch)) CHECK(unclear(proof) == "it refused a query for images with status 42752");
}

TEST_CASE("a_match_without_a_name_or_with_one_longer_than_any_is_no_answer_and_denies_nothing" * doctest::description("contract 4, 10")) {
  Pacs pacs;
  Office office;
  const auto batch = items(1);
  pacs.peer.start();
  const auto prover = prover_for(pacs, office, [](auto& options) { options.may_commit = false; });
  for (const std::string& name : {std::string(), std::string(60'000, '1')}) {
    pacs.has = {name};
    CHECK(unclear(ask(*prover, batch)[0]) == "it answers a query with a match that names no image");
  }
  pacs.has = {uid_of(batch[0])};
  CHECK(std::holds_alternative<core::Held>(ask(*prover, batch)[0]));
}

TEST_CASE("a_peer_that_offers_no_proof_and_one_that_is_not_there_are_told_apart") {
  Pacs pacs;
  Office office;
  pacs.peer.result = [](const Context&) { return std::uint8_t{3}; };
  pacs.peer.start();
  const auto prover = prover_for(pacs, office);
  CHECK(unclear(ask(*prover, items(1))[0]) == "it offers neither storage commitment nor a query for images");
  CHECK(prover->way() == core::ProofWay::none);

  uplink::DimseProverOptions nowhere;
  {
    const ScriptedPeer gone;
    nowhere.peer = options_for(gone.port());
  }
  const auto lost = uplink::make_dimse_prover(nowhere, office, office, system_clock());
  CHECK(unclear(ask(*lost, items(1))[0]) == "Connection refused");
  CHECK(lost->way() == core::ProofWay::unknown);
}
