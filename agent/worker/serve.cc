// SPDX-License-Identifier: Apache-2.0
#include "worker/serve.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "worker/packets.h"
#include "worker/pulled.h"

namespace sampan::worker {
namespace {

constexpr int daemon_socket = 0;
constexpr int descriptors_of_old = 1024;  // looked at where the kernel cannot close a range

// Nothing that the daemon has open is left here, whatever flags it was opened with.
void close_everything_else() {
  if (::syscall(SYS_close_range, 1u, ~0u, 0u) == 0) return;
  for (int one = 1; one < descriptors_of_old; ++one) ::close(one);
}

bool say(CameOut what, ByteView bytes) {
  const Bytes packet = encode(Reply{what, bytes});
  return ::write(daemon_socket, packet.data(), packet.size()) == static_cast<ssize_t>(packet.size());
}

bool say_in_pieces(ByteView answer) {
  for (; answer.size() > piece_bytes_max; answer = answer.subspan(piece_bytes_max))
    if (!say(CameOut::more, answer.first(piece_bytes_max))) return false;
  return say(CameOut::good, answer);
}

bool answer(const Request& request, std::span<const Verb> verbs) {
  const auto verb = std::ranges::find(verbs, request.verb, &Verb::number);
  if (verb == verbs.end()) return false;
  Pulled payload(daemon_socket, request.payload_bytes);
  const auto done = verb->run(request.argument, payload);
  if (!payload.settle()) return false;
  return done ? say_in_pieces(*done) : say(CameOut::invalid, as_bytes(done.error().message));
}

}  // namespace

int serve(std::span<const Verb> verbs, const Bounds& bounds) {
  close_everything_else();
  for (const Verb& verb : verbs)
    if (verb.prepare) verb.prepare();
  if (!enter_sandbox(bounds)) return exit_no_sandbox;
  try {
    Bytes room(packet_bytes_max);
    for (;;) {
      const ByteView packet = receive(daemon_socket, room);
      if (packet.empty()) return exit_hung_up;
      const auto request = decode_request(packet);
      if (!request || !answer(*request, verbs)) return exit_protocol;
    }
  } catch (const std::bad_alloc&) {
    return exit_no_memory;
  }
}

}  // namespace sampan::worker
