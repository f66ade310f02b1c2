// SPDX-License-Identifier: Apache-2.0
// Every row of the failure table through real sockets: a peer that answers so, a whole node, and what the node makes of it.
//
// The rows come from the table itself: one that nobody here can play fails the test.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../uplink/stow_support.h"
#include "node/node.h"
#include "policy/failure_table.h"
#include "queue/counts.h"
#include "queue/queue.h"
#include "support/process.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::test;
using control::DestinationState;
using policy::Family;
using policy::Finding;
using policy::Verdict;

TEST_SUITE_BEGIN("failure_table");

namespace {

constexpr auto everything_has_answered = std::chrono::seconds(90);  // one of them says nothing at all, and has 20 s for it

// What no courier reports: a finding without a name.
constexpr std::array not_seen{std::uint16_t{0xffff}};

// A TLS service whose certificate nobody signed.
class UnknownService {
 public:
  explicit UnknownService(const std::filesystem::path& folder) {
    const std::string key = folder / "key.pem", certificate = folder / "certificate.pem";
    const Process made({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                        "-out", certificate, "-days", "2", "-subj", "/CN=localhost"});
    REQUIRE(wait_until([&] { return std::filesystem::exists(certificate) && std::filesystem::file_size(certificate) > 0; }));
    process_ = std::make_unique<Process>(std::vector<std::string>{
        "openssl", "s_server", "-accept", "127.0.0.1:" + std::to_string(port), "-cert", certificate, "-key", key, "-rev", "-quiet"});
    REQUIRE(wait_until([this] { return answers_on(port); }));
  }
  const std::uint16_t port = free_port();

