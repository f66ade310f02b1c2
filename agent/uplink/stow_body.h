// SPDX-License-Identifier: Apache-2.0
// STOW body: instances as multipart/related; type="application/dicom" (PS3.18 8.6.1.2 and 10.5.1, RFC 2387).
//
// Each part is a Part 10 head and the exact bytes of the data set, read from the payload as they are asked for: the
// size is known in advance, and memory does not grow with it.
// Threads: one.
// Fails:   a payload that cannot be read, or is shorter than it says -> Errc of the payload; failed() names it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/courier.h"

namespace sampan::uplink {

class StowBody {
 public:
  // The consignments must outlive the body. At least one.
  explicit StowBody(std::span<core::Consignment* const> instances);

  std::uint64_t size() const { return size_; }
  std::string content_type() const;
  // Fills into from offset; fewer bytes only at the end.
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into);
  // The instance at which reading failed, by its index, and whether what is stored does not verify.
  struct Failed {
    std::size_t instance;
    bool damaged;
  };
  const std::optional<Failed>& failed() const { return failed_; }

 private:
  // A stretch of the body: text of ours, or the payload of an instance.
  struct Stretch {
    std::uint64_t begin;
    std::uint64_t size;
    Bytes text;
    std::optional<std::size_t> instance;
  };
  void add_text(Bytes text);
  Result<std::size_t> read_some(const Stretch& stretch, std::uint64_t at, ByteSpan into);

  std::vector<core::Consignment*> instances_;
  std::string boundary_;
  std::vector<Stretch> stretches_;
  std::uint64_t size_ = 0;
  std::optional<Failed> failed_;
};

}  // namespace sampan::uplink
