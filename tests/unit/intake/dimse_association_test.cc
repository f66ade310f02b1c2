// SPDX-License-Identifier: Apache-2.0
// Who is let in, who is not and what is said about it, and how an intake ends.
#include <doctest/doctest.h>

#include <dirent.h>
#include <malloc.h>

#include <thread>

#include "base/sanitized.h"
#include "dimse_fixture.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

Bytes text(std::string_view words) {
  const ByteView view = as_bytes(words);
  return {view.begin(), view.end()};
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

}  // namespace

TEST_CASE("refuses_services_that_are_not_storage_and_takes_the_rest") {
  Clinic clinic;
  Modality modality(clinic);
  REQUIRE(modality.associate({{find_class},
                              {ct_class, {implicit_le, explicit_le}},
                              {"1.2.840.113619.4.30", {"1.2.840.113619.5.2"}},
                              {echo_class, {implicit_le}}}));
  const auto& contexts = modality.accepted.contexts;
  REQUIRE(contexts.size() == 4);
  CHECK(contexts[0].result == 3);
  CHECK(contexts[1].result == 0);
  CHECK(contexts[1].transfer_syntaxes == std::vector<std::string>{explicit_le});
  CHECK(contexts[2].result == 0);
  CHECK(contexts[3].result == 0);
  CHECK(modality.accepted.pdu_bytes_max == core::limits::pdu_bytes_max);
}

TEST_CASE("takes_128_contexts_of_many_transfer_syntaxes") {
  Clinic clinic;
  Modality modality(clinic);
  std::vector<std::string> many;
  for (int i = 0; i < 60; ++i) many.push_back("1.2.840.113619.5." + std::to_string(i));
  many.push_back(explicit_le);
  REQUIRE(modality.associate(std::vector<Modality::Offer>(128, {ct_class, many})));
  REQUIRE(modality.accepted.contexts.size() == 128);
  for (const auto& context : modality.accepted.contexts) {
    CHECK(context.result == 0);
    CHECK(context.transfer_syntaxes == std::vector<std::string>{explicit_le});
  }
}

TEST_CASE("says_when_nothing_that_was_asked_for_is_taken") {
  Clinic clinic([](auto& options) { options.accept = {explicit_le}; });
  Modality modality(clinic);
  REQUIRE(modality.associate({{find_class}, {ct_class, {implicit_le}}}));
  CHECK(modality.accepted.contexts[0].result == 3);
  CHECK(modality.accepted.contexts[1].result == 4);
  CHECK(clinic.refusal().calling_ae == "CT1");
}

TEST_CASE("answers_a_c_echo") {
  Clinic clinic;
  Modality modality(clinic);
  REQUIRE(modality.associate({{echo_class}}));
  dicom::CommandSet echo;
  echo.command_field = dicom::command::c_echo_rq;
  echo.message_id = 3;
  echo.affected_sop_class_uid = echo_class;
  REQUIRE(modality.send(1, echo));
  const auto answer = modality.response();
  REQUIRE(answer);
  CHECK(answer->command_field == dicom::command::c_echo_rsp);
  CHECK(answer->status == 0x0000);
  CHECK(answer->message_id_responded_to == 3);
}

TEST_CASE("a_called_title_that_is_not_ours_is_refused_and_ours_give_the_priority") {
  Clinic clinic([](auto& options) {
    options.called_titles = {{"SAMPAN", core::Priority::routine}, {"URGENT", core::Priority::emergency}};
  });
  Modality stranger(clinic);
  CHECK_FALSE(stranger.associate({{ct_class}}, "OTHER"));
  CHECK(stranger.rejected == Bytes{0, 1, 1, 7});
  const Refusal refusal = clinic.refusal();
  CHECK(refusal.code == 0x0107);
  CHECK(refusal.called_ae == "OTHER");
  CHECK(refusal.peer_address == "127.0.0.1");

  Modality modality(clinic);
  REQUIRE(modality.associate({{ct_class}}, "URGENT"));
  CHECK(modality.store(1, ct_class, "2.25.1", small_image("2.25.1")) == 0x0000);
  CHECK(clinic.sink.stored.at(0).manifest.priority == core::Priority::emergency);
  CHECK(clinic.callers.at(0).called_ae == "URGENT");
}

