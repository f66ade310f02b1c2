// SPDX-License-Identifier: Apache-2.0
#include "worker/packets.h"

#include <algorithm>

namespace sampan::worker {
namespace {

constexpr std::size_t wish_bytes = 17;

void add(Bytes& packet, ByteView bytes) {
  packet.insert(packet.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), packet_bytes_max - packet.size())));
}

}  // namespace

Bytes encode(const Request& request) {
  Bytes packet(request_head_bytes);
  packet[0] = 'Q';
  packet[1] = request.verb;
  store_le(packet.data() + 2, request.payload_bytes);
  add(packet, as_bytes(request.argument));
  return packet;
}

std::optional<Request> decode_request(ByteView packet) {
  if (packet.size() < request_head_bytes || packet[0] != 'Q') return {};
  return Request{packet[1], load_le<std::uint64_t>(packet.data() + 2), as_text(packet.subspan(request_head_bytes))};
}

Bytes encode(const Wish& wish) {
  Bytes packet(wish_bytes);
  packet[0] = 'R';
  store_le(packet.data() + 1, wish.at);
  store_le(packet.data() + 9, wish.bytes);
  return packet;
}

std::optional<Wish> decode_wish(ByteView packet) {
  if (packet.size() != wish_bytes || packet[0] != 'R') return {};
  return Wish{load_le<std::uint64_t>(packet.data() + 1), load_le<std::uint64_t>(packet.data() + 9)};
}

Bytes encode(const Reply& reply) {
  Bytes packet{'A', static_cast<std::uint8_t>(reply.what)};
  add(packet, reply.bytes);
  return packet;
}

std::optional<Reply> decode_reply(ByteView packet) {
  if (packet.size() < reply_head_bytes || packet[0] != 'A' || packet[1] > static_cast<std::uint8_t>(CameOut::more)) return {};
  return Reply{static_cast<CameOut>(packet[1]), packet.subspan(reply_head_bytes)};
}

}  // namespace sampan::worker
