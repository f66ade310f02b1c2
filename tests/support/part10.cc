// SPDX-License-Identifier: Apache-2.0
#include "support/part10.h"

#include <algorithm>
#include <array>

#include "base/random.h"

namespace sampan::test {
namespace {

constexpr std::size_t preamble_bytes = 128;

struct Coding {
  bool implicit_vr;
  bool big_endian;
};
Coding coding_of(std::string_view transfer_syntax) {
  return {transfer_syntax == implicit_le, transfer_syntax == explicit_be};
}

bool has_long_length(std::string_view vr) {
  static constexpr std::array<std::string_view, 13> vrs{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                        "SV", "UC", "UN", "UR", "UT", "UV"};
  return std::find(vrs.begin(), vrs.end(), vr) != vrs.end();
}

std::uint32_t load(ByteView bytes, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8 | bytes[big_endian ? i : bytes.size() - 1 - i];
  return value;
}

struct Header {
  std::uint32_t tag;
  std::uint32_t length;
  std::size_t bytes;
};

std::optional<Header> read_header(ByteView at, Coding coding) {
  if (at.size() < 8) return std::nullopt;
  const bool big = coding.big_endian;
  const std::uint32_t tag = load(at.first(2), big) << 16 | load(at.subspan(2, 2), big);
  if (coding.implicit_vr) return Header{tag, load(at.subspan(4, 4), big), 8};
  if (!has_long_length(as_text(at).substr(4, 2))) return Header{tag, load(at.subspan(6, 2), big), 8};
  if (at.size() < 12) return std::nullopt;
  return Header{tag, load(at.subspan(8, 4), big), 12};
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return std::string(text);
}

// Decimal of 128 random bits by repeated division.
std::string random_decimal() {
  std::array<std::uint32_t, 4> digits{};
  for (auto& digit : digits) digit = static_cast<std::uint32_t>(system_random().next());
  std::string text;
  while (std::any_of(digits.begin(), digits.end(), [](auto d) { return d != 0; })) {
    std::uint64_t rest = 0;
    for (auto& digit : digits) {
      const std::uint64_t value = rest << 32 | digit;
      digit = static_cast<std::uint32_t>(value / 10);
      rest = value % 10;
    }
    text.insert(text.begin(), static_cast<char>('0' + rest));
  }
  return text;
}

}  // namespace

Result<FileMeta> read_file_meta(ByteView file) {
  std::size_t at = 0;
  if (file.size() > preamble_bytes + 4 && as_text(file.subspan(preamble_bytes, 4)) == "DICM") at = preamble_bytes + 4;
  FileMeta meta;
  while (const auto header = read_header(file.subspan(at), {false, false})) {
    if (header->tag >> 16 != 2) break;
    const std::size_t value_at = at + header->bytes;
    if (header->length > file.size() - value_at) return fail(Errc::invalid, "file meta information is cut");
    const std::string value = trimmed(as_text(file.subspan(value_at, header->length)));
    if (header->tag == 0x00020002) meta.sop_class = value;
    if (header->tag == 0x00020003) meta.sop_instance = value;
    if (header->tag == 0x00020010) meta.transfer_syntax = value;
    at = value_at + header->length;
  }
  meta.data_set_offset = at;
  if (meta.transfer_syntax.empty()) return fail(Errc::invalid, "no transfer syntax: not a DICOM file");
  return meta;
}

std::optional<Place> find_element(ByteView data_set, std::string_view transfer_syntax, std::uint32_t tag) {
  const Coding coding = coding_of(transfer_syntax);
  std::size_t at = 0;
  while (const auto header = read_header(data_set.subspan(at), coding)) {
    at += header->bytes;
    if (header->tag > tag || header->length > data_set.size() - at) return std::nullopt;
    if (header->tag == tag) return Place{at, header->length};
    at += header->length;
  }
  return std::nullopt;
}

std::string element_text(ByteView data_set, std::string_view transfer_syntax, std::uint32_t tag) {
  const auto place = find_element(data_set, transfer_syntax, tag);
  return place ? trimmed(as_text(data_set.subspan(place->offset, place->length))) : std::string{};
}

DataSetWriter::DataSetWriter(std::string_view transfer_syntax)
    : implicit_vr_(coding_of(transfer_syntax).implicit_vr), big_endian_(coding_of(transfer_syntax).big_endian) {}

void DataSetWriter::number(std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * (big_endian_ ? bytes - 1 - i : i))));
}

void DataSetWriter::header(std::uint32_t tag, std::string_view vr, std::uint32_t length) {
  number(tag >> 16, 2);
  number(tag & 0xffff, 2);
  if (implicit_vr_ || tag >> 16 == 0xfffe) return number(length, 4);
  raw(as_bytes(vr));
  if (!has_long_length(vr)) return number(length, 2);
  number(0, 2);
  number(length, 4);
}

void DataSetWriter::text(std::uint32_t tag, std::string_view vr, std::string_view value) {
  header(tag, vr, static_cast<std::uint32_t>(value.size() + value.size() % 2));
  raw(as_bytes(value));
  if (value.size() % 2 != 0) bytes_.push_back(vr == "UI" || vr == "OB" ? 0 : ' ');
}

void DataSetWriter::u16(std::uint32_t tag, std::uint16_t value) {
  header(tag, "US", 2);
  number(value, 2);
}

void DataSetWriter::raw(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

Bytes file_head(std::string_view sop_class, std::string_view sop_instance, std::string_view transfer_syntax) {
  DataSetWriter group;
  group.text(0x00020001, "OB", std::string_view("\0\1", 2));
  group.text(0x00020002, "UI", sop_class);
  group.text(0x00020003, "UI", sop_instance);
  group.text(0x00020010, "UI", transfer_syntax);
  group.text(0x00020012, "UI", "2.25.138464117250894011247863091875230541226");
  group.text(0x00020013, "SH", "SAMPAN_TEST");
  DataSetWriter head;
  head.raw(Bytes(preamble_bytes));
  head.raw(as_bytes("DICM"));
  head.header(0x00020000, "UL", 4);
  Bytes length(4);
  store_le(length.data(), static_cast<std::uint32_t>(group.bytes().size()));
  head.raw(length);
  head.raw(group.bytes());
  return head.bytes();
}

std::string fresh_uid(std::size_t length) {
  std::string uid = "2.25." + random_decimal();
  if (length == 0) return uid;
  while (uid.size() < length) uid += random_decimal();
  uid.resize(length);
  return uid;
}

}  // namespace sampan::test
