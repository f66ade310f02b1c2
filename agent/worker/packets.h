// SPDX-License-Identifier: Apache-2.0
// Packets: what goes over the one socket between the daemon and its worker; each is one SOCK_SEQPACKET packet.
//
//   daemon -> worker   'Q' verb (1) payload bytes (8) argument     then 'D' bytes, until the payload is complete
//   worker -> daemon   'A' what came out (1) bytes                  once the payload was read to its end
//
// The payload comes in the packets themselves, so that the worker needs no descriptor but this one, and no more system
// calls than read and write; neither side ever holds more than a packet of it.
// Fails:   a packet that is none of these -> nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sampan::worker {

inline constexpr std::size_t packet_bytes_max = 32u << 10;  // several fit into a socket's buffer as the kernel makes it

struct Request {
  std::uint8_t verb = 0;
  std::uint64_t payload_bytes = 0;
  std::string_view argument;  // of the packet
};
Bytes encode(const Request& request);
std::optional<Request> decode_request(ByteView packet);

enum class CameOut : std::uint8_t { good = 0, invalid = 1 };
struct Reply {
  CameOut what = CameOut::good;
  ByteView bytes;  // of the packet: the answer, or why there is none, in words
};
Bytes encode(const Reply& reply);
std::optional<Reply> decode_reply(ByteView packet);

inline constexpr std::uint8_t data_mark = 'D';

}  // namespace sampan::worker
