// SPDX-License-Identifier: Apache-2.0
// The courier against peers that misbehave, each in its own way.
#include <doctest/doctest.h>

#include "dimse_support.h"
#include "uplink/dimse.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const EchoingJudge judge;

std::unique_ptr<core::Courier> courier_to(const ScriptedPeer& peer, Millis answer_time_max = std::chrono::seconds(10)) {
  auto options = options_for(peer.port());
  options.answer_time_max = answer_time_max;
  return uplink::make_dimse_courier(options, judge, system_clock());
}

// A P-DATA-TF with a whole command set.
Bytes framed(std::uint8_t context, const Bytes& command) {
  const auto length = static_cast<std::uint8_t>(command.size() + 6);
  Bytes pdu{4, 0, 0, 0, 0, length, 0, 0, 0, static_cast<std::uint8_t>(length - 4), context, 3};
  pdu.insert(pdu.end(), command.begin(), command.end());
  return pdu;
}

std::vector<core::Consignment> three() { return {image(), image(ct_class, 400000), image()}; }

// The second of three instances is answered by wrong; what became of each.
std::vector<core::Outcome> second_answered_by(ScriptedPeer& peer, const ScriptedPeer::Answer& wrong) {
  peer.answer = [wrong](Connection& connection, const ScriptedPeer::Heard& heard) {
    return heard.number == 2 ? wrong(connection, heard) : ScriptedPeer::accept_all(connection, heard);
  };
  peer.start();
  auto batch = three();
  const auto courier = courier_to(peer);
  return attempt(*courier, batch);
}

}  // namespace

TEST_CASE("an_answer_for_another_instance_is_no_answer") {
  ScriptedPeer peer;
  const auto outcomes = second_answered_by(peer, [](Connection& connection, const ScriptedPeer::Heard& heard) {
    return ScriptedPeer::respond(connection, heard.message, 0, heard.message.command.sop_instance + ".1");
  });
  CHECK(delivered(outcomes[0]));
  CHECK(retry_of(outcomes[1]) == "destination: answer for another instance");
  CHECK(retry_of(outcomes[2]) == "destination: answer for another instance");
  CHECK(wait_until([&] { return peer.aborted == 1; }));
  CHECK(peer.stored == 2);
}

TEST_CASE("an_answer_to_another_message_is_no_answer") {
  ScriptedPeer peer;
  const auto outcomes = second_answered_by(peer, [](Connection& connection, const ScriptedPeer::Heard& heard) {
    return ScriptedPeer::respond(connection, heard.message, 0, heard.message.command.sop_instance, 1);
  });
  CHECK(delivered(outcomes[0]));
  CHECK(retry_of(outcomes[1]) == "destination: answer for another instance");
}

TEST_CASE("an_image_with_another_name_in_its_data_set_goes_out_under_that_one") {
  ScriptedPeer peer;
  peer.start();
  std::vector<core::Consignment> batch{image(), image()};
  const std::string commanded(batch[1].item.facts.get(core::Fact::sop_instance_uid));
  batch[0].item.facts.set(core::Fact::data_sop_instance_uid, "2.25.4711");
  batch[1].item.facts.set(core::Fact::data_sop_instance_uid, "no UID");
  const auto courier = courier_to(peer);
  for (const auto& outcome : attempt(*courier, batch)) CHECK(delivered(outcome));
  const auto heard = peer.heard();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].message.command.sop_instance == "2.25.4711");  // some archives refuse what their data set contradicts
  CHECK(heard[0].sha256 == to_hex(batch[0].item.sha256));
  CHECK(heard[1].message.command.sop_instance == commanded);
}

TEST_CASE("an_answer_without_instance_counts_by_its_message") {
  ScriptedPeer peer;
  const auto outcomes = second_answered_by(peer, [](Connection& connection, const ScriptedPeer::Heard& heard) {
    return ScriptedPeer::respond(connection, heard.message, 0, "");
  });
  for (const auto& outcome : outcomes) CHECK(delivered(outcome));
}

