// SPDX-License-Identifier: Apache-2.0
// Packets: what goes over the one socket between the daemon and its worker; each is one SOCK_SEQPACKET packet.
//
//   daemon -> worker   'Q' verb (1) payload bytes (8) argument     a question about a payload
//   worker -> daemon   'R' at (8) bytes (8)                        wants this stretch of it
//   daemon -> worker   bytes, without a mark                       the stretch, in packets of packet_bytes_max; the last may be shorter
//   worker -> daemon   'A' what came out (1) bytes                 more: a piece of the answer; good: its last piece;
//                                                                  invalid: there is none, and why, in words
//
// The worker pulls: of an image no more crosses than what a verb reads. It may ask for more while it works on what came,
// gets it in the order in which it asked, and takes all of it before it answers. So neither side holds more than a few packets of the
// payload, and the worker needs no descriptor but this one, and no more system calls than read and write.
// Fails:   a packet that is none of these -> nothing. What a stretch or an answer may be is for the daemon to see to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sampan::worker {

inline constexpr std::size_t packet_bytes_max = 32u << 10;
inline constexpr std::size_t stretch_bytes = 4 * packet_bytes_max;  // fits into a socket's buffer as the kernel makes it

struct Request {
  std::uint8_t verb = 0;
  std::uint64_t payload_bytes = 0;
  std::string_view argument;  // of the packet; at most argument_bytes_max
};
inline constexpr std::size_t request_head_bytes = 10, argument_bytes_max = packet_bytes_max - request_head_bytes;
Bytes encode(const Request& request);
std::optional<Request> decode_request(ByteView packet);

struct Wish {
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
};
Bytes encode(const Wish& wish);
std::optional<Wish> decode_wish(ByteView packet);

enum class CameOut : std::uint8_t { good = 0, invalid = 1, more = 2 };
struct Reply {
  CameOut what = CameOut::good;
  ByteView bytes;  // of the packet; at most piece_bytes_max
};
inline constexpr std::size_t reply_head_bytes = 2, piece_bytes_max = packet_bytes_max - reply_head_bytes;
Bytes encode(const Reply& reply);
std::optional<Reply> decode_reply(ByteView packet);

}  // namespace sampan::worker
