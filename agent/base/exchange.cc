// SPDX-License-Identifier: Apache-2.0
#include "base/exchange.h"

#include <openssl/evp.h>

#include <memory>

#include "base/hash.h"

namespace sampan {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free>;

Pkey private_pkey(const Key& key) {
  Pkey made(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.data(), key.size()));
  SAMPAN_ASSERT(made != nullptr);
  return made;
}

// The key both sides come to. A receiver of low order gives nothing (RFC 7748 section 6.1).
Result<Key> agreed(const Key& own, const PublicKey& peer) {
  const Pkey mine = private_pkey(own);
  const Pkey theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  SAMPAN_ASSERT(theirs != nullptr);
  const Context context(EVP_PKEY_CTX_new(mine.get(), nullptr));
  Key shared;
  std::size_t size = shared.size();
  const bool good = context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
                    EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1 &&
                    EVP_PKEY_derive(context.get(), shared.data(), &size) == 1 && size == shared.size();
  if (!good) return fail(Errc::invalid, "a public key that nobody can have");
  return shared;
}

Key wrapping_key(const Key& shared, const PublicKey& sender, const PublicKey& receiver) {
  static constexpr std::string_view purpose = "sampan key exchange 1";
  Bytes message(as_bytes(purpose).begin(), as_bytes(purpose).end());
  message.insert(message.end(), sender.begin(), sender.end());
  message.insert(message.end(), receiver.begin(), receiver.end());
  return Key{hmac_sha256(shared, message)};
}

}  // namespace

PublicKey public_key(const Key& private_key) {
  PublicKey half{};
  std::size_t size = half.size();
  const Pkey key = private_pkey(private_key);
  SAMPAN_ASSERT(EVP_PKEY_get_raw_public_key(key.get(), half.data(), &size) == 1 && size == half.size());
  return half;
}

Result<SentKey> wrap_for(const PublicKey& receiver, const Key& key) {
  const Key once = random_key();
  const PublicKey sender = public_key(once);
  const auto shared = agreed(once, receiver);
  if (!shared) return shared.error();
  const WrappedKey wrapped = wrap_key(wrapping_key(*shared, sender, receiver), key);
  SentKey sent;
  std::memcpy(sent.data(), sender.data(), sender.size());
  std::memcpy(sent.data() + sender.size(), wrapped.data(), wrapped.size());
  return sent;
}

Result<Key> unwrap_as(const Key& receiver, const SentKey& sent) {
  PublicKey sender;
  WrappedKey wrapped;
  std::memcpy(sender.data(), sent.data(), sender.size());
  std::memcpy(wrapped.data(), sent.data() + sender.size(), wrapped.size());
  const auto shared = agreed(receiver, sender);
  if (!shared) return shared.error();
  return unwrap_key(wrapping_key(*shared, sender, public_key(receiver)), wrapped);
}

}  // namespace sampan
