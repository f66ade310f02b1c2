// SPDX-License-Identifier: Apache-2.0
#include "queue/recovery_key.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace sampan::queue {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t groups = 8, group_data = 4, group_size = group_data + 1;
constexpr std::size_t secret_bytes = groups * group_data * 5 / 8;
using Secret = std::array<std::uint8_t, secret_bytes>;
using Group = std::array<std::uint8_t, group_size>;  // values of characters, the check last

// In GF(32) with x^5 + x^2 + 1.
constexpr unsigned times_x(unsigned value) { return (value << 1 ^ (value & 16 ? 0x25u : 0u)) & 31u; }

// Every character has a factor of its own: one wrong character and two exchanged ones never fit, nor does a group elsewhere.
std::uint8_t check_of(const Group& group, std::size_t place) {
  unsigned sum = static_cast<unsigned>(place) + 1;
  for (std::size_t i = 0; i < group_data; ++i) sum = times_x(sum ^ group[i]);
  return static_cast<std::uint8_t>(sum);
}

int value_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'I' || c == 'L') c = '1';
  if (c == 'O') c = '0';
  const auto at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Characters of five bits from bytes, and back: 5 bytes are 8 characters, two groups.
std::uint8_t take_bits(const Secret& secret, std::size_t index) {
  unsigned value = 0;
  for (std::size_t bit = index * 5; bit < index * 5 + 5; ++bit) value = value << 1 | (secret[bit / 8] >> (7 - bit % 8) & 1u);
  return static_cast<std::uint8_t>(value);
}
void put_bits(Secret& secret, std::size_t index, unsigned value) {
  for (std::size_t i = 0; i < 5; ++i)
    if (value >> (4 - i) & 1u) secret[(index * 5 + i) / 8] |= static_cast<std::uint8_t>(0x80u >> ((index * 5 + i) % 8));
}

Key private_half(const Secret& secret) { return Key{hmac_sha256(secret, as_bytes("sampan recovery key 1"))}; }

Error wrong(const std::string& en, const std::string& zh) { return fail(Errc::invalid, en + " / " + zh); }

}  // namespace

NewRecoveryKey make_recovery_key() {
  const Key random = random_key();
  Secret secret;
  std::copy_n(random.begin(), secret.size(), secret.begin());
  NewRecoveryKey made;
  for (std::size_t g = 0; g < groups; ++g) {
    Group group{};
    for (std::size_t i = 0; i < group_data; ++i) group[i] = take_bits(secret, g * group_data + i);
    group[group_data] = check_of(group, g);
    if (g > 0) made.text += '-';
    for (const auto value : group) made.text += alphabet[value];
  }
  made.half = public_key(private_half(secret));
  wipe(secret);
  return made;
}

Result<Key> read_recovery_key(std::string_view typed) {
  std::array<std::uint8_t, groups * group_size> values{};
  std::size_t count = 0;
  for (const char c : typed) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const int value = value_of(c);
    if (value < 0 || count == values.size())
      return value < 0 ? wrong("the recovery key has only letters and digits, without U", "恢复密钥只含字母和数字，且不含 U")
                       : wrong("the recovery key is too long", "恢复密钥过长");
    values[count++] = static_cast<std::uint8_t>(value);
  }
  if (count != values.size())
    return wrong("the recovery key has 8 groups of 5 characters; " + std::to_string(count) + " of 40 were given",
                 "恢复密钥为 8 组，每组 5 个字符；共 40 个，输入了 " + std::to_string(count) + " 个");
  Secret secret{};
  for (std::size_t g = 0; g < groups; ++g) {
    Group group;
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(g * group_size), group_size, group.begin());
    if (check_of(group, g) != group[group_data])
      return wrong("the recovery key is mistyped in group " + std::to_string(g + 1), "恢复密钥第 " + std::to_string(g + 1) + " 组有误");
    for (std::size_t i = 0; i < group_data; ++i) put_bits(secret, g * group_data + i, group[i]);
  }
  Key half = private_half(secret);
  wipe(secret), wipe(values);
  return half;
}

}  // namespace sampan::queue
