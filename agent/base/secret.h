// SPDX-License-Identifier: Apache-2.0
// Secret: memory for keys: wiped when it goes, and where it must stay for long, kept out of swap and of dumps.
//
// Threads: none of its own.
// Fails:   memory that the system does not lock is used all the same, and says so by locked().
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace sampan {

// Not removed by an optimiser.
void wipe(ByteSpan bytes);
inline void wipe(std::string& text) { wipe(ByteSpan(reinterpret_cast<std::uint8_t*>(text.data()), text.size())); }

// Pages of their own: locked in memory, left out of core dumps, zero in a child of fork(), wiped when they go.
class LockedMemory {
 public:
  explicit LockedMemory(std::size_t bytes);
  ~LockedMemory();
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;

  ByteSpan bytes() const { return {at_, size_}; }
  bool locked() const { return locked_; }

 private:
  std::uint8_t* at_;
  std::size_t size_;
  bool locked_;
};

}  // namespace sampan
