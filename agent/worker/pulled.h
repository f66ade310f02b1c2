// SPDX-License-Identifier: Apache-2.0
// Pulled: the payload of a question as the worker reads it, asked for in stretches (packets.h).
//
// It remembers what it read last, so that a verb may look back a little without asking again. Where the payload is read on and on,
// the next stretches are asked for before they are wanted: the daemon reads while the worker works.
// Threads: one.
// Fails:   the daemon hung up -> Errc::stopped, for good.
#pragma once

#include <cstdint>

#include "core/courier.h"

namespace sampan::worker {

// Of the descriptor; empty when the other side hung up.
ByteView receive(int socket, ByteSpan room);

class Pulled final : public core::Payload {
 public:
  Pulled(int socket, std::uint64_t size) : socket_(socket), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override;
  // Takes what was asked for and is not wanted any more.
  Status settle();

 private:
  std::uint64_t window_end() const { return begin_ + window_.size(); }
  Status fetch(std::uint64_t at, std::uint64_t wanted);
  Status ask(std::uint64_t bytes);
  Status take();

  const int socket_;
  const std::uint64_t size_;
  Bytes window_;
  std::uint64_t begin_ = 0;    // of the window
  std::uint64_t coming_ = 0;   // bytes asked for that follow it; at most two stretches
};

}  // namespace sampan::worker
