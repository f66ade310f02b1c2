// SPDX-License-Identifier: Apache-2.0
#include "queue/scan.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace sampan::queue {
namespace {

// Zeros, as far as it goes; remembers what was asked for before it was read.
class Zeros final : public File {
 public:
  explicit Zeros(std::uint64_t size) : size_(size) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override {
    if (offset + into.size() > asked_to) ++read_unasked;
    std::fill(into.begin(), into.end(), std::uint8_t{0});
    return std::min<std::uint64_t>(into.size(), size_ - std::min(offset, size_));
  }
  Status write_at(std::uint64_t, ByteView) override { return {}; }
  Status sync() override { return {}; }
  Result<std::uint64_t> size() override { return size_; }
  Status punch(std::uint64_t, std::uint64_t) override { return {}; }
  Status reserve(std::uint64_t) override { return {}; }
  void write_back(std::uint64_t, std::uint64_t) override {}
  void will_need(std::uint64_t offset, std::uint64_t length) override {
    if (asks++ == 0) asked_from = asked_to = offset;
    gaps += offset != asked_to;
    asked_to = offset + length;
    longest = std::max(longest, length);
  }
  void forget(std::uint64_t, std::uint64_t) override {}

  std::uint64_t asked_from = 0, asked_to = 0, longest = 0;
  int asks = 0, gaps = 0, read_unasked = 0;

 private:
  const std::uint64_t size_;
};

constexpr std::uint64_t size = (9u << 20) + block_bytes;

TEST_CASE("a_scan_that_goes_to_the_end_asks_the_disk_for_everything_once_before_it_reads_it_and_for_nothing_behind_the_end") {
  Zeros file(size);
  SegmentScan scan(file, 1, block_bytes, size);
  scan.read_ahead();
  CHECK(scan.next().what == Finding::What::end);
  CHECK(file.asked_from == block_bytes);
  CHECK(file.asked_to == size);
  CHECK(file.gaps == 0);
  CHECK(file.read_unasked == 0);
  CHECK(file.longest <= 4u << 20);
}

TEST_CASE("a_scan_for_one_record_asks_for_nothing") {
  Zeros file(size);
  CHECK(SegmentScan(file, 1, block_bytes, size).next().what == Finding::What::end);
  CHECK(file.asks == 0);
}

}  // namespace
}  // namespace sampan::queue