 private:
  std::unique_ptr<Process> process_;
};

// A destination whose peer answers with one code of one row.
struct Case {
  const policy::FailureRow* row = nullptr;
  Verdict verdict{};  // that of the row, but for a reject that the peer itself calls transient
  std::string words{};  // of the row, but for a reject with a reason that the standard does not know: DCMTK reads none in it
  settings::Destination destination{};
  std::unique_ptr<ScriptedPeer> peer{};
  std::unique_ptr<HttpServer> server{};
  std::unique_ptr<UnknownService> service{};
  std::unique_ptr<BlackHole> hole{};
  // To deliver; whoever only asks whether it is there is answered and not counted.
  std::shared_ptr<std::atomic<unsigned>> tried = std::make_shared<std::atomic<unsigned>>(0);
  unsigned attempts() const { return tried->load(); }
};

// Codes that find this row and no other: the ends of its range, and what lies between.
std::vector<std::uint16_t> codes_of(const policy::FailureRow& row) {
  std::vector<std::uint16_t> candidates{row.first, row.last, static_cast<std::uint16_t>((row.first + row.last) / 2)};
  if (row.family == Family::http && row.last == 0xffff) candidates = {418, 499, 999};
  if (row.family == Family::association && row.last == 0xffff) candidates = {0x0104};
  if (row.family == Family::context && row.last == 0xffff) candidates = {5, 200};
  std::vector<std::uint16_t> codes;
  for (const std::uint16_t code : candidates) {
    const bool again = std::find(codes.begin(), codes.end(), code) != codes.end();
    if (!again && &policy::find_failure(row.family, code) == &row) codes.push_back(code);
  }
  return codes;
}

void to_dimse(Case& made) {
  made.destination.calling_ae = "SAMPAN";
  const std::uint16_t port = made.peer ? made.peer->port() : made.hole ? made.hole->port() : free_port();
  made.destination.dimse = settings::DimseAddress{"PACS", "127.0.0.1", port};
}

void play_dimse(Case& made, std::uint16_t status) {
  made.peer = std::make_unique<ScriptedPeer>();
  made.peer->answer = [status, tried = made.tried](Connection& connection, const ScriptedPeer::Heard& heard) {
    if (heard.message.command.field == c_echo_rq) {
      Command reply = heard.message.command;
      reply.field = c_echo_rsp;
      reply.status = 0;
      return send_message(connection, heard.message.context, reply, {}, {}).ok();
    }
    ++*tried;
    return ScriptedPeer::respond(connection, heard.message, status, heard.message.command.sop_instance);
  };
  to_dimse(made);
}

void play_reject(Case& made, std::uint16_t code, std::uint8_t result) {
  made.peer = std::make_unique<ScriptedPeer>();
  made.peer->reject = std::vector<std::uint8_t>{result, static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  if (result == 2) made.verdict = Verdict::transient;
  if (made.row->last == 0xffff) made.words = policy::find_failure(Family::association, 0x0101).en;
  to_dimse(made);
}

void play_context(Case& made, std::uint16_t result) {
  made.peer = std::make_unique<ScriptedPeer>();
  if (result == 0) made.peer->mentions = [](const Context& context) { return context.abstract_syntax != ct_class; };
  made.peer->result = [result](const Context&) { return static_cast<std::uint8_t>(result); };
  to_dimse(made);
}

void play_http(Case& made, std::function<std::string(const HttpHeard&)> answer) {
  made.server = std::make_unique<HttpServer>();
  made.server->answer = [answer = std::move(answer), tried = made.tried](const HttpHeard& heard) {
    if (heard.target.find("StudyInstanceUID=2.25.0&") != std::string::npos) return http("404 Not Found", "application/json", "{}");
    if (heard.method == "POST") ++*tried;
    return answer(heard);
  };
  made.destination.stow = made.server->url();
}

// Refuses what it has and gives it back, or another one of that name.
void play_found(Case& made, bool same) {
  play_http(made, [same, type = std::string(), kept = std::string()](const HttpHeard& heard) mutable {
    if (heard.method == "POST") {
      type = heard.header("content-type");
      kept = heard.body;
      return http("409 Conflict", "text/plain", "");
    }
    const std::string asked = "SOPInstanceUID=";
    const auto at = heard.target.find(asked);
    if (at != std::string::npos)
      return http("200 OK", "application/dicom+json", R"([{"00080018":{"vr":"UI","Value":[")" + heard.target.substr(at + asked.size()) + R"("]}}])");
    if (!same) kept[kept.find("2.25.77")] = '1';
    return http("200 OK", type, kept);
  });
}

void play_finding(Case& made, Finding finding, const std::filesystem::path& folder) {
  switch (finding) {
    case Finding::no_connection: return to_dimse(made);
    case Finding::timeout:
      made.hole = std::make_unique<BlackHole>();
      return to_dimse(made);
    case Finding::certificate:
      made.service = std::make_unique<UnknownService>(folder);
      made.destination.stow = "https://localhost:" + std::to_string(made.service->port) + "/studies";
      return;
    case Finding::captive_portal:
      return play_http(made, [](const HttpHeard&) { return http("200 OK", "text/html", "<html>Please log in</html>"); });
    case Finding::found_there: return play_found(made, true);
    case Finding::found_unlike: return play_found(made, false);
  }
}

Case play(const policy::FailureRow& row, std::uint16_t code, std::uint8_t result, const std::filesystem::path& folder) {
  Case made;
  made.row = &row;
  made.verdict = row.verdict;
  made.words = row.en;
  switch (row.family) {
    case Family::dimse: play_dimse(made, code); break;
    case Family::association: play_reject(made, code, result); break;
    case Family::context: play_context(made, code); break;
    case Family::http:
      play_http(made, [code](const HttpHeard&) { return http(std::to_string(code) + " so", "text/plain", ""); });
      break;
    case Family::stow:
      play_http(made, [code](const HttpHeard& heard) {
        if (heard.method != "POST") return http("406 Not Acceptable", "text/plain", "");  // gives nothing back
        return http("409 Conflict", "application/dicom+json", json_body("", json_failed(parts_of(heard).at(0).meta.sop_instance, code)));
      });
      break;
    case Family::finding: play_finding(made, static_cast<Finding>(code), folder); break;
  }
  made.destination.name = "d" + std::to_string(static_cast<int>(row.family)) + "-" + std::to_string(code) + "-" + std::to_string(result);
  made.destination.lanes = 1;
  made.destination.proof = settings::ProofBy::none;  // the peers know one answer
  return made;
}

std::vector<Case> cases_for_every_row(const std::filesystem::path& folder) {
  std::vector<Case> all;
  for (const auto& row : policy::failure_table()) {
    const bool unseen = row.family == Family::finding && std::find(not_seen.begin(), not_seen.end(), row.last) != not_seen.end();
    if (unseen) continue;
    const auto codes = codes_of(row);
    CHECK_MESSAGE(!codes.empty(), "nothing plays the row " << row.en);
    for (const std::uint16_t code : codes) all.push_back(play(row, code, 1, folder));
    if (row.family == Family::association && !codes.empty()) all.push_back(play(row, codes[0], 2, folder));
  }
  for (Case& one : all) {
    if (one.peer) one.peer->start();
    if (one.server) one.server->start();
  }
  return all;
}

void send_one_image(std::uint16_t port) {
  auto connection = dial("127.0.0.1", port, std::chrono::seconds(10));
  REQUIRE(connection.ok());
  const Associate request{"SAMPAN", "CT1", 0, {{1, ct_class, {std::string(explicit_le)}, 0}}};
  REQUIRE(send_pdu(*connection, PduType::associate_rq, encode_associate(PduType::associate_rq, request)).ok());
  Pdu pdu;
  REQUIRE(read_pdu(*connection, pdu).ok());
  REQUIRE(pdu.type == PduType::associate_ac);
  const std::string instance = fresh_uid();
  DataSetWriter writer(explicit_le);
  for (const auto& [tag, value] : {std::pair{0x00080016u, ct_class}, std::pair{0x00080018u, instance}}) writer.text(tag, "UI", value);
  writer.text(0x0020000D, "UI", "2.25.77");
  writer.text(0x0020000E, "UI", "2.25.78");
  Command command;
  command.field = c_store_rq;
  command.message_id = 1;
  command.has_data_set = true;
  command.sop_class = ct_class;
  command.sop_instance = instance;
  const ByteView data(writer.bytes());
  REQUIRE(send_message(*connection, 1, command, std::span(&data, 1), {}).ok());
  const auto answer = read_message(*connection, pdu, [](const Message&, ByteView) {});
  REQUIRE(answer.ok());
  REQUIRE(answer->command.status == 0);
}

const control::DestinationStatus& of(const control::NodeStatus& status, const std::string& name) {
  const auto found = std::find_if(status.destinations.begin(), status.destinations.end(), [&](const auto& d) { return d.name == name; });
  REQUIRE(found != status.destinations.end());
  return *found;
}

bool says(const std::string& text, const Case& one) { return text.find(one.words) != text.npos; }

// The state that the verdict means, with the words of the row where the state has words.
bool is_as_the_row_says(const Case& one, const control::DestinationStatus& here) {
  if (here.sending != 0) return false;
  const bool waits = here.waiting == 1 && here.rejected == 0 && here.delivered == 0;
  const bool in_trouble = here.state == DestinationState::backing_off || here.state == DestinationState::stopped;
  switch (one.verdict) {
    case Verdict::delivered:
    case Verdict::already_there: return here.delivered == 1 && here.waiting == 0 && here.rejected == 0;
    case Verdict::transient:
      return waits && here.state == DestinationState::backing_off && here.next_attempt_in_s && says(here.last_error, one);
    case Verdict::configuration:
      return waits && here.state == DestinationState::stopped && here.next_attempt_in_s && says(here.last_error, one);
    case Verdict::sop_class:
      return waits && !in_trouble && here.blocked_classes.size() == 1 && says(here.blocked_classes[0].reason, one);
    case Verdict::doubtful: return waits && !in_trouble && here.blocked_classes.empty() && one.attempts() == 1;
    case Verdict::permanent: return here.rejected == 1 && here.waiting == 0 && here.delivered == 0;
  }
  return false;
}

std::string shown(const control::DestinationStatus& here) {
  return here.name + ": " + std::string(to_string(here.state)) + ", waiting " + std::to_string(here.waiting) + ", delivered " +
         std::to_string(here.delivered) + ", rejected " + std::to_string(here.rejected) + ", blocked " +
         std::to_string(here.blocked_classes.size()) + ", said " + here.last_error;
}

// Rejections keep their words on the disk, for the person they wait for.
void check_rejections(const std::filesystem::path& state, const std::vector<Case>& all) {
  queue::QueueNeeds needs{disk(), system_clock(), system_random(), [](const core::Item&) { return std::vector<std::string>{}; },
                          [](std::span<const queue::DeliveryStanding>, bool) { return false; }, {}, [] {}};
  auto queue = queue::Queue::open({state, "test"}, std::move(needs));
  REQUIRE(queue.ok());
  (*queue)->drain();
  const auto counts = (*queue)->counts().destinations();
  for (const Case& one : all) {
    if (one.verdict != Verdict::permanent) continue;
    const auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& c) { return c.destination == one.destination.name; });
    REQUIRE(found != counts.end());
    REQUIRE_MESSAGE(found->rejected_reasons.size() == 1, one.destination.name);
    CHECK_MESSAGE(says(found->rejected_reasons[0].reason, one), one.destination.name << ": " << found->rejected_reasons[0].reason);
  }
}

}  // namespace

