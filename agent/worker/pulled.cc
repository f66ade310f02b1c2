// SPDX-License-Identifier: Apache-2.0
#include "worker/pulled.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "worker/packets.h"

namespace sampan::worker {
namespace {

constexpr std::size_t looked_back_bytes = 64u << 10;  // as much as a reader of data sets looks ahead (dicom/cursor.h)

Error hung_up() { return fail(Errc::stopped, "the daemon hung up"); }

}  // namespace

ByteView receive(int socket, ByteSpan room) {
  ssize_t got;
  do got = ::read(socket, room.data(), room.size());
  while (got < 0 && errno == EINTR);
  return room.first(got > 0 ? static_cast<std::size_t>(got) : 0);
}

Result<std::size_t> Pulled::read(std::uint64_t offset, ByteSpan into) {
  if (offset >= size_) return std::size_t{0};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  for (std::size_t done = 0; done < wanted;) {
    const std::uint64_t at = offset + done;
    if (at < begin_ || at >= window_end())
      if (Status fetched = fetch(at, wanted - done); !fetched) return fetched.error();
    const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(wanted - done, window_end() - at));
    std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(at - begin_), there, into.begin() + static_cast<std::ptrdiff_t>(done));
    done += there;
  }
  return wanted;
}

Status Pulled::fetch(std::uint64_t at, std::uint64_t wanted) {
  const bool reads_on = !window_.empty() && at >= window_end() && at <= window_end() + coming_;
  if (!reads_on) {
    if (Status settled = settle(); !settled) return settled;
    window_.clear();
    begin_ = at;
    if (Status asked = ask(std::clamp<std::uint64_t>(wanted, packet_bytes_max, stretch_bytes)); !asked) return asked;
    return take();
  }
  const std::size_t old = window_.size() - std::min(window_.size(), looked_back_bytes);
  window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(old));
  begin_ += old;
  while (coming_ <= stretch_bytes && window_end() + coming_ < size_)
    if (Status asked = ask(stretch_bytes); !asked) return asked;
  return take();
}

// For what follows everything that was asked for.
Status Pulled::ask(std::uint64_t bytes) {
  const std::uint64_t at = window_end() + coming_;
  const Wish wish{at, std::min(bytes, size_ - at)};
  coming_ += wish.bytes;
  const Bytes packet = encode(wish);
  return ::write(socket_, packet.data(), packet.size()) == static_cast<ssize_t>(packet.size()) ? Status{} : Status(hung_up());
}

// The oldest stretch that was asked for: all packets but the last of a payload, or of a wish that stands alone, are full.
Status Pulled::take() {
  std::size_t filled = window_.size();
  const std::size_t end = filled + static_cast<std::size_t>(std::min<std::uint64_t>(coming_, stretch_bytes));
  window_.resize(end);
  while (filled < end) {
    const std::size_t got = receive(socket_, ByteSpan(window_).subspan(filled, std::min(end - filled, packet_bytes_max))).size();
    if (got == 0) return hung_up();
    filled += got;
    coming_ -= got;
  }
  return {};
}

Status Pulled::settle() {
  Bytes room(coming_ > 0 ? packet_bytes_max : 0);
  while (coming_ > 0) {
    const std::size_t got = receive(socket_, room).size();
    if (got == 0) return hung_up();
    coming_ -= got;
  }
  return {};
}

}  // namespace sampan::worker
