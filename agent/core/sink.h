// SPDX-License-Identifier: Apache-2.0
// Sink: the door through which every intake hands over cargo.
//
// commit() returns only when payload, facts, checksums and the directory entry are synced (DESIGN, contract 1);
// its answer is the answer to the peer. Nothing of an Inflow that was not committed stays.
// Threads: any; one Inflow belongs to one thread at a time.
// Fails:   full -> Errc::full (0xA700); disk -> Errc::io (0xA700, the record is not believed); stopping -> Errc::stopped.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "core/item.h"

namespace sampan::core {

// What is known before the first byte. An item from another node brings its id and origin.
struct Manifest {
  Kind kind = Kind::image;
  Priority priority = Priority::routine;
  Uuid id;                      // nil: this node mints one
  std::string origin;           // empty: this node
  std::uint64_t size_hint = 0;  // bytes expected, 0 unknown; what is known to find no room is refused at open(): Errc::limit
};

struct Stored {
  Uuid id;
  bool repeated = false;  // the same bytes were here already: stored once, answered with success
};

class Inflow {
 public:
  virtual ~Inflow() = default;  // without commit(): aborted, nothing stays
  virtual Status append(ByteView bytes) = 0;
  virtual Result<Stored> commit(const Facts& facts) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Asked at command time, before a byte is read.
  virtual Status admits(Kind kind) const = 0;
  // May wait for a buffer: back-pressure instead of memory.
  virtual Result<std::unique_ptr<Inflow>> open(const Manifest& manifest) = 0;
};

}  // namespace sampan::core
