// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_head.h"

#include <algorithm>
#include <array>
#include <optional>

#include "intake/dimse_contexts.h"

namespace sampan::intake {
namespace {

constexpr std::size_t preamble_bytes = 128;
constexpr std::string_view prefix = "DICM";
constexpr std::uint16_t meta_group = 0x0002;
constexpr std::size_t uid_bytes_max = 64;
constexpr std::string_view dicomdir_class = "1.2.840.10008.1.3.10";

// Explicit VR Little Endian, always (PS3.10 7.1).
struct Element {
  std::uint16_t group = 0, number = 0;
  std::string_view vr;
  ByteView value;
  std::size_t end = 0;  // where the next one begins
};

bool is_vr(std::string_view vr) {
  return std::all_of(vr.begin(), vr.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool has_long_length(std::string_view vr) {
  static constexpr std::array long_vrs{std::string_view("OB"), std::string_view("OW"), std::string_view("SQ"),
                                       std::string_view("UN"), std::string_view("UT"), std::string_view("UR"),
                                       std::string_view("UC")};
  return std::find(long_vrs.begin(), long_vrs.end(), vr) != long_vrs.end();
}

// Nothing when it does not fit into start.
std::optional<Element> element_at(ByteView start, std::size_t at) {
  constexpr std::size_t short_bytes = 8, long_bytes = 12;
  if (at + short_bytes > start.size()) return {};
  Element element;
  element.group = load_le<std::uint16_t>(&start[at]);
  element.number = load_le<std::uint16_t>(&start[at + 2]);
  element.vr = as_text(start.subspan(at + 4, 2));
  if (element.group != meta_group) return element;
  const bool is_long = has_long_length(element.vr);
  const std::size_t value_at = at + (is_long ? long_bytes : short_bytes);
  if (!is_vr(element.vr) || value_at > start.size()) return {};
  const std::size_t length =
      is_long ? load_le<std::uint32_t>(&start[at + 8]) : load_le<std::uint16_t>(&start[at + 6]);
  if (length > start.size() - value_at) return {};
  element.value = start.subspan(value_at, length);
  element.end = value_at + length;
  return element;
}

// Where the first element of the head is.
std::optional<std::size_t> begin_of(ByteView start) {
  const std::string_view text = as_text(start);
  if (text.size() >= preamble_bytes + prefix.size() && text.substr(preamble_bytes, prefix.size()) == prefix)
    return preamble_bytes + prefix.size();
  if (text.starts_with(prefix)) return prefix.size();
  const auto first = element_at(start, 0);
  if (first && first->group == meta_group && first->number <= 0x0002) return 0;
  return {};
}

std::string text_of(ByteView value) {
  std::string_view text = as_text(value);
  const auto is_padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && is_padding(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_padding(text.front())) text.remove_prefix(1);
  return std::string(text);
}

bool is_uid(std::string_view text) {
  return !text.empty() && text.size() <= uid_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

void keep(FileHead& head, const Element& element) {
  switch (element.number) {
    case 0x0002: head.sop_class = text_of(element.value); break;
    case 0x0003: head.sop_instance = text_of(element.value); break;
    case 0x0010: head.transfer_syntax = text_of(element.value); break;
    case 0x0016: head.source_ae = text_of(element.value); break;
    default: break;
  }
}

}  // namespace

std::variant<FileHead, Unfit> read_head(ByteView start, std::uint64_t file_bytes) {
  if (file_bytes == 0) return Unfit::empty;
  const auto begin = begin_of(start);
  if (!begin) return Unfit::not_dicom;
  FileHead head;
  std::size_t at = *begin;
  while (at < file_bytes) {
    const auto element = element_at(start, at);
    if (!element) return Unfit::head_damaged;
    if (element->group != meta_group) break;
    keep(head, *element);
    at = element->end;
  }
  head.data_set_offset = at;
  head.is_dicomdir = head.sop_class == dicomdir_class;
  if (at == *begin) return Unfit::head_damaged;
  if (at >= file_bytes) return Unfit::no_data_set;
  if (!is_uid(head.transfer_syntax)) return Unfit::no_transfer_syntax;
  if (head.sop_class.empty()) return Unfit::no_class;
  if (!head.is_dicomdir && !is_storage_class(head.sop_class)) return Unfit::not_storage;
  return head;
}

}  // namespace sampan::intake
