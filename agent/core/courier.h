// SPDX-License-Identifier: Apache-2.0
// Courier: one way of carrying items to one destination.
//
// attempt() tries each consignment once, in order, and reports one outcome for every one of them, also when the
// connection breaks in the middle (the rest: Retry, scope destination). It never loops, sleeps or decides to retry.
// Where a report is answered with false, something more urgent waits: what was not begun may be left without an outcome.
// A connection may be kept between attempts; after any doubt about its state it is dropped.
// Threads: one Courier belongs to one lane's thread; interrupt() may come from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "core/item.h"
#include "core/outcome.h"

namespace sampan::core {

// The bytes of an item, readable from any offset.
class Payload {
 public:
  virtual ~Payload() = default;
  virtual std::uint64_t size() const = 0;
  // Fills into from offset; fewer bytes only at the end. Errc::damaged when what is stored does not verify.
  virtual Result<std::size_t> read(std::uint64_t offset, ByteSpan into) = 0;
  // The same for who looks at it here and sends nothing of it: no cap of a line holds a reader back.
  virtual Payload& here() { return *this; }
};

struct Consignment {
  Item item;
  std::shared_ptr<Payload> payload;
  unsigned attempts = 0;  // made before this one
};

// Whether to go on.
using Report = std::function<bool(const Uuid& item, Outcome outcome)>;

class Courier {
 public:
  virtual ~Courier() = default;
  virtual void attempt(std::span<Consignment> batch, const Report& report) = 0;
  // Nothing waits just now: give the connection back to the peer.
  virtual void rest() = 0;
  // Makes a running attempt() return soon; the destination was removed or the node stops.
  virtual void interrupt() = 0;
};

}  // namespace sampan::core
