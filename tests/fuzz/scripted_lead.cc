// SPDX-License-Identifier: Apache-2.0
#include "fuzz/scripted_lead.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <thread>

#include "fuzz/pdu_stream.h"
#include "support/raw_dicom.h"

namespace sampan::fuzz {
namespace {

constexpr std::uint8_t associate_rq = 1, associate_ac = 2, p_data = 4, release_rq = 5, release_rp = 6, abort_pdu = 7;

// How many things have been finished in a stream: messages, and PDUs that are none of them.
std::size_t finished_in(ByteView stream) {
  std::size_t finished = messages_of(stream).size();
  for (const Part& pdu : parse_stream(stream).parts)
    if (pdu.kind == Part::Kind::pdu && pdu.head[0] != p_data && !pdu.pretended) ++finished;
  return finished;
}

// Every context of a request, with the first transfer syntax that it offers.
Part acceptance_of(const Part& request) {
  Part answer{Part::Kind::pdu, {associate_ac, 0}, request.value};
  for (const Part& item : request.parts) {
    if (item.kind != Part::Kind::item || item.head[0] != 0x20) {
      answer.parts.push_back(item);
      continue;
    }
    Part accepted{Part::Kind::item, {0x21, 0}, item.value};
    if (accepted.value.size() > 2) accepted.value[2] = 0;
    for (const Part& offered : item.parts)
      if (offered.kind == Part::Kind::item && offered.head[0] == 0x40 && accepted.parts.empty()) accepted.parts.push_back(offered);
    answer.parts.push_back(std::move(accepted));
  }
  return answer;
}

Part answer_to(const Message& message) {
  const Bytes command = dicom::encode(dicom::response_to(message.command, 0));
  Part fragment{Part::Kind::pdv, {}, {message.context, 3}};
  fragment.value.insert(fragment.value.end(), command.begin(), command.end());
  return {Part::Kind::pdu, {p_data, 0}, {}, {fragment}};
}

}  // namespace

struct ScriptedLead::Talk {
  int socket;
  Bytes heard{}, said{};
  std::size_t finished = 0;  // by the node
};

ScriptedLead::ScriptedLead() {
  const auto listener = test::listen_at("127.0.0.1", 0);
  if (!listener) cannot("port to listen at");
  listener_ = listener->fd;
  port_ = listener->port;
  std::thread([this] { answer_all(); }).detach();
}

void ScriptedLead::play(ByteView script) {
  const std::lock_guard lock(mutex_);
  turn_.mine();
  script_ = pdus_of(script);
  next_ = 0;
  good_ = false;
  said_.clear();
}

void ScriptedLead::be_good() {
  const std::lock_guard lock(mutex_);
  good_ = true;
}

bool ScriptedLead::is_good() const {
  const std::lock_guard lock(mutex_);
  return good_;
}

std::vector<Message> ScriptedLead::said() const {
  const std::lock_guard lock(mutex_);
  return said_;
}

// Whoever called waits for an answer: it is busy from before that on.
void ScriptedLead::forget() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !busy_; });
  script_ = {};
  said_ = {};
}

void ScriptedLead::set_busy(bool busy) {
  const std::lock_guard lock(mutex_);
  busy_ = busy;
  idle_.notify_all();
}

void ScriptedLead::answer_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    set_busy(true);
    converse(socket);
    ::close(socket);
    set_busy(false);
  }
}

void ScriptedLead::converse(int socket) {
  const timeval limit{0, 40'000};
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Talk talk{socket};
  while (hear(talk) && go_on(talk)) {
  }
  ::shutdown(socket, SHUT_WR);
  static_cast<void>(hear_all(socket));
}

// Until something is finished. Whoever waits for more than it got is not waited for, but by a good lead. False: the node hung up.
bool ScriptedLead::hear(Talk& talk) const {
  std::array<std::uint8_t, 16384> some;
  for (;;) {
    const std::size_t finished = finished_in(talk.heard);
    if (finished > talk.finished) return talk.finished = finished, true;
    std::array<pollfd, 1> door{{{talk.socket, POLLIN, 0}}};
    if (!turn_.comes(door, talk.heard.empty() || is_good())) return true;
    const ssize_t got = ::recv(talk.socket, some.data(), some.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return false;
    talk.heard.insert(talk.heard.end(), some.begin(), some.begin() + got);
  }
}

bool ScriptedLead::go_on(Talk& talk) {
  const std::lock_guard lock(mutex_);
  if (good_) return answer_well(talk);
  const std::size_t messages = messages_of(talk.said).size(), finished = finished_in(talk.said);
  while (next_ < script_.size() && finished_in(talk.said) == finished) {
    const Bytes& pdu = script_[next_++];
    talk.said.insert(talk.said.end(), pdu.begin(), pdu.end());
    say(talk.socket, pdu);
  }
  auto said = messages_of(talk.said);
  std::move(said.begin() + static_cast<std::ptrdiff_t>(messages), said.end(), std::back_inserter(said_));
  const auto heard = parse_stream(talk.heard).parts;
  const std::uint8_t last = heard.back().head.empty() ? 0 : heard.back().head[0];
  return next_ < script_.size() && last != release_rq && last != abort_pdu;
}

bool ScriptedLead::answer_well(Talk& talk) {
  const auto heard = parse_stream(talk.heard).parts;
  const auto asked = messages_of(talk.heard);
  Part answer;
  switch (heard.empty() || heard.back().head.empty() ? 0 : heard.back().head[0]) {
    case associate_rq: answer = acceptance_of(heard.back()); break;
    case release_rq: answer = {Part::Kind::pdu, {release_rp, 0}, Bytes(4)}; break;
    case p_data:
      if (asked.empty()) return false;
      answer = answer_to(asked.back());
      break;
    default: return false;
  }
  say(talk.socket, write_stream(answer));
  return true;
}

}  // namespace sampan::fuzz
