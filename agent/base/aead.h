// SPDX-License-Identifier: Apache-2.0
// AEAD: AES-256-GCM sealing (NIST SP 800-38D) and AES-256 key wrap (RFC 3394).
//
// A key seals many chunks; the caller owns the rule that a nonce is used once under a key. Algorithms have ids that are on
// disk, so that another one can follow (SM4).
// Fails:  a tag that does not verify -> Errc::damaged; a failure inside the library is a panic.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace sampan {

// The numbers are on disk: never reuse or renumber.
enum class Algorithm : std::uint8_t {
  aes_256 = 1,        // AES-256-GCM; keys wrapped by AES-256 key wrap
  x25519_aes_256 = 2  // keys only: wrapped for a public key (base/exchange.h)
};

// Forgets itself when it goes.
struct Key : std::array<std::uint8_t, 32> {
  Key() : array{} {}
  explicit Key(const std::array<std::uint8_t, 32>& bytes) : array(bytes) {}
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key() { wipe(*this); }
};
using Nonce = std::array<std::uint8_t, 12>;
using WrappedKey = std::array<std::uint8_t, 40>;
inline constexpr std::size_t tag_bytes = 16;

class Aead {
 public:
  explicit Aead(const Key& key);
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  // Writes plain.size() + tag_bytes to out. out may start where plain starts.
  void seal(const Nonce& nonce, ByteView aad, ByteView plain, std::uint8_t* out);
  // Writes sealed.size() - tag_bytes to out; on failure out holds nothing of use.
  Status open(const Nonce& nonce, ByteView aad, ByteView sealed, std::uint8_t* out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// A fresh key from the kernel's generator.
Key random_key();
WrappedKey wrap_key(const Key& wrapping, const Key& key);
Result<Key> unwrap_key(const Key& wrapping, const WrappedKey& wrapped);

}  // namespace sampan
