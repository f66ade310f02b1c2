// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#if defined(__SSE4_2__) || defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "base/panic.h"

namespace sampan {

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  // Fetched once: EVP_sha256() would be looked up again at every start.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  SAMPAN_ASSERT(EVP_DigestInit_ex2(context_->evp, algorithm, nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
  SAMPAN_ASSERT(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  SAMPAN_ASSERT(EVP_DigestFinal_ex(context_->evp, digest.data(), nullptr) == 1);
  return digest;
}

Digest sha256(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

// RFC 2104 by hand: OpenSSL looks its algorithms up again for every message, which costs many times the hashing.
Digest hmac_sha256(ByteView key, ByteView message) {
  std::array<std::uint8_t, 64> inner_pad{};
  const Digest short_key = key.size() > inner_pad.size() ? sha256(key) : Digest{};
  const ByteView used = key.size() > inner_pad.size() ? ByteView(short_key) : key;
  std::copy(used.begin(), used.end(), inner_pad.begin());
  auto outer_pad = inner_pad;
  for (auto& byte : inner_pad) byte ^= 0x36;
  for (auto& byte : outer_pad) byte ^= 0x5c;
  Sha256 inner, outer;
  inner.update(inner_pad);
  inner.update(message);
  outer.update(outer_pad);
  outer.update(inner.finish());
  return outer.finish();
}

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli, reflected

constexpr auto make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? polynomial : 0);
    table[i] = value;
  }
  return table;
}
constexpr auto table = make_table();

std::uint32_t crc_portable(ByteView bytes, std::uint32_t crc) {
  for (auto byte : bytes) crc = (crc >> 8) ^ table[(crc ^ byte) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc_sse42(ByteView bytes, std::uint32_t crc) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t wide = crc;
  for (; left >= 8; at += 8, left -= 8) wide = _mm_crc32_u64(wide, load_le<std::uint64_t>(at));
  crc = static_cast<std::uint32_t>(wide);
  for (; left > 0; ++at, --left) crc = _mm_crc32_u8(crc, *at);
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t so_far) {
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("sse4.2");
  if (fast) return ~crc_sse42(bytes, ~so_far);
#endif
  return ~crc_portable(bytes, ~so_far);
}

}  // namespace sampan