TEST_CASE("a_status_is_for_the_judge_and_the_association_goes_on") {
  ScriptedPeer peer;
  const auto outcomes = second_answered_by(peer, [](Connection& connection, const ScriptedPeer::Heard& heard) {
    return ScriptedPeer::respond(connection, heard.message, 0xA700, heard.message.command.sop_instance);
  });
  CHECK(delivered(outcomes[0]));
  CHECK(retry_of(outcomes[1]) == "item: status 42752");
  CHECK(delivered(outcomes[2]));
  CHECK(peer.associations == 1);
}

TEST_CASE("a_connection_cut_instead_of_an_answer_leaves_the_rest_undelivered") {
  ScriptedPeer peer;
  const auto outcomes = second_answered_by(peer, [](Connection&, const ScriptedPeer::Heard&) { return false; });
  CHECK(delivered(outcomes[0]));
  CHECK(retry_of(outcomes[1]).starts_with("destination: no connection: "));
  CHECK(retry_of(outcomes[2]).starts_with("destination: no connection: "));
  CHECK(peer.stored == 2);
}

TEST_CASE("a_release_or_nonsense_instead_of_an_answer_leaves_the_rest_undelivered") {
  const std::string expected[] = {"destination: the peer released the association without an answer",
                                  "destination: no connection: broken protocol: PDU that does not belong here",
                                  "destination: the peer aborted the association"};
  const PduType sent[] = {PduType::release_rq, PduType::associate_ac, PduType::abort};
  for (int i = 0; i < 3; ++i) {
    ScriptedPeer peer;
    const auto outcomes = second_answered_by(peer, [&](Connection& connection, const ScriptedPeer::Heard&) {
      return send_pdu(connection, sent[i], Bytes(4)).ok();
    });
    CHECK(delivered(outcomes[0]));
    CHECK(retry_of(outcomes[1]) == expected[i]);
    CHECK(retry_of(outcomes[2]) == expected[i]);
  }
}

TEST_CASE("an_instance_in_flight_whenever_everything_breaks_backs_off_by_itself") {
  ScriptedPeer peer;
  peer.answer = [](Connection&, const ScriptedPeer::Heard&) { return false; };
  peer.start();
  auto batch = three();
  batch[0].attempts = 3;
  const auto courier = courier_to(peer);
  const auto outcomes = attempt(*courier, batch);
  CHECK(retry_of(outcomes[0]).starts_with("item: no connection: "));
  CHECK(retry_of(outcomes[1]).starts_with("destination: no connection: "));
}

TEST_CASE("silence_instead_of_an_answer_is_a_timeout") {
  ScriptedPeer peer;
  peer.answer = [](Connection&, const ScriptedPeer::Heard&) { return true; };
  peer.start();
  auto batch = three();
  const auto courier = courier_to(peer, Millis(150));
  for (const auto& outcome : attempt(*courier, batch)) {
    CHECK(retry_of(outcome) == "destination: timeout: the peer sent nothing in time");
  }
}

TEST_CASE("a_rejected_association_is_for_the_judge_numbers_as_on_the_wire") {
  ScriptedPeer peer;
  peer.reject = {1, 1, 7};
  peer.start();
  auto batch = three();
  const auto courier = courier_to(peer);
  for (const auto& outcome : attempt(*courier, batch)) CHECK(retry_of(outcome) == "configuration: reject 1 1 7");
  peer.reject = {2, 3, 1};
  for (const auto& outcome : attempt(*courier, batch)) CHECK(retry_of(outcome) == "configuration: reject 2 3 1");
  CHECK(peer.requests().size() == 2);
}

TEST_CASE("a_peer_that_never_answers_the_association_request_is_a_timeout") {
  ScriptedPeer peer;
  peer.mute = true;
  peer.start();
  auto options = options_for(peer.port());
  options.connect_time_max = std::chrono::seconds(1);
  auto batch = three();
  const auto courier = uplink::make_dimse_courier(options, judge, system_clock());
  for (const auto& outcome : attempt(*courier, batch)) {
    CHECK(retry_of(outcome) == "destination: timeout: no answer to the association request");
  }
}

