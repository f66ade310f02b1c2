// SPDX-License-Identifier: Apache-2.0
// Cursor: walks through a payload with one buffer, wherever the bytes are. Memory does not follow its size.
//
// Threads: one.
// Fails:   as Payload::read.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/courier.h"

namespace sampan::dicom {

class Cursor {
 public:
  explicit Cursor(core::Payload& payload) : payload_(payload), buffer_(64 << 10) {}
  std::uint64_t at() const { return at_; }
  bool at_end() const { return at_ >= payload_.size(); }
  // A view of the next n bytes (at most the buffer), without moving; shorter only at the end.
  Result<ByteView> peek(std::size_t n) {
    if (at_ < begin_ || at_ + n > begin_ + filled_) {
      auto got = payload_.read(at_, buffer_);
      if (!got) return got.error();
      begin_ = at_;
      filled_ = *got;
    }
    const std::size_t there = std::min<std::uint64_t>(n, begin_ + filled_ - at_);
    return ByteView(buffer_).subspan(at_ - begin_, there);
  }
  void skip(std::uint64_t n) { at_ += n; }
  std::size_t room() const { return buffer_.size(); }

 private:
  core::Payload& payload_;
  Bytes buffer_;
  std::uint64_t at_ = 0, begin_ = 0;
  std::size_t filled_ = 0;
};

// Value representations whose length has 32 bits, behind two reserved bytes (PS3.5 7.1.2).
inline bool has_long_length(std::string_view vr) {
  static constexpr std::array<std::string_view, 13> forms{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                          "SV", "UC", "UN", "UR", "UT", "UV"};
  return std::find(forms.begin(), forms.end(), vr) != forms.end();
}

}  // namespace sampan::dicom
