// SPDX-License-Identifier: Apache-2.0
// The header of a record: what is taken for one, and what is not.
#include "queue/record.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::queue;

namespace {

Header sound() {
  Header header;
  header.type = Type::receipts;
  header.sequence = sequence_of(3, 8192);
  header.record_bytes = 2 * block_bytes;
  header.chunk_bytes = 65536;
  return header;
}

bool is_one(const Header& header) {
  Bytes bytes(header_bytes);
  encode(header, bytes.data());
  return decode_header(bytes).has_value();
}

bool with_chunks_of(std::uint32_t bytes) {
  Header header = sound();
  header.chunk_bytes = bytes;
  return is_one(header);
}

bool with_length(std::uint64_t bytes, bool streamed = false) {
  Header header = sound();
  header.record_bytes = bytes;
  header.streamed = streamed;
  return is_one(header);
}

}  // namespace

TEST_CASE("the_header_of_a_record_comes_back_as_it_was_written") {
  Bytes bytes(header_bytes);
  encode(sound(), bytes.data());
  const auto header = decode_header(bytes);
  REQUIRE(header.has_value());
  CHECK(header->type == Type::receipts);
  CHECK(header->sequence == sequence_of(3, 8192));
  CHECK(header->record_bytes == 2 * block_bytes);
  CHECK(header->chunk_bytes == 65536);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes damaged = bytes;
    damaged[at] ^= 0x10;
    CHECK_FALSE(decode_header(damaged).has_value());
  }
  CHECK_FALSE(decode_header(ByteView(bytes).first(bytes.size() - 1)).has_value());
}

TEST_CASE("a_header_with_a_length_or_chunks_that_no_record_has_is_none" * doctest::description("contract 10")) {
  CHECK(with_chunks_of(1024));
  CHECK_FALSE(with_chunks_of(1023));
  CHECK(with_chunks_of(1u << 24));
  CHECK_FALSE(with_chunks_of((1u << 24) + 1));
  CHECK(with_length(block_bytes));
  CHECK_FALSE(with_length(0));
  CHECK_FALSE(with_length(block_bytes + 1));
  CHECK(with_length(core::limits::segment_bytes_max));
  CHECK_FALSE(with_length(core::limits::segment_bytes_max + block_bytes));
  CHECK(with_length(0, true));
  CHECK_FALSE(with_length(block_bytes, true));
  Header unknown = sound();
  unknown.type = static_cast<Type>(8);
  CHECK_FALSE(is_one(unknown));
  unknown.type = static_cast<Type>(0);
  CHECK_FALSE(is_one(unknown));
}

TEST_CASE("what_is_shorter_than_a_trailer_was_none_and_nothing_is_read_behind_it" * doctest::description("contract 10")) {
  Bytes bytes(trailer_bytes, 0xaa);
  store_le<Sequence>(bytes.data() + 8, sequence_of(3, 8192));
  CHECK(was_trailer(bytes, sequence_of(3, 8192)));
  CHECK_FALSE(was_trailer(bytes, sequence_of(4, 8192)));
  bytes.pop_back();
  CHECK_FALSE(was_trailer(bytes, sequence_of(3, 8192)));
}
