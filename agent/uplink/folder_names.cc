// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_names.h"

#include <algorithm>

#include "base/hash.h"

namespace sampan::uplink {
namespace {

constexpr std::size_t uid_characters_max = 64;
constexpr std::size_t escaped_characters_max = 180;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// PS3.5 9.1, leniently: leading zeros and stray dots are harmless in a name.
bool is_plain_uid(std::string_view uid) {
  return uid.size() <= uid_characters_max && uid != "." && uid != ".." &&
         std::all_of(uid.begin(), uid.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_safe(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

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

}  // namespace sampan::uplink