TEST_CASE("only_callers_on_the_list_are_let_in_when_there_is_one") {
  const auto let_in = [](std::vector<AllowedCaller> callers) {
    Clinic clinic([&](auto& options) { options.callers = std::move(callers); });
    Modality modality(clinic);
    if (modality.associate({{ct_class}})) return true;
    CHECK(modality.rejected == Bytes{0, 1, 1, 3});
    CHECK(clinic.refusal().code == 0x0103);
    CHECK(clinic.refusal().calling_ae == "CT1");
    return false;
  };
  CHECK(let_in({}));
  CHECK(let_in({{"CT1", ""}}));
  CHECK(let_in({{"", "127.0.0.1"}}));
  CHECK(let_in({{"", "::FFFF:127.0.0.1"}}));
  CHECK(let_in({{"MR1", ""}, {"CT1", "127.0.0.1"}}));
  CHECK_FALSE(let_in({{"MR1", ""}}));
  CHECK_FALSE(let_in({{"CT1", "192.0.2.1"}}));
}

TEST_CASE("callers_without_a_title_or_who_call_nobody_are_rejected") {
  Clinic clinic;
  Modality nameless(clinic), aimless(clinic);
  CHECK_FALSE(nameless.associate({{ct_class}}, "SAMPAN", ""));
  CHECK(nameless.rejected == Bytes{0, 1, 1, 3});
  CHECK_FALSE(aimless.associate({{ct_class}}, "", "CT1"));
  CHECK(aimless.rejected == Bytes{0, 1, 1, 7});
  CHECK(clinic.refusal(2).code == 0x0107);
}

