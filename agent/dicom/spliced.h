// SPDX-License-Identifier: Apache-2.0
// Spliced: a payload as it reads with some stretches replaced by others. What is stored stays as it is.
//
// Threads: as the payload it stands on.
// Fails:   as that payload; splice() of edits that overlap or reach beyond it -> null.
#pragma once

#include <memory>
#include <vector>

#include "core/courier.h"

namespace sampan::dicom {

// In the place of `removed` bytes at `at` stand the `inserted` ones.
struct Edit {
  std::uint64_t at = 0;
  std::uint64_t removed = 0;
  Bytes inserted;
};

class Spliced final : public core::Payload {
 public:
  // Through splice(): the edits are in order.
  Spliced(std::shared_ptr<core::Payload> original, std::vector<Edit> edits);
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override;
  std::uint64_t held_bytes() const;

 private:
  // A stretch of the result, from the original or, where text is not empty, from there.
  struct Stretch {
    std::uint64_t begin;
    std::uint64_t size;
    std::uint64_t source;
    Bytes text;
  };
  void add(std::uint64_t size, std::uint64_t source, Bytes text);

  const std::shared_ptr<core::Payload> original_;
  std::vector<Stretch> stretches_;
  std::uint64_t size_ = 0;
};

// Puts them in the order in which they apply: at one place insertions as they were given, before what is replaced there.
// False: they overlap or reach beyond what has so many bytes.
bool set_in_order(std::vector<Edit>& edits, std::uint64_t size);
std::shared_ptr<core::Payload> splice(std::shared_ptr<core::Payload> original, std::vector<Edit> edits);

}  // namespace sampan::dicom
