// SPDX-License-Identifier: Apache-2.0
// What the tests of the DIMSE courier share: a judge that repeats what it was asked, payloads in memory, a peer that
// does as a script says.
#pragma once

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "core/judge.h"
#include "support/memory_payload.h"
#include "support/part10.h"
#include "support/process.h"
#include "support/raw_dicom.h"
#include "uplink/dimse.h"

namespace sampan::test {

inline const std::string ct_class = "1.2.840.10008.5.1.4.1.1.2";
inline const std::string mr_class = "1.2.840.10008.5.1.4.1.1.4";

class EchoingJudge : public core::Judge {
 public:
  core::Outcome dimse_status(std::uint16_t status, const core::Receipt& if_delivered) const override {
    if (status == 0) return core::Delivered{if_delivered};
    return core::Retry{"status " + std::to_string(status), core::Scope::item, {}, 0};
  }
  core::Retry association_reject(int result, int source, int reason) const override {
    const auto words = "reject " + std::to_string(result) + ' ' + std::to_string(source) + ' ' + std::to_string(reason);
    return {words, core::Scope::configuration, {}, 0};
  }
  core::Retry context_refused(std::string_view sop_class, std::string_view, int result) const override {
    return {"refused " + std::string(sop_class) + ' ' + std::to_string(result), core::Scope::sop_class, {}, 0};
  }
  core::Retry no_connection(std::string_view what, bool timeout) const override {
    return {(timeout ? "timeout: " : "no connection: ") + std::string(what), core::Scope::destination, {}, 0};
  }
  core::Outcome http_status(int status, const core::Receipt&) const override {
    return core::Retry{"HTTP " + std::to_string(status), core::Scope::destination, {}, 0};
  }
  core::Outcome stow_failure(std::uint16_t reason, const core::Receipt&) const override {
    return core::Retry{"failure " + std::to_string(reason), core::Scope::item, {}, 0};
  }
  core::Retry certificate_refused(std::string_view what) const override {
    return {"certificate: " + std::string(what), core::Scope::configuration, {}, 0};
  }
  core::Retry stranger_answered(std::string_view what) const override {
    return {"stranger: " + std::string(what), core::Scope::destination, {}, 0};
  }
};

// A small but valid image of a class; filler makes it as large as wished.
inline core::Consignment image(const std::string& sop_class = ct_class, std::size_t filler = 0,
                               std::string_view syntax = explicit_le) {
  const std::string instance = fresh_uid();
  DataSetWriter writer(syntax);
  writer.text(0x00080016, "UI", sop_class);
  writer.text(0x00080018, "UI", instance);
  writer.text(0x00080060, "CS", "CT");
  writer.text(0x0020000D, "UI", "2.25.77");
  writer.text(0x0020000E, "UI", "2.25.78");
  if (filler != 0) {
    writer.header(0x7FE00010, "OW", static_cast<std::uint32_t>(filler));
    Bytes pixels(filler);
    for (std::size_t i = 0; i < filler; ++i) pixels[i] = static_cast<std::uint8_t>(i * 31 + (i >> 9));
    writer.raw(pixels);
  }
  core::Consignment made;
  made.item.id = make_uuid7(system_clock().wall(), system_random());
  made.item.size = writer.bytes().size();
  made.item.sha256 = sha256(writer.bytes());
  made.item.facts.set(core::Fact::sop_class_uid, sop_class);
  made.item.facts.set(core::Fact::sop_instance_uid, instance);
  made.item.facts.set(core::Fact::transfer_syntax_uid, std::string(syntax));
  made.payload = std::make_shared<MemoryPayload>(writer.bytes());
  return made;
}

// One attempt; outcomes in the order of the batch. Every item must be reported exactly once.
inline std::vector<core::Outcome> attempt(core::Courier& courier, std::vector<core::Consignment>& batch) {
  std::map<Uuid, core::Outcome> seen;
  courier.attempt(batch, [&](const Uuid& id, core::Outcome outcome) {
    if (!seen.emplace(id, std::move(outcome)).second) throw std::logic_error("reported twice");
    return true;
  });
  std::vector<core::Outcome> outcomes;
  for (const auto& consignment : batch) outcomes.push_back(seen.at(consignment.item.id));
  return outcomes;
}
inline bool delivered(const core::Outcome& outcome) { return std::holds_alternative<core::Delivered>(outcome); }
// Scope and reason of a Retry, as one text to compare: "item: why".
inline std::string retry_of(const core::Outcome& outcome) {
  static const std::map<core::Scope, std::string> names{{core::Scope::item, "item: "},
                                                        {core::Scope::sop_class, "sop_class: "},
                                                        {core::Scope::destination, "destination: "},
                                                        {core::Scope::configuration, "configuration: "},
                                                        {core::Scope::this_node, "this_node: "}};
  const auto* retry = std::get_if<core::Retry>(&outcome);
  return retry == nullptr ? "not a retry" : names.at(retry->scope) + retry->reason;
}

inline uplink::DimseOptions options_for(std::uint16_t port) {
  uplink::DimseOptions options;
  options.name = "pacs";
  options.host = "127.0.0.1";
  options.port = port;
  options.called_ae = "PACS";
  options.calling_ae = "SAMPAN";
  options.connect_time_max = std::chrono::seconds(10);
  options.answer_time_max = std::chrono::seconds(10);
  return options;
}

// A port where connections are neither taken nor refused.
class BlackHole {
 public:
  BlackHole() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 0) != 0) throw std::runtime_error("no listener");
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    for (int& guest : guests_) {
      guest = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      (void)::connect(guest, generic, size);
    }
  }
  ~BlackHole() {
    for (const int guest : guests_) ::close(guest);
    ::close(listener_);
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::array<int, 3> guests_{};
  std::uint16_t port_ = 0;
};

