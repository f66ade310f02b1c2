// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_names.h"

#include <algorithm>

#include "base/hash.h"

namespace sampan::uplink {
namespace {

constexpr std::size_t uid_characters_max = 64;
constexpr std::size_t escaped_characters_max = 180;
constexpr std::size_t file_name_bytes_max = 150;  // with an item id before and a sum behind, within NAME_MAX
constexpr std::size_t ending_bytes_max = 16;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// PS3.5 9.1, leniently: leading zeros and stray dots are harmless in a name.
bool is_plain_uid(std::string_view uid) {
  return uid.size() <= uid_characters_max && uid != "." && uid != ".." &&
         std::all_of(uid.begin(), uid.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_safe(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

std::string escaped(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += "%" + to_hex(ByteView(&byte, 1));
  return text;
}

// Bytes of the character of UTF-8 at the front; 0 when there is none (RFC 3629; surrogates are nobody's name).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto goes_on = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0 && goes_on(1)) return 2;
  if (first >= 0xe0 && first < 0xf0 && goes_on(1) && goes_on(2))
    return (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ? 0 : 3;
  if (first >= 0xf0 && first < 0xf5 && goes_on(1) && goes_on(2) && goes_on(3))
    return (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90) ? 0 : 4;
  return 0;
}

// What Windows forbids in names, control characters, and the characters that turn or hide the text beside them.
bool may_show(std::string_view character) {
  if (character.size() == 1) {
    const char c = character[0];
    return is_safe(c) || c == ' ' || c == '.' || (c > 0x20 && c < 0x7f && std::string_view("<>:\"/\\|?*%").find(c) == std::string_view::npos);
  }
  const bool c1_control = character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
  const bool general_punctuation = character.starts_with("\xe2\x80") || character.starts_with("\xe2\x81");
  return !c1_control && !general_punctuation && character != "\xef\xbb\xbf";
}

std::size_t cut_at(std::string_view text, std::size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return bytes;
}

}  // namespace

std::string safe_name(std::string_view uid, std::string_view when_missing) {
  if (uid.empty()) return std::string(when_missing);
  if (is_plain_uid(uid)) return std::string(uid);
  std::string name;
  for (const char c : uid) {
    const auto byte = static_cast<std::uint8_t>(c);
    name += is_safe(c) ? std::string(1, c) : "%" + to_hex(ByteView(&byte, 1));
  }
  if (name.size() <= escaped_characters_max) return name;
  return name.substr(0, escaped_characters_max) + "~" + to_hex(sha256(as_bytes(uid))).substr(0, 8);
}

std::string safe_file_name(std::string_view name) {
  std::string safe;
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t bytes = std::max<std::size_t>(character_bytes(rest), 1);
    const std::string_view character = rest.substr(0, bytes);
    const bool shown = character_bytes(rest) > 0 && may_show(character);
    safe += shown ? std::string(character) : escaped(as_bytes(character));
    rest.remove_prefix(bytes);
  }
  // A dot or a space at the end is dropped by Windows.
  if (safe.ends_with('.') || safe.ends_with(' ')) safe += "_";
  if (safe.empty()) return "file";
  if (safe.size() <= file_name_bytes_max) return safe;
  const std::size_t dot = safe.rfind('.');
  const bool has_ending = dot != std::string::npos && safe.size() - dot <= ending_bytes_max;
  const std::string tail = "~" + to_hex(sha256(as_bytes(name))).substr(0, 8) + (has_ending ? safe.substr(dot) : "");
  return safe.substr(0, cut_at(safe, file_name_bytes_max - tail.size())) + tail;
}

}  // namespace sampan::uplink