TEST_CASE("a_host_that_does_not_answer_at_all_is_a_timeout") {
  // A listener whose queue is full drops what knocks: a black hole on loopback.
  const BlackHole hole;
  auto options = options_for(hole.port());
  options.connect_time_max = std::chrono::seconds(1);
  std::vector batch{image()};
  const auto courier = uplink::make_dimse_courier(options, judge, system_clock());
  CHECK(retry_of(attempt(*courier, batch)[0]) == "destination: timeout: no answer to the connection request");
}

TEST_CASE("a_peer_that_is_no_dicom_node_is_named_so") {
  ScriptedPeer peer;
  peer.babble = "HTTP/1.1 400 Bad Request\r\n\r\n";
  peer.start();
  std::vector batch{image()};
  const auto courier = courier_to(peer);
  CHECK(retry_of(attempt(*courier, batch)[0]) ==
        "destination: no connection: broken protocol: the peer does not speak DICOM");
}

TEST_CASE("each_class_and_syntax_has_a_context_of_its_own_and_recent_ones_come_along") {
  ScriptedPeer peer;
  peer.start();
  const auto courier = courier_to(peer);
  std::vector first{image(ct_class), image(ct_class), image(ct_class, 0, implicit_le)};
  std::vector second{image(mr_class)};
  std::vector third{image(ct_class), image(mr_class)};
  for (auto* batch : {&first, &second, &third}) {
    for (const auto& outcome : attempt(*courier, *batch)) CHECK(delivered(outcome));
  }
  const auto requests = peer.requests();
  REQUIRE(requests.size() == 2);  // the third batch found its contexts
  CHECK(requests[0].contexts.size() == 2);
  REQUIRE(requests[1].contexts.size() == 3);
  CHECK(requests[1].contexts[0].abstract_syntax == mr_class);
  for (const auto& context : requests[1].contexts) CHECK(context.transfer_syntaxes.size() == 1);
  CHECK(requests[0].called == "PACS");
  CHECK(requests[0].calling == "SAMPAN");
  CHECK(wait_until([&] { return peer.released == 1; }));  // of the first, when a context was missing
}

TEST_CASE("a_refused_class_is_asked_for_again_by_the_next_attempt_only") {
  ScriptedPeer peer;
  std::atomic<bool> refusing{true};
  peer.result = [&](const Context& context) {
    return static_cast<std::uint8_t>(refusing && context.abstract_syntax == mr_class ? 3 : 0);
  };
  peer.start();
  const auto courier = courier_to(peer);
  std::vector batch{image(mr_class), image(ct_class), image(mr_class)};
  const auto outcomes = attempt(*courier, batch);
  CHECK(retry_of(outcomes[0]) == "sop_class: refused " + mr_class + " 3");
  CHECK(delivered(outcomes[1]));
  CHECK(retry_of(outcomes[2]) == "sop_class: refused " + mr_class + " 3");
  CHECK(peer.associations == 1);
  refusing = false;
  std::vector probe{image(mr_class)};
  CHECK(delivered(attempt(*courier, probe)[0]));
  CHECK(peer.associations == 2);
}

TEST_CASE("an_association_the_peer_ended_meanwhile_is_replaced_without_a_failure") {
  ScriptedPeer peer;
  std::atomic<unsigned> ended{0};
  peer.answer = [&](Connection& connection, const ScriptedPeer::Heard& heard) {
    ScriptedPeer::accept_all(connection, heard);
    if (heard.number == 1) peer.fall_silent();
    if (heard.number == 2) (void)send_pdu(connection, PduType::release_rq, Bytes(4)).ok();
    ++ended;
    return true;
  };
  peer.start();
  const auto courier = courier_to(peer);
  for (unsigned round = 1; round <= 3; ++round) {
    std::vector batch{image()};
    const auto outcomes = attempt(*courier, batch);
    CHECK_MESSAGE(delivered(outcomes[0]), round, retry_of(outcomes[0]));
    REQUIRE(wait_until([&] { return ended == round && peer.was_heard(); }));
  }
  CHECK(peer.associations == 3);
}

