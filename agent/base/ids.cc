// SPDX-License-Identifier: Apache-2.0
#include "base/ids.h"

#include "base/bytes.h"

namespace sampan {

Uuid make_uuid7(WallTime now, Random& random) {
  Uuid id;
  const auto ms = static_cast<std::uint64_t>(now.ms);
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  const std::uint64_t a = random.next(), b = random.next();
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (a & 0x0f));
  id.bytes[7] = static_cast<std::uint8_t>(a >> 8);
  for (int i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(b >> (8 * i));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

std::string to_string(const Uuid& id) {
  std::string hex = to_hex(id.bytes);
  for (std::size_t at : {20, 16, 12, 8}) hex.insert(at, 1, '-');
  return hex;
}

Uuid uuid_from(std::string_view text) {
  std::string hex;
  if (text.size() != 36) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen != (text[i] == '-')) return {};
    if (!hyphen) hex.push_back(text[i]);
  }
  const Bytes raw = from_hex(hex);
  Uuid id;
  if (raw.size() == id.bytes.size()) std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return id;
}

std::string to_dicom_uid(const Uuid& id) {
  auto number = id.bytes;
  std::string digits;
  do {  // divides by ten, digit by digit of base 256
    unsigned rest = 0;
    for (auto& byte : number) {
      const unsigned value = rest << 8 | byte;
      byte = static_cast<std::uint8_t>(value / 10);
      rest = value % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + rest));
  } while (number != decltype(number){});
  return "2.25." + digits;
}

std::size_t UuidHash::operator()(const Uuid& id) const noexcept {
  return load_le<std::uint64_t>(id.bytes.data() + 8);
}

}  // namespace sampan
