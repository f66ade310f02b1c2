// SPDX-License-Identifier: Apache-2.0
#include "worker/serve.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/hash.h"
#include "worker/packets.h"

namespace sampan::worker {
namespace {

constexpr int daemon_socket = 0;
constexpr int descriptors_of_old = 1024;  // looked at where the kernel cannot close a range

// Nothing that the daemon has open is left here, whatever flags it was opened with.
void close_everything_else() {
  if (::syscall(SYS_close_range, 1u, ~0u, 0u) == 0) return;
  for (int one = 1; one < descriptors_of_old; ++one) ::close(one);
}

// Empty when the daemon hung up.
ByteView receive(ByteSpan room) {
  ssize_t got;
  do got = ::read(daemon_socket, room.data(), room.size());
  while (got < 0 && errno == EINTR);
  return room.first(got > 0 ? static_cast<std::size_t>(got) : 0);
}

// The payload as its packets come in: a window on it that only moves on.
class Arriving final : public core::Payload {
 public:
  explicit Arriving(std::uint64_t size) : size_(size), packet_(packet_bytes_max) {}
  std::uint64_t size() const override { return size_; }

  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    if (offset < begin_) return fail(Errc::invalid, "a payload is read once, from its beginning");
    const std::uint64_t end = std::min<std::uint64_t>(size_, offset + into.size());
    while (come_ < end) {
      forget_before(offset);
      if (Status more = take_packet(); !more) return more.error();
    }
    forget_before(offset);
    const std::size_t there = offset < end ? static_cast<std::size_t>(end - offset) : 0;
    std::copy_n(window_.begin(), there, into.begin());
    return there;
  }
  // What nobody wanted to read.
  Status drain() {
    while (come_ < size_) {
      forget_before(come_);
      if (Status more = take_packet(); !more) return more;
    }
    return {};
  }

 private:
  void forget_before(std::uint64_t offset) {
    const std::uint64_t gone = std::min(offset, come_) - begin_;
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(gone));
    begin_ += gone;
  }
  Status take_packet() {
    const ByteView packet = receive(packet_);
    if (packet.size() < 2 || packet[0] != data_mark || packet.size() - 1 > size_ - come_) return fail(Errc::stopped, "no more of the payload comes");
    window_.insert(window_.end(), packet.begin() + 1, packet.end());
    come_ += packet.size() - 1;
    return {};
  }

  const std::uint64_t size_;
  Bytes packet_, window_;
  std::uint64_t begin_ = 0, come_ = 0;  // of the window, and of what came
};

bool answer(const Request& request, std::span<const Verb> verbs) {
  const auto verb = std::ranges::find(verbs, request.verb, &Verb::number);
  if (verb == verbs.end()) return false;
  Arriving payload(request.payload_bytes);
  const auto done = verb->run(request.argument, payload);
  if (!payload.drain()) return false;
  const Bytes packet = done ? encode(Reply{CameOut::good, *done}) : encode(Reply{CameOut::invalid, as_bytes(done.error().message)});
  return ::write(daemon_socket, packet.data(), packet.size()) == static_cast<ssize_t>(packet.size());
}

}  // namespace

int serve(std::span<const Verb> verbs, const Bounds& bounds) {
  close_everything_else();
  static_cast<void>(sha256({}));  // the library reads what it wants of the disk now
  if (!enter_sandbox(bounds)) return exit_no_sandbox;
  try {
    Bytes room(packet_bytes_max);
    for (;;) {
      const ByteView packet = receive(room);
      if (packet.empty()) return exit_hung_up;
      const auto request = decode_request(packet);
      if (!request || !answer(*request, verbs)) return exit_protocol;
    }
  } catch (const std::bad_alloc&) {
    return exit_no_memory;
  }
}

}  // namespace sampan::worker