TEST_CASE("a_peer_that_releases_after_each_instance_gets_them_all") {
  ScriptedPeer peer;
  peer.answer = [&](Connection& connection, const ScriptedPeer::Heard& heard) {
    const Command& asked = heard.message.command;
    Command response{c_store_rsp, asked.message_id, 0, false, asked.sop_class, asked.sop_instance};
    // Both in one segment: the release is there when the answer is.
    Bytes both = framed(heard.message.context, encode_command(response));
    const Bytes release{5, 0, 0, 0, 0, 4, 0, 0, 0, 0};
    both.insert(both.end(), release.begin(), release.end());
    return connection.send(both).ok();
  };
  peer.start();
  auto batch = three();
  const auto courier = courier_to(peer);
  for (const auto& outcome : attempt(*courier, batch)) CHECK_MESSAGE(delivered(outcome), retry_of(outcome));
  CHECK(peer.associations == 3);
}

TEST_CASE("a_peer_that_talks_on_when_the_association_is_given_back_holds_the_lane_for_seconds_only" * doctest::description("contract 8")) {
  ScriptedPeer peer;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  peer.answer = [&](Connection& connection, const ScriptedPeer::Heard& heard) {
    Pdu asked;
    if (!ScriptedPeer::accept_all(connection, heard) || !read_pdu(connection, asked).ok()) return false;
    const Bytes word{0, 0, 0, 3, 1, 0, 'x'};
    for (const auto end = now() + std::chrono::seconds(20); now() < end && send_pdu(connection, PduType::data, word).ok();)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // quick enough not to drip
    return false;
  };
  peer.start();
  std::vector<core::Consignment> batch{image()};
  const auto courier = courier_to(peer);
  CHECK(delivered(attempt(*courier, batch)[0]));
  const auto before = now();
  courier->rest();
  CHECK(now() - before < std::chrono::seconds(10));
}

TEST_CASE("the_next_instance_is_opened_while_the_peer_stores_the_last_and_arrives_as_it_is") {
  ScriptedPeer peer;
  std::vector<core::Consignment> batch;
  for (const std::size_t filler : {0, 700000, 20, 262144, 5}) batch.push_back(image(ct_class, filler));
  // Released after the second: what was opened for that association is opened again for the next.
  peer.answer = [](Connection& connection, const ScriptedPeer::Heard& heard) {
    return ScriptedPeer::accept_all(connection, heard) && heard.number != 2;
  };
  peer.start();
  const auto courier = courier_to(peer);
  const auto outcomes = attempt(*courier, batch);
  for (std::size_t i = 0; i < peer.heard().size(); ++i) {
    CHECK(delivered(outcomes[i]));
    CHECK(peer.heard()[i].sha256 == to_hex(batch[i].item.sha256));
  }
  CHECK(peer.heard().size() >= 2);
  std::vector<core::Consignment> rest(batch.begin() + static_cast<std::ptrdiff_t>(peer.heard().size()), batch.end());
  for (const auto& outcome : attempt(*courier, rest)) CHECK(delivered(outcome));
  std::vector<std::string> heard, sent;
  for (const auto& one : peer.heard()) heard.push_back(one.sha256);
  for (const auto& one : batch) sent.push_back(to_hex(one.item.sha256));
  CHECK(heard == sent);
}

