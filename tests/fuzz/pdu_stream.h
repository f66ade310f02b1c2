// SPDX-License-Identifier: Apache-2.0
// PDU stream: what one side of an association says, taken apart as far as it can be, changed, and put together again with
// lengths that are right (PS3.8 9.3, PS3.7 annex E). Most changes of bare bytes break a length, and reach nothing behind it.
//
// What does not fit its form stays bytes, so that every input comes out as it went in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "base/bytes.h"

namespace sampan::fuzz {

// Head, the length of what follows, a value, and parts.
struct Part {
  enum class Kind : std::uint8_t { raw, pdu, pdv, item, element };
  Kind kind = Kind::raw;
  Bytes head;                             // before the length
  Bytes value;                            // before the parts
  std::vector<Part> parts{};
  std::optional<std::uint32_t> pretended{};  // a length that is not true
};

// The whole is one part of kind raw.
Part parse_stream(ByteView bytes);
Bytes write_stream(const Part& whole);

// PDUs by the lengths they say, the last one as long as there are bytes.
std::vector<Bytes> pdus_of(ByteView stream);

// Changes at most bytes_max bytes in place, and gives how many there are then.
using MutateBytes = std::function<std::size_t(std::uint8_t* data, std::size_t size, std::size_t bytes_max)>;

// One to a few changes of the stream behind the first choices bytes of data, which are not part of it.
std::size_t mutate_stream(std::uint8_t* data, std::size_t size, std::size_t bytes_max, std::size_t choices, unsigned seed, const MutateBytes& mutate);

}  // namespace sampan::fuzz
