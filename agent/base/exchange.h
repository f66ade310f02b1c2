// SPDX-License-Identifier: Apache-2.0
// Exchange: a key wrapped for whoever holds the private half of another: X25519 (RFC 7748), a key derived from it by
// HMAC-SHA-256, AES-256 key wrap (RFC 3394). Algorithm::x25519_aes_256.
//
// Threads: any.
// Fails:   another private key, or changed bytes -> Errc::damaged; a public key nobody can have -> Errc::invalid.
#pragma once

#include <array>

#include "base/aead.h"

namespace sampan {

using PublicKey = std::array<std::uint8_t, 32>;
using SentKey = std::array<std::uint8_t, 72>;  // the sender's public key, and the wrapped key

// Any 32 bytes are a private key.
PublicKey public_key(const Key& private_key);
Result<SentKey> wrap_for(const PublicKey& receiver, const Key& key);
Result<Key> unwrap_as(const Key& receiver, const SentKey& sent);

}  // namespace sampan
