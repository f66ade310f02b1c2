// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_door.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "base/bytes.h"
#include "core/limits.h"
#include "dicom/big_endian.h"

namespace sampan::intake {
namespace {

constexpr std::size_t pdu_header_bytes = 6;
constexpr std::uint8_t associate_request = 0x01;

// Wakes the poller only when so many bytes are there, or never more will be.
void set_low_water(int socket, unsigned bytes) {
  const int value = static_cast<int>(bytes);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

enum class Wait { ready, late, broken };

Wait wait_readable(int socket, Millis patience) {
  pollfd watched{socket, POLLIN | POLLRDHUP, 0};
  for (;;) {
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(patience.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Wait::broken;
    return ready == 0 ? Wait::late : Wait::ready;
  }
}

std::size_t peek(int socket, ByteSpan into) {
  const auto got = ::recv(socket, into.data(), into.size(), MSG_PEEK | MSG_DONTWAIT);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

bool holds_bytes(int socket, std::size_t wanted) {
  int held = 0;
  return ::ioctl(socket, FIONREAD, &held) == 0 && held >= 0 && static_cast<std::size_t>(held) >= wanted;
}

bool looks_like_http(std::string_view head) {
  static constexpr std::array verbs{std::string_view("GET "), std::string_view("POST"), std::string_view("PUT "),
                                    std::string_view("HEAD"), std::string_view("OPTI"), std::string_view("CONN"),
                                    std::string_view("DELE"), std::string_view("PATC"), std::string_view("PRI ")};
  return std::any_of(verbs.begin(), verbs.end(), [&](std::string_view verb) { return head.starts_with(verb); });
}

Knock name_of(ByteView head) {
  if (head.empty()) return Knock::closed;
  if (head[0] == 0x16 && (head.size() < 2 || head[1] == 0x03)) return Knock::tls;
  if (looks_like_http(as_text(head))) return Knock::http;
  if (head[0] != associate_request) return Knock::foreign;
  return head.size() < pdu_header_bytes ? Knock::closed : Knock::association;
}

Knock first_bytes(int socket, Millis patience, std::uint32_t& length) {
  std::array<std::uint8_t, pdu_header_bytes> head{};
  set_low_water(socket, pdu_header_bytes);
  const Wait wait = wait_readable(socket, patience);
  const ByteView got = ByteView(head).first(peek(socket, head));
  if (wait == Wait::late) return got.empty() ? Knock::silent : Knock::slow;
  if (wait == Wait::broken) return Knock::closed;
  const Knock knock = name_of(got);
  if (knock == Knock::association) length = dicom::load_be32(&got[2]);
  return knock;
}

Knock rest_of_request(int socket, Millis patience, std::uint32_t length) {
  const std::size_t wanted = std::min<std::size_t>(pdu_header_bytes + length, awaited_bytes_max);
  set_low_water(socket, static_cast<unsigned>(wanted));
  const Wait wait = wait_readable(socket, patience);
  if (holds_bytes(socket, wanted)) return Knock::association;
  return wait == Wait::late ? Knock::slow : Knock::closed;
}

}  // namespace

Knock who_knocks(int socket, Clock& clock, Millis patience) {
  const MonoTime deadline = clock.mono() + patience;
  std::uint32_t length = 0;
  Knock knock = first_bytes(socket, patience, length);
  if (knock == Knock::association && length > core::limits::association_request_bytes_max) knock = Knock::oversized;
  if (knock == Knock::association) knock = rest_of_request(socket, deadline - clock.mono(), length);
  set_low_water(socket, 1);
  return knock;
}

std::string_view words_for(Knock knock) {
  switch (knock) {
    case Knock::association: return "";
    case Knock::tls: return "the caller speaks TLS, but this port takes plain DICOM: switch TLS off there or use the TLS port";
    case Knock::http: return "the caller speaks HTTP, but this is a DICOM port: a browser or web client has the wrong port";
    case Knock::foreign: return "the caller does not speak DICOM";
    case Knock::oversized: return "the caller's association request is too large";
    case Knock::silent: return "connected, but never asked for an association";
    case Knock::slow: return "connected, but its association request did not arrive in time";
    case Knock::closed: return "connected and left without asking for an association";
  }
  return "";
}

}  // namespace sampan::intake
