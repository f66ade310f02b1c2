// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_dicomdir.h"

#include <algorithm>
#include <array>

namespace sampan::intake {
namespace {

constexpr std::uint32_t referenced_file_id = 0x00041500, referenced_sop_instance_uid = 0x00041511;
constexpr std::size_t uid_bytes_max = 64;  // PS3.5 9.1
constexpr std::uint32_t undefined_length = 0xffffffff;
constexpr std::size_t components_max = 8;  // PS3.10 8.2

bool has_long_length(std::string_view vr) {
  static constexpr std::array long_vrs{std::string_view("OB"), std::string_view("OD"), std::string_view("OF"),
                                       std::string_view("OL"), std::string_view("OW"), std::string_view("SQ"),
                                       std::string_view("UC"), std::string_view("UN"), std::string_view("UR"),
                                       std::string_view("UT")};
  return std::find(long_vrs.begin(), long_vrs.end(), vr) != long_vrs.end();
}

struct Header {
  std::uint32_t tag = 0, length = 0;
  std::size_t bytes = 8;
  bool is_container = false;  // a sequence, an item, or the end of one: what follows is the next header
};

Header header_at(ByteView at) {
  Header header;
  header.tag = std::uint32_t{load_le<std::uint16_t>(&at[0])} << 16 | load_le<std::uint16_t>(&at[2]);
  if (header.tag >> 16 == 0xfffe) {
    header.is_container = true;
    return header;
  }
  const std::string_view vr = as_text(at.subspan(4, 2));
  if (!has_long_length(vr)) {
    header.length = load_le<std::uint16_t>(&at[6]);
    return header;
  }
  header.bytes = 12;
  if (at.size() >= header.bytes) header.length = load_le<std::uint32_t>(&at[8]);
  header.is_container = vr == "SQ";
  return header;
}

// "DISK1\STUDY\IM1" -> "disk1/study/im1"; nothing when a component could lead elsewhere.
std::string path_of(std::string_view file_id) {
  while (!file_id.empty() && (file_id.back() == ' ' || file_id.back() == '\0')) file_id.remove_suffix(1);
  std::string path;
  std::size_t components = 0;
  while (!file_id.empty()) {
    const auto end = std::min(file_id.find('\\'), file_id.size());
    const std::string_view component = file_id.substr(0, end);
    const bool plain = !component.empty() && component != "." && component != ".." &&
                       component.find('/') == std::string_view::npos && component.find('\0') == std::string_view::npos;
    if (!plain || ++components > components_max) return {};
    path += (path.empty() ? "" : "/") + std::string(component);
    file_id.remove_prefix(std::min(end + 1, file_id.size()));
  }
  return lower_case(std::move(path));
}

std::string uid_of(std::string_view value) {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.remove_suffix(1);
  const bool is_uid = value.size() <= uid_bytes_max && value.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_uid ? std::string(value) : "";
}

}  // namespace

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// Sequences and items are walked into by going on behind their header, so that nesting costs nothing.
std::vector<ReferencedFile> referenced_files(ByteView data_set) {
  std::vector<ReferencedFile> files;
  bool named = false;  // by the record that is read
  while (data_set.size() >= 8) {
    const Header header = header_at(data_set);
    if (header.bytes > data_set.size()) break;
    data_set = data_set.subspan(header.bytes);
    if (header.is_container) {
      named = false;
      continue;
    }
    if (header.length == undefined_length || header.length > data_set.size()) break;
    const std::string_view value = as_text(data_set.first(header.length));
    if (header.tag == referenced_file_id)
      if (std::string path = path_of(value); (named = !path.empty())) files.push_back({std::move(path), {}});
    if (header.tag == referenced_sop_instance_uid && named) files.back().sop_instance_uid = uid_of(value);
    data_set = data_set.subspan(header.length);
  }
  return files;
}

}  // namespace sampan::intake
