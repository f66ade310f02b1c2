// SPDX-License-Identifier: Apache-2.0
// Gather: the bounded pool of buffers in which small objects become whole records.
//
// Threads: any. A buffer belongs to one inflow at a time.
// Fails:   never; take() waits at most as long as it is told and may come back empty-handed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"

namespace sampan::queue {

class GatherPool {
 public:
  GatherPool(std::size_t buffers, std::size_t buffer_bytes);
  ~GatherPool();
  GatherPool(const GatherPool&) = delete;

  // Pages come from the kernel when first touched.
  class Buffer {
   public:
    Buffer(GatherPool& pool, std::uint8_t* at) : pool_(&pool), at_(at) {}
    ~Buffer();
    Buffer(const Buffer&) = delete;
    ByteSpan bytes() const;

   private:
    GatherPool* pool_;
    std::uint8_t* at_;
  };

  std::unique_ptr<Buffer> take(std::chrono::milliseconds patience);
  // A second one, only while most are idle: nobody waits for a first one because of it.
  std::unique_ptr<Buffer> take_spare();
  // Gives the memory of idle buffers back to the kernel.
  void trim();

 private:
  std::unique_ptr<Buffer> pop();
  void give_back(std::uint8_t* at);
  const std::size_t buffer_bytes_;
  std::uint8_t* arena_;
  const std::size_t arena_bytes_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::uint8_t*> idle_;
  bool touched_ = false;
};

}  // namespace sampan::queue
