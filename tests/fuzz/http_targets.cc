// SPDX-License-Identifier: Apache-2.0
// HTTP over real connections: what a service answers to the real couriers and the real prover, and what somebody sends to the
// real control socket.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <set>

#include "base/hash.h"
#include "fuzz/dicom_peer.h"
#include "fuzz/http_peer.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"
#include "http/server.h"
#include "policy/table_judge.h"
#include "uplink/http_json.h"
#include "uplink/stow_prover.h"

namespace sampan::fuzz {
namespace {

const policy::TableJudge judge;
constexpr std::array instances{first_instance, second_instance};

HttpPeer& service() {
  static auto* const one = new HttpPeer;
  return *one;
}

bool holds(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

// It has one file, the secret of our client.
FewFiles& secrets() {
  static const Bytes secret{'s', '\n'};
  static FewFiles files({{"/secret", secret}});
  return files;
}

uplink::StowAuth auth(bool by_token) {
  if (!by_token) return {};
  return uplink::OAuth2{service().url("/token"), "clinic", "/secret", "store"};
}

core::Consignment cargo(std::size_t number, core::Kind kind) {
  core::Consignment cargo;
  cargo.item.id.bytes[15] = static_cast<std::uint8_t>(number + 1);
  cargo.item.kind = kind;
  cargo.item.facts.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.4");
  cargo.item.facts.set(core::Fact::sop_instance_uid, instances[number]);
  cargo.item.facts.set(core::Fact::study_instance_uid, "2.25.1");
  cargo.item.facts.set(core::Fact::series_instance_uid, "2.25.2");
  cargo.item.facts.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
  const std::string line = "{\"id\":\"" + to_string(cargo.item.id) + "\"}\n";
  const Bytes bytes = kind == core::Kind::image ? Bytes(300, static_cast<std::uint8_t>(number)) : Bytes(line.begin(), line.end());
  cargo.item.size = bytes.size();
  cargo.item.sha256 = sha256(bytes);
  cargo.payload = std::make_shared<Held>(bytes);
  return cargo;
}

std::set<Uuid> deliver(core::Courier& courier, core::Kind kind) {
  std::vector items{cargo(0, kind), cargo(1, kind)};
  std::set<Uuid> told, delivered;
  courier.attempt(items, [&](const Uuid& id, const core::Outcome& outcome) {
    expect(told.insert(id).second, "an item has one outcome");
    if (std::holds_alternative<core::Delivered>(outcome)) delivered.insert(id);
    return true;
  });
  expect(told.size() == items.size(), "every item has an outcome");
  return delivered;
}

// The answer to a request in which the image was names it.
bool stored_by(const HttpExchange& exchange, std::size_t number) {
  return holds(exchange.body, instances[number]) && holds(plain_text(exchange.answer), instances[number]);
}

// 201 or 204 without a word, or its id.
bool taken_by(const HttpExchange& exchange, const Uuid& id) {
  const bool wordless = exchange.status == 201 || exchange.status == 204 || (exchange.status == 0 && (holds(exchange.answer, " 201") || holds(exchange.answer, " 204")));
  return holds(exchange.body, to_string(id)) && (wordless || holds(plain_text(exchange.answer), to_string(id)));
}

void check_requests() {
  static constexpr std::array known{"POST ",        "GET ",       "Host: ", "Authorization: Bearer ", "Authorization: Basic ", "User-Agent: sampan/", "Accept: ",
                                    "Content-Type: ", "Content-Length: ", "Idempotency-Key: ", "Expect: "};
  for (const HttpExchange& exchange : service().exchanges())
    for (std::string_view left = exchange.head; !left.empty(); left.remove_prefix(std::min(left.find("\r\n") + 2, left.size())))
      expect(std::ranges::any_of(known, [left](const char* start) { return left.starts_with(start); }), "no answer writes a header of ours");
}

void carry(core::Courier& courier, core::Kind kind) {
  const auto delivered = deliver(courier, kind);
  const auto exchanges = service().exchanges();
  for (std::size_t number = 0; number < instances.size(); ++number) {
    const Uuid id = cargo(number, kind).item.id;
    const bool named = std::ranges::any_of(exchanges, [&](const auto& one) { return kind == core::Kind::image ? stored_by(one, number) : taken_by(one, id); });
    expect(!delivered.contains(id) || named, "what counts as delivered was answered by name");
  }
  courier.rest();
  service().be_good();
  expect(deliver(courier, kind).size() == instances.size(), "a service that is good again gets everything");
}

class Office final : public core::Transactions, public core::Receipts {
 public:
  Result<std::string> begin(const std::string&) override { return std::string("2.25.99"); }
  Status commitment_reported(const core::CommitmentReport& report) override {
    expect(report.transaction_uid == "2.25.99", "nothing is reported that nobody asked about");
    held.insert(report.committed.begin(), report.committed.end());
    return {};
  }
  std::set<std::string> held;
};

void prove(std::uint8_t choice, bool by_token) {
  Office office;
  uplink::StowProverOptions options;
  options.name = "cloud";
  options.service = {service().url("/dicom-web/studies"), {}, auth(by_token)};
  options.may_commit = choice % 4 != 1;
  options.may_query = choice % 4 != 2;
  const auto prover = uplink::make_stow_prover(options, office, office, secrets(), judge, system_clock());
  for (const bool good : {false, true}) {
    if (good) service().be_good();
    const std::array items{cargo(0, core::Kind::image).item, cargo(1, core::Kind::image).item};
    std::set<Uuid> told;
    prover->ask(items, [&](const Uuid& id, const core::Proof& proof) {
      expect(told.insert(id).second, "an item has one proof");
      if (std::holds_alternative<core::Held>(proof)) office.held.insert(instances[id.bytes[15] - 1u]);
    });
    expect(told.size() == items.size(), "every item has a proof");
    std::string said;
    for (const auto& exchange : service().exchanges()) said += plain_text(exchange.answer);
    for (const char* instance : instances) expect(!office.held.contains(instance) || holds(said, instance), "what counts as held was named");
  }
}

}  // namespace

FUZZ_TARGET(http_lead) {
  Feed feed(input);
  const std::uint8_t choice = feed.byte();
  const bool by_token = (choice & 4) != 0;
  service().play(feed.rest());
  if (choice % 4 == 0) {
    const auto courier = uplink::make_stow_courier({service().url("/dicom-web/studies"), {}, auth(by_token)}, secrets(), judge, system_clock());
    carry(*courier, core::Kind::image);
  } else if (choice % 4 == 1) {
    const auto courier = uplink::make_http_json_courier({service().url("/events"), {}, auth(by_token)}, secrets(), judge, system_clock());
    carry(*courier, core::Kind::event);
  } else {
    prove(choice >> 3, by_token);
  }
  check_requests();
  service().forget();
}

namespace {

constexpr std::size_t body_bytes_max = 200;

// What the server tells whoever says this to it. Of half a request it would wait for the rest: nobody waits longer than that.
std::string ask(const std::string& path, ByteView request, Millis patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connect_well(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const auto us = static_cast<suseconds_t>(patience.count() * 1000);
  const timeval limit{us / 1'000'000, us % 1'000'000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  say(socket, request);
  const Bytes heard = hear_all(socket);
  ::close(socket);
  return std::string(as_text(heard));
}

http::Response answer(const http::Request& request) {
  expect(!request.method.empty() && request.body.size() <= body_bytes_max, "a request is bounded");
  for (const auto& [name, value] : request.headers)
    expect(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }), "names of headers are in lower case");
  if (request.path == "/throw") throw std::runtime_error("thrown");
  return {200, "text/plain", std::to_string(request.query.size()) + request.body};
}

}  // namespace

FUZZ_TARGET(http_server) {
  static const std::string path = scratch_folder() + "/control";
  static http::Server* const server = [] {
    http::Options options;
    options.unix_socket = path;
    options.body_bytes_max = body_bytes_max;
    auto* const made = new http::Server(options, answer);
    if (!made->start()) cannot("server");
    return made;
  }();
  static_cast<void>(server);
  const std::string heard = ask(path, input, Millis(3));
  expect(heard.empty() || heard.starts_with("HTTP/1."), "an answer is HTTP");
  expect(ask(path, as_bytes("GET /?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), Millis(20000)).ends_with("\r\n\r\n1"), "the next good request is answered");
}

}  // namespace sampan::fuzz