TEST_CASE("every_row_of_the_table_played_by_a_real_peer_leaves_the_node_in_the_state_it_names" * doctest::description("contract 3, 7, 8")) {
  const TemporaryDirectory home;
  std::vector<Case> all = cases_for_every_row(home.path());
  settings::Settings settings;
  settings.site = "Test";
  settings.state_directory = home.path() / "state";
  settings.control_socket = home.path() / "control.sock";
  settings.intake.listen = "127.0.0.1";
  settings.intake.port = 0;
  settings.intake.ae_titles = {{"SAMPAN", {}}};
  for (const Case& one : all) settings.destinations.push_back(one.destination);
  {
    node::Node node(settings, node::system_env());
    REQUIRE(node.start().ok());
    send_one_image(node.intake_port());
    control::NodeStatus status;
    std::vector<const Case*> open;
    for (const Case& one : all) open.push_back(&one);
    const bool done = wait_until(
        [&] {
          std::this_thread::sleep_for(std::chrono::milliseconds(50));  // a look at so many destinations is not free
          status = node.status();
          std::erase_if(open, [&](const Case* one) { return is_as_the_row_says(*one, of(status, one->destination.name)); });
          return open.empty();
        },
        everything_has_answered);
    if (!done)
      for (const Case* one : open) FAIL_CHECK(one->row->en << " -> " << shown(of(status, one->destination.name)));
    // Doubtful ones are tried again after minutes, not at once.
    for (const Case& one : all)
      if (one.verdict == Verdict::doubtful) CHECK_MESSAGE(one.attempts() == 1, one.destination.name);
    node.stop();
  }
  check_rejections(home.path() / "state", all);
  MESSAGE("played " << all.size() << " answers");
}

TEST_SUITE_END();