TEST_CASE("when_something_more_urgent_waits_the_rest_of_the_batch_is_left_and_the_association_stays") {
  ScriptedPeer peer;
  peer.start();
  const auto courier = courier_to(peer);
  std::vector batch{image(), image(), image()};
  std::vector<Uuid> told;
  courier->attempt(batch, [&](const Uuid& id, core::Outcome outcome) {
    CHECK(delivered(outcome));
    told.push_back(id);
    return told.size() < 2;
  });
  CHECK(told == std::vector{batch[0].item.id, batch[1].item.id});
  std::vector urgent{image(ct_class, 900)};
  CHECK(delivered(attempt(*courier, urgent)[0]));
  CHECK(peer.heard().size() == 3);
  CHECK(peer.heard().back().sha256 == to_hex(urgent[0].item.sha256));
  CHECK(peer.associations == 1);
}

TEST_CASE("a_stored_copy_that_does_not_verify_stops_only_itself") {
  ScriptedPeer peer;
  peer.start();
  const auto courier = courier_to(peer);
  // Damaged in the first block, nothing is sent; damaged later, the association is spoilt and made anew.
  for (const std::uint64_t from : {std::uint64_t{0}, std::uint64_t{300000}}) {
    auto batch = three();
    std::static_pointer_cast<MemoryPayload>(batch[1].payload)->damaged_from = from;
    const auto outcomes = attempt(*courier, batch);
    CHECK(delivered(outcomes[0]));
    CHECK(retry_of(outcomes[1]) == "item: the stored copy does not verify");
    CHECK(delivered(outcomes[2]));
  }
  CHECK(peer.associations == 2);
  CHECK(peer.stored == 4);
}

TEST_CASE("an_item_without_uids_is_rejected_without_a_connection") {
  std::vector batch{image()};
  batch[0].item.facts = {};
  const auto courier = uplink::make_dimse_courier(options_for(free_port()), judge, system_clock());
  CHECK(std::holds_alternative<core::Rejected>(attempt(*courier, batch)[0]));
}

TEST_CASE("interrupt_ends_a_wait_and_every_later_attempt_at_once") {
  std::unique_ptr<core::Courier> courier;  // outlives the thread of the peer, which calls it
  ScriptedPeer peer;
  peer.answer = [&](Connection&, const ScriptedPeer::Heard&) {
    courier->interrupt();
    return true;
  };
  peer.start();
  courier = courier_to(peer, std::chrono::minutes(5));
  auto batch = three();
  for (auto& one : batch) one.attempts = 10;  // suspected of breaking connections: not of this one
  for (const auto& outcome : attempt(*courier, batch)) CHECK(retry_of(outcome) == "this_node: interrupted by this node");
  for (const auto& outcome : attempt(*courier, batch)) CHECK(retry_of(outcome) == "this_node: interrupted by this node");
  CHECK(peer.associations == 1);
}

TEST_CASE("interrupt_ends_the_wait_for_an_association") {
  ScriptedPeer peer;
  peer.mute = true;
  peer.start();
  auto options = options_for(peer.port());
  options.connect_time_max = std::chrono::seconds(60);
  const auto courier = uplink::make_dimse_courier(options, judge, system_clock());
  std::thread other([&] {
    (void)wait_until([&] { return peer.muted == 1; });
    courier->interrupt();
  });
  auto batch = three();
  for (const auto& outcome : attempt(*courier, batch)) CHECK(retry_of(outcome) == "this_node: interrupted by this node");
  other.join();
}

TEST_CASE("what_is_sent_is_what_was_stored_whatever_the_peers_pdu_length") {
  for (const std::uint32_t pdu_bytes_max : {0u, 4096u, 131072u}) {
    ScriptedPeer peer;
    peer.pdu_bytes_max = pdu_bytes_max;
    peer.start();
    std::vector batch{image(ct_class, 1000001), image(ct_class, 262144 - 100)};
    const auto courier = courier_to(peer);
    for (const auto& outcome : attempt(*courier, batch)) CHECK(delivered(outcome));
    const auto heard = peer.heard();
    REQUIRE(heard.size() == 2);
    for (int i = 0; i < 2; ++i) CHECK(heard[i].sha256 == to_hex(batch[i].item.sha256));
  }
}