TEST_CASE("says_plainly_that_a_caller_does_not_speak_plain_dicom") {
  Clinic clinic;
  auto heard = [&, count = std::size_t{0}](const Bytes& first_words) mutable {
    Modality caller(clinic);
    REQUIRE(caller.connection().send(first_words));
    const std::string reason = clinic.refusal(++count).reason;
    CHECK(caller.closed_by_peer());
    return reason;
  };
  CHECK(heard({0x16, 0x03, 0x01, 0x00, 0xf4, 0x01, 0x00, 0x00}).find("TLS") != std::string::npos);
  CHECK(heard(text("GET / HTTP/1.1\r\n\r\n")).find("HTTP") != std::string::npos);
  CHECK(heard(text("SSH-2.0-something")).find("does not speak DICOM") != std::string::npos);
  CHECK(heard({0x01, 0x00, 0x7f, 0xff, 0xff, 0xff}).find("too large") != std::string::npos);
  CHECK(heard({0x01, 0x00, 0, 0, 0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).find("malformed") != std::string::npos);
}

TEST_CASE("a_connection_that_stays_silent_is_ended_and_remembered") {
  Clinic clinic([](auto& options) { options.negotiation_time_max = Millis(50); });
  Modality silent(clinic);
  CHECK(clinic.refusal().reason.find("never asked") != std::string::npos);
  CHECK(silent.closed_by_peer());
  Modality slow(clinic);
  REQUIRE(slow.connection().send(Bytes{0x01, 0x00, 0, 0, 1, 0, 1, 2, 3}));
  CHECK(clinic.refusal(2).reason.find("did not arrive in time") != std::string::npos);
  CHECK(slow.closed_by_peer());
}

TEST_CASE("a_caller_that_negotiates_slowly_keeps_nobody_waiting") {
  Clinic clinic;
  Modality silent(clinic);
  Modality slow(clinic);
  REQUIRE(slow.connection().send(Bytes{0x01, 0x00, 0, 0, 1, 0, 1, 2, 3}));
  Modality quick(clinic);
  CHECK(quick.associate({{ct_class}}));
  CHECK(quick.store(1, ct_class, "2.25.1", small_image("2.25.1")) == 0x0000);
}

TEST_CASE("associations_beyond_the_limits_are_refused_for_now") {
  bool per_host = false;
  SUBCASE("of the node") {}
  SUBCASE("of the host") { per_host = true; }
  Clinic clinic([&](auto& options) { (per_host ? options.associations_per_host_max : options.associations_max) = 2; });
  Modality first(clinic), second(clinic);
  REQUIRE(first.associate({{ct_class}}));
  REQUIRE(second.associate({{ct_class}}));
  CHECK(clinic.intake->associations_now() == 2);
  {
    Modality third(clinic);
    CHECK_FALSE(third.associate({{ct_class}}));
    CHECK(third.rejected == Bytes{0, 2, 3, 2});
    CHECK(clinic.refusal().code == 0x0302);
    CHECK((clinic.refusal().reason.find("host") != std::string::npos) == per_host);
  }
  REQUIRE(first.release());
  CHECK(first.closed_by_peer());
  Modality fourth(clinic);
  CHECK(fourth.associate({{ct_class}}));
}

TEST_CASE("connections_beyond_what_there_are_threads_for_are_turned_away_at_once") {
  Clinic clinic([](auto& options) { options.associations_per_host_max = 1; });
  std::vector<std::unique_ptr<Modality>> silent;
  for (int i = 0; i < 5; ++i) silent.push_back(std::make_unique<Modality>(clinic));
  Modality last(clinic);
  CHECK_FALSE(last.associate({{ct_class}}));
  CHECK(clinic.refusal().reason.find("too many connections") != std::string::npos);
}

TEST_CASE("an_association_that_stays_idle_is_aborted") {
  Clinic clinic([](auto& options) { options.idle_time_max = Millis(50); });
  Modality modality(clinic);
  REQUIRE(modality.associate({{ct_class}}));
  CHECK_FALSE(modality.response());
  CHECK(modality.ended_by == test::PduType::abort);
}

TEST_CASE("broken_framing_is_aborted") {
  Clinic clinic;
  Modality modality(clinic);
  REQUIRE(modality.associate({{ct_class}}));
  SUBCASE("a context that was never accepted") {
    REQUIRE(modality.send(99, Modality::store_request(ct_class, "2.25.1"), small_image("2.25.1")));
  }
  SUBCASE("a fragment longer than its PDU") {
    REQUIRE(test::send_pdu(modality.connection(), test::PduType::data, Bytes{0, 0, 1, 0, 1, 3, 0}));
  }
  SUBCASE("a second association request") {
    REQUIRE(test::send_pdu(modality.connection(), test::PduType::associate_rq, Bytes(80)));
  }
  CHECK_FALSE(modality.response());
  CHECK(modality.ended_by == test::PduType::abort);
  CHECK(clinic.sink.stored.empty());
}

TEST_CASE("callers_that_break_off_leave_no_descriptor_behind") {
  Clinic clinic;
  { Modality warm_up(clinic); REQUIRE(warm_up.associate({{ct_class}})); REQUIRE(warm_up.release()); }
  const std::size_t before = open_descriptors();
  for (std::size_t i = 1; i <= 5; ++i) {
    Modality malformed(clinic);
    REQUIRE(malformed.connection().send(Bytes{0x01, 0x00, 0, 0, 0, 4, 1, 2, 3, 4}));
    clinic.refusal(i);
    CHECK(malformed.closed_by_peer());
  }
  CHECK(open_descriptors() <= before);
}

TEST_CASE("requests_that_dcmtk_would_give_up_half_read_leave_no_memory_behind" * doctest::description("contract 10")) {
  if (SAMPAN_SANITIZED != 0) {
    MESSAGE("skipped: a sanitizer has an allocator of its own, which tells mallinfo2() nothing");
    return;
  }
  const auto item = [](std::uint8_t type, Bytes value) {
    value.insert(value.begin(), {type, 0, static_cast<std::uint8_t>(value.size() >> 8), static_cast<std::uint8_t>(value.size())});
    return value;
  };
  Bytes extended(30'000, 7), user = item(0x51, Bytes{0, 0, 64, 0});
  extended[0] = 0, extended[1] = 0;
  // An identity without a password has no second field: what stands there nobody would read as one.
  for (const Bytes& part : {item(0x56, extended), item(0x58, Bytes{1, 1, 0, 1, 'u', 0, 2, 'p', 'w'})}) user.insert(user.end(), part.begin(), part.end());
  const Bytes information = item(0x50, user);
  Bytes request{1, 0, 0, 0, static_cast<std::uint8_t>((68 + information.size()) >> 8), static_cast<std::uint8_t>(68 + information.size()), 0, 1};
  request.resize(6 + 68, ' ');
  request.insert(request.end(), information.begin(), information.end());
  Clinic clinic;
  std::size_t sent = 0;
  const auto send = [&](std::size_t times) {
    for (const std::size_t end = sent + times; sent < end;) {
      Modality caller(clinic);
      REQUIRE(caller.connection().send(request));
      clinic.refusal(++sent);
      CHECK(caller.closed_by_peer());
    }
    return ::mallinfo2().uordblks;
  };
  const std::size_t before = send(20);
  CHECK(send(100) < before + 1'000'000);
}

TEST_CASE("a_port_that_is_taken_is_said_in_words") {
  Clinic clinic;
  DimseIntakeOptions options;
  options.address = "127.0.0.1";
  options.port = clinic.intake->port();
  DimseIntake second(clinic.sink, system_clock(), options, clinic);
  const Status started = second.start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().message.find("another program has the port") != std::string::npos);
}

TEST_CASE("listens_on_ipv6_and_shows_ipv4_callers_as_such") {
  Clinic clinic([](auto& options) { options.address = "::"; });
  Modality modality(clinic);
  REQUIRE(modality.associate({{ct_class}}));
  REQUIRE(clinic.watched.wait([&] { return !clinic.callers.empty(); }));
  CHECK(clinic.callers[0].peer_address == "127.0.0.1");
}

TEST_CASE("a_stop_ends_idle_associations_and_lets_a_running_store_finish") {
  Clinic clinic;
  Modality idle(clinic), busy(clinic), silent(clinic);
  REQUIRE(idle.associate({{ct_class}}));
  REQUIRE(busy.associate({{ct_class}}));
  const Bytes image = small_image("2.25.1");
  REQUIRE(busy.send(1, Modality::store_request(ct_class, "2.25.1"), image, 16000, true));
  REQUIRE(clinic.sink.watched.wait([&] { return clinic.sink.bytes_seen == image.size(); }));
  std::thread stopper([&] { clinic.intake->stop(patience); });
  CHECK_FALSE(idle.response());
  CHECK(silent.closed_by_peer());
  Bytes rest{0, 0, 0, 2, 1, 2};  // an empty last fragment
  CHECK(test::send_pdu(busy.connection(), test::PduType::data, rest).ok());
  const auto answer = busy.response();
  stopper.join();
  REQUIRE(answer);
  CHECK(answer->status == 0x0000);
  CHECK(clinic.sink.stored.size() == 1);
  CHECK(clinic.intake->associations_now() == 0);
}

TEST_CASE("a_stop_does_not_wait_beyond_its_grace") {
  Clinic clinic;
  Modality busy(clinic);
  REQUIRE(busy.associate({{ct_class}}));
  REQUIRE(busy.send(1, Modality::store_request(ct_class, "2.25.1"), small_image("2.25.1"), 16000, true));
  REQUIRE(clinic.sink.watched.wait([&] { return clinic.sink.bytes_seen > 0; }));
  clinic.intake->stop(Millis(20));
  CHECK(clinic.sink.abandoned == 1);
  CHECK_FALSE(busy.response());
}
