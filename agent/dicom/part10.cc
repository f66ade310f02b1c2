// SPDX-License-Identifier: Apache-2.0
#include "dicom/part10.h"

#include <array>

#include "core/instance_name.h"
#include "dicom/implementation.h"

namespace sampan::dicom {
namespace {

using core::Fact;

constexpr std::size_t preamble_bytes = 128;
constexpr std::string_view prefix = "DICM";
// Preamble, prefix, and (0002,0000) with its value: what the group length does not count.
constexpr std::size_t fixed_bytes = preamble_bytes + 4 + 12;
constexpr std::uint16_t group = 0x0002;
constexpr std::size_t uid_bytes_max = 64, ae_title_bytes_max = 16;

void put_tag(Bytes& out, std::uint16_t element, std::string_view vr) {
  std::uint8_t tag[4];
  store_le(tag, group);
  store_le(tag + 2, element);
  out.insert(out.end(), tag, tag + 4);
  out.insert(out.end(), vr.begin(), vr.end());
}

// An element with a length of 16 bits, padded to even.
void put(Bytes& out, std::uint16_t element, std::string_view vr, std::string_view value, char padding) {
  std::uint8_t length[2];
  store_le(length, static_cast<std::uint16_t>(value.size() + value.size() % 2));
  put_tag(out, element, vr);
  out.insert(out.end(), length, length + 2);
  out.insert(out.end(), value.begin(), value.end());
  if (value.size() % 2 != 0) out.push_back(static_cast<std::uint8_t>(padding));
}

void put_uid(Bytes& out, std::uint16_t element, std::string_view uid) {
  put(out, element, "UI", uid.substr(0, uid_bytes_max), '\0');
}

Bytes meta_elements(const core::Facts& facts) {
  Bytes out;
  put_tag(out, 0x0001, "OB");
  const std::uint8_t version[] = {0, 0, 2, 0, 0, 0, 0, 1};  // reserved, length 2, the value 00 01
  out.insert(out.end(), std::begin(version), std::end(version));
  put_uid(out, 0x0002, facts.get(Fact::sop_class_uid));
  put_uid(out, 0x0003, core::kept_as(facts));
  put_uid(out, 0x0010, facts.get(Fact::transfer_syntax_uid));
  put_uid(out, 0x0012, implementation_uid);
  put(out, 0x0013, "SH", implementation_version, ' ');
  if (facts.has(Fact::calling_ae))
    put(out, 0x0016, "AE", facts.get(Fact::calling_ae).substr(0, ae_title_bytes_max), ' ');
  return out;
}

}  // namespace

Bytes part10_head(const core::Facts& facts) {
  const Bytes elements = meta_elements(facts);
  std::uint8_t length[4];
  store_le(length, static_cast<std::uint32_t>(elements.size()));
  Bytes head(preamble_bytes + prefix.size());
  std::memcpy(&head[preamble_bytes], prefix.data(), prefix.size());
  put(head, 0x0000, "UL", as_text(length), '\0');
  head.insert(head.end(), elements.begin(), elements.end());
  return head;
}

Result<std::uint64_t> data_set_offset(File& file) {
  std::array<std::uint8_t, fixed_bytes> head;
  auto got = file.read_at(0, head);
  if (!got) return got.error();
  static constexpr std::uint8_t group_length[] = {2, 0, 0, 0, 'U', 'L', 4, 0};
  const ByteView meta = ByteView(head).subspan(preamble_bytes);
  const bool fits = *got == head.size() && as_text(meta.first(4)) == prefix &&
                    std::memcmp(&meta[4], group_length, sizeof group_length) == 0;
  if (!fits) return fail(Errc::invalid, "not a DICOM file with file meta information");
  return std::uint64_t{fixed_bytes} + load_le<std::uint32_t>(&meta[12]);
}

}  // namespace sampan::dicom
