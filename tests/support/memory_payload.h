// SPDX-License-Identifier: Apache-2.0
// MemoryPayload: the bytes of an item that no disk holds; damaged from a place on, where a test says so.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "core/courier.h"

namespace sampan::test {

class MemoryPayload final : public core::Payload {
 public:
  explicit MemoryPayload(Bytes bytes, std::uint64_t damaged = UINT64_MAX) : damaged_from(damaged), bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    if (offset + into.size() > damaged_from) return fail(Errc::damaged, "does not verify");
    const auto begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_.size()));
    const std::size_t size = std::min(into.size(), bytes_.size() - begin);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(begin), size, into.begin());
    return size;
  }
  std::uint64_t damaged_from;  // a read that reaches beyond fails

 private:
  Bytes bytes_;
};

}  // namespace sampan::test
