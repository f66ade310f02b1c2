// SPDX-License-Identifier: Apache-2.0
#include "fuzz/dicom_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace sampan::fuzz {
namespace {

constexpr std::uint8_t associate_rq = 1, associate_ac = 2, p_data = 4;
constexpr int patience_s = 20;

std::uint32_t load_be32(ByteView at) { return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3]; }

// Fragments of one direction, put together.
class Hearing {
 public:
  // False: the protocol is broken.
  bool fragment(std::uint8_t context, std::uint8_t control, ByteView bytes) {
    const bool command = (control & 1) != 0, last = (control & 2) != 0;
    if (command != !in_data_set_ || (begun_ && context != now_.context)) return false;
    now_.context = context;
    begun_ = in_data_set_ || begun_ || !bytes.empty();
    Bytes& to = in_data_set_ ? now_.data_set : command_;
    to.insert(to.end(), bytes.begin(), bytes.end());
    return !last || complete();
  }
  std::vector<Message> whole;

 private:
  bool complete() {
    if (!in_data_set_) {
      auto command = dicom::decode(command_);
      if (!command) return false;
      now_.command = *command;
      in_data_set_ = begun_ = command->has_data_set();
      if (in_data_set_) return true;
    }
    whole.push_back(std::move(now_));
    now_ = {};
    command_.clear();
    in_data_set_ = begun_ = false;
    return true;
  }

  Message now_;
  Bytes command_;
  bool in_data_set_ = false, begun_ = false;
};

int listener() {
  static const int fd = [] {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made < 0 || ::bind(made, reinterpret_cast<sockaddr*>(&any), sizeof any) != 0 || ::listen(made, 8) != 0) cannot("port to listen at");
    return made;
  }();
  return fd;
}

void limit_waits(int socket) {
  const timeval limit{patience_s, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

std::vector<Message> messages_of(ByteView stream) {
  Hearing hearing;
  bool first = true;
  for (; stream.size() >= 6; first = false) {
    const std::uint8_t type = stream[0];
    const std::uint32_t said = load_be32(stream.subspan(2));
    stream = stream.subspan(6);
    ByteView body = stream.first(std::min<std::size_t>(said, stream.size()));
    std::size_t left = said;  // of the PDU, whether it came or not
    stream = stream.subspan(body.size());
    if (first && (type == associate_rq || type == associate_ac)) continue;
    if (type != p_data) break;
    for (; left > 0; ) {
      if (left < 6 || body.size() < 6) return hearing.whole;
      const std::uint32_t length = load_be32(body);
      if (length < 2 || length > left - 4 || length > body.size() - 4) return hearing.whole;
      if (!hearing.fragment(body[4], body[5], body.subspan(6, length - 2))) return hearing.whole;
      body = body.subspan(4 + length);
      left -= 4 + length;
    }
  }
  return hearing.whole;
}

// The fuzzer's clock interrupts it; it goes on where it is asked for again.
void connect_well(int socket, const sockaddr* to, socklen_t size) {
  while (::connect(socket, to, size) != 0)
    if (errno != EINTR) cannot("connection");
}

Line connect_line() {
  static std::uint32_t number = 0;
  sockaddr_in to{};
  socklen_t size = sizeof to;
  ::getsockname(listener(), reinterpret_cast<sockaddr*>(&to), &size);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f010000u | (++number & 0xffffu));
  const int on = 1;
  Line line{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), -1};
  ::setsockopt(line.near, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(line.near, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) cannot("address of loopback");
  connect_well(line.near, reinterpret_cast<sockaddr*>(&to), sizeof to);
  do line.far = ::accept4(listener(), nullptr, nullptr, SOCK_CLOEXEC);
  while (line.far < 0 && errno == EINTR);
  if (line.far < 0) cannot("connection to accept");
  limit_waits(line.near);
  return line;
}

void say(int socket, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;  // the fuzzer's clock
    if (sent <= 0) return;  // the other side has enough
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

void say_no_more(int socket) { ::shutdown(socket, SHUT_WR); }

Bytes hear_all(int socket) {
  Bytes all;
  std::array<std::uint8_t, 16384> some;
  for (;;) {
    const ssize_t got = ::recv(socket, some.data(), some.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return all;  // a reset is an end too
    all.insert(all.end(), some.begin(), some.begin() + got);
  }
}

}  // namespace sampan::fuzz
