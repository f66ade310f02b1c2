// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_whole.h"

#include <algorithm>
#include <array>
#include <optional>

#include "dicom/cursor.h"

namespace sampan::intake {
namespace {

constexpr std::string_view implicit_le = "1.2.840.10008.1.2", explicit_be = "1.2.840.10008.1.2.2";
constexpr std::array compressed_whole{std::string_view("1.2.840.10008.1.2.1.99")};  // its elements are not seen from outside
constexpr std::uint16_t delimiters = 0xfffe, item_end = 0xe00d, sequence_end = 0xe0dd;
constexpr std::uint32_t undefined_length = 0xffffffff;
constexpr std::size_t short_header_bytes = 8, long_header_bytes = 12;
constexpr unsigned headers_max = 1u << 16;

bool is_vr(std::string_view vr) {
  return std::ranges::all_of(vr, [](char c) { return c >= 'A' && c <= 'Z'; });
}

struct Header {
  std::uint16_t group = 0, number = 0;
  std::uint32_t length = 0;
  std::size_t bytes = short_header_bytes;
  bool ends_level() const { return group == delimiters && (number == item_end || number == sequence_end); }
};

std::uint32_t load(ByteView at, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < at.size(); ++i) value = value << 8 | at[big_endian ? i : at.size() - 1 - i];
  return value;
}

// Nothing: it is none that can be followed.
std::optional<Header> header_of(ByteView at, std::string_view transfer_syntax) {
  const bool big_endian = transfer_syntax == explicit_be;
  if (at.size() < short_header_bytes) return {};
  Header header;
  header.group = static_cast<std::uint16_t>(load(at.first(2), big_endian));
  header.number = static_cast<std::uint16_t>(load(at.subspan(2, 2), big_endian));
  header.length = load(at.subspan(4, 4), big_endian);
  if (transfer_syntax == implicit_le || header.group == delimiters) return header;
  const std::string_view vr = as_text(at.subspan(4, 2));
  if (!is_vr(vr)) return {};
  header.length = load(at.subspan(6, 2), big_endian);
  if (!dicom::has_long_length(vr)) return header;
  if (at.size() < long_header_bytes) return {};
  header.length = load(at.subspan(8, 4), big_endian);
  header.bytes = long_header_bytes;
  return header;
}

}  // namespace

// What has no length is walked into, so that nesting costs nothing.
bool ends_early(const ReadAt& read, std::uint64_t begin, std::uint64_t end, std::string_view transfer_syntax_uid) {
  if (std::ranges::find(compressed_whole, transfer_syntax_uid) != compressed_whole.end()) return false;
  std::uint64_t open = 0;  // levels whose end is marked
  for (unsigned headers = 0; headers < headers_max; ++headers) {
    if (begin > end || end - begin < short_header_bytes) return open > 0;  // a byte or two too many are no element
    std::array<std::uint8_t, long_header_bytes> room;
    const auto got = read(begin, ByteSpan(room).first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), end - begin))));
    const auto header = got ? header_of(ByteView(room).first(*got), transfer_syntax_uid) : std::nullopt;
    if (!header) return false;
    begin += header->bytes;
    if (header->length == undefined_length)
      ++open;
    else if (header->ends_level())
      open -= std::min<std::uint64_t>(open, 1);
    else if (header->length > end - begin)
      return true;
    else
      begin += header->length;
  }
  return false;
}

}  // namespace sampan::intake