// Accepts associations on loopback, one after the other, and answers as told. Members are set before the first call.
class ScriptedPeer {
 public:
  struct Heard {
    Message message;
    std::string sha256;
    Bytes data_set;          // the first 64 KiB
    std::size_t number = 0;  // of all instances heard
  };
  // Answers one C-STORE; false ends the association by closing it.
  using Answer = std::function<bool(Connection&, const Heard&)>;

  ScriptedPeer() : listener_(listen_at("127.0.0.1", 0).value()) {}
  ~ScriptedPeer() {
    ::shutdown(listener_.fd, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_.fd);
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  std::uint16_t port() const { return listener_.port; }
  // Of the association that stands: says nothing more, still listens.
  void fall_silent() { ::shutdown(socket_, SHUT_WR); }
  // What was said, the end of it too, has reached the other side.
  bool was_heard() const {
    int unacknowledged = -1;
    return ::ioctl(socket_, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
  }

  static bool respond(Connection& connection, const Message& message, std::uint16_t status, const std::string& instance,
                      int id_offset = 0) {
    Command response = message.command;
    response.field = c_store_rsp;
    response.status = status;
    response.has_data_set = false;
    response.sop_instance = instance;
    response.message_id = static_cast<std::uint16_t>(response.message_id + id_offset);
    return send_message(connection, message.context, response, {}, {}).ok();
  }
  static bool accept_all(Connection& connection, const Heard& heard) {
    return respond(connection, heard.message, 0, heard.message.command.sop_instance);
  }

  Answer answer = accept_all;
  std::function<std::uint8_t(const Context&)> result = [](const Context&) { return std::uint8_t{0}; };
  std::function<bool(const Context&)> mentions = [](const Context&) { return true; };  // in the acknowledgement
  std::optional<std::vector<std::uint8_t>> reject;  // result, source, reason
  bool mute = false;                                // never answers the association request
  std::string babble;                               // said instead of an answer to the association request
  std::uint32_t pdu_bytes_max = 16384;

  std::atomic<unsigned> associations{0};
  std::atomic<unsigned> released{0};
  std::atomic<unsigned> aborted{0};
  std::atomic<unsigned> stored{0};
  std::atomic<unsigned> muted{0};
  std::vector<Associate> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<Heard> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void run() {
    for (;;) {
      const int fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      socket_ = fd;
      Connection connection(fd, std::chrono::seconds(10));
      connection.acknowledge_at_once();
      if (associate(connection)) converse(connection);
    }
  }

  bool associate(Connection& connection) {
    Pdu pdu;
    if (!read_pdu(connection, pdu).ok() || pdu.type != PduType::associate_rq) return false;
    if (!babble.empty()) return connection.send(as_bytes(babble)).ok();
    if (mute) ++muted;
    if (mute) return read_pdu(connection, pdu).ok();
    const Associate request = decode_associate(pdu.body).value();
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (reject) {
      Bytes body{0};
      body.insert(body.end(), reject->begin(), reject->end());
      (void)send_pdu(connection, PduType::associate_rj, body).ok();
      return false;
    }
    ++associations;
    Associate accepted{request.called, request.calling, pdu_bytes_max, {}};
    for (const Context& context : request.contexts) {
      if (!mentions(context)) continue;
      accepted.contexts.push_back({context.id, {}, {context.transfer_syntaxes.at(0)}, result(context)});
    }
    return send_pdu(connection, PduType::associate_ac, encode_associate(PduType::associate_ac, accepted)).ok();
  }

  void converse(Connection& connection) {
    Pdu pdu;
    for (;;) {
      Sha256 hash;
      Bytes beginning;
      const auto message = read_message(connection, pdu, [&](const Message&, ByteView part) {
        hash.update(part);
        if (beginning.size() + part.size() <= (64u << 10)) beginning.insert(beginning.end(), part.begin(), part.end());
      });
      if (!message) return;
      if (message->type == PduType::release_rq) ++released;
      if (message->type == PduType::release_rq) (void)send_pdu(connection, PduType::release_rp, Bytes(4)).ok();
      if (message->type == PduType::abort) ++aborted;
      if (message->type != PduType::data) return;
      Heard heard{*message, to_hex(hash.finish()), std::move(beginning), ++stored};
      {
        const std::lock_guard lock(mutex_);
        heard_.push_back(heard);
      }
      if (!answer(connection, heard)) return;
    }
  }

  Listener listener_;
  std::atomic<int> socket_{-1};
  std::mutex mutex_;
  std::vector<Associate> requests_;
  std::vector<Heard> heard_;
  std::thread thread_;
};

}  // namespace sampan::test
