// SPDX-License-Identifier: Apache-2.0
#include "queue/gather.h"

#include <sys/mman.h>

#include "base/panic.h"

namespace sampan::queue {

GatherPool::GatherPool(std::size_t buffers, std::size_t buffer_bytes)
    : buffer_bytes_(buffer_bytes), arena_bytes_(buffers * buffer_bytes) {
  void* memory = ::mmap(nullptr, arena_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  SAMPAN_ASSERT(memory != MAP_FAILED);
  arena_ = static_cast<std::uint8_t*>(memory);
  for (std::size_t i = buffers; i-- > 0;) idle_.push_back(arena_ + i * buffer_bytes);
}

GatherPool::~GatherPool() { ::munmap(arena_, arena_bytes_); }

GatherPool::Buffer::~Buffer() { pool_->give_back(at_); }
ByteSpan GatherPool::Buffer::bytes() const { return {at_, pool_->buffer_bytes_}; }

std::unique_ptr<GatherPool::Buffer> GatherPool::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, patience, [this] { return !idle_.empty(); })) return nullptr;
  return pop();
}

std::unique_ptr<GatherPool::Buffer> GatherPool::take_spare() {
  const std::lock_guard lock(mutex_);
  if (2 * idle_.size() * buffer_bytes_ <= arena_bytes_) return nullptr;
  return pop();
}

std::unique_ptr<GatherPool::Buffer> GatherPool::pop() {
  std::uint8_t* at = idle_.back();  // the warmest first
  idle_.pop_back();
  touched_ = true;
  return std::make_unique<Buffer>(*this, at);
}

void GatherPool::give_back(std::uint8_t* at) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(at);
  }
  returned_.notify_one();
}

void GatherPool::trim() {
  std::lock_guard lock(mutex_);
  if (!touched_) return;
  touched_ = false;
  for (std::uint8_t* at : idle_) ::madvise(at, buffer_bytes_, MADV_DONTNEED);
}

}  // namespace sampan::queue
