// SPDX-License-Identifier: Apache-2.0
// STOW bundle: how many instances go into one request.
//
// A bundle saves a round trip per instance; it costs all of them when the line breaks, and some services take one only.
// So it begins with one, doubles while all goes well, and begins again after trouble. After a service refused a bundle
// but not its instances, it takes ever longer until another one is tried.
// Threads: one. Fails: never.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/limits.h"

namespace sampan::uplink {

class StowBundle {
 public:
  std::size_t items() const { return items_; }
  std::uint64_t bytes() const { return bytes_; }

  // A request of so many instances was answered for each of them.
  void went_well(std::size_t items) {
    if (items > 1) patience_ = 1;
    if (++in_a_row_ < patience_) return;
    in_a_row_ = 0;
    items_ = std::min(items_ * 2, core::limits::batch_items_max);
  }
  // The line broke, or the service had trouble of its own.
  void trouble() {
    items_ = 1;
    in_a_row_ = 0;
  }
  // The service refused a bundle as a whole; too_large: for its size.
  void refused(std::uint64_t bytes, bool too_large) {
    trouble();
    patience_ = std::min(patience_ * 8, patience_max);
    if (too_large) bytes_ = std::max<std::uint64_t>(std::min(bytes_, bytes) / 2, 1);
  }

 private:
  static constexpr unsigned patience_max = 4096;
  std::size_t items_ = 1;
  std::uint64_t bytes_ = core::limits::stow_request_bytes_max;
  unsigned patience_ = 1;
  unsigned in_a_row_ = 0;
};

}  // namespace sampan::uplink
