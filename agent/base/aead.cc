// SPDX-License-Identifier: Apache-2.0
#include "base/aead.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace sampan {

struct Aead::Context {
  EVP_CIPHER_CTX* seal = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* open = EVP_CIPHER_CTX_new();
  ~Context() {
    EVP_CIPHER_CTX_free(seal);
    EVP_CIPHER_CTX_free(open);
  }
};

static const EVP_CIPHER* gcm() {
  static EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}

Aead::Aead(const Key& key) : context_(std::make_unique<Context>()) {
  SAMPAN_ASSERT(EVP_EncryptInit_ex2(context_->seal, gcm(), key.data(), nullptr, nullptr) == 1);
  SAMPAN_ASSERT(EVP_DecryptInit_ex2(context_->open, gcm(), key.data(), nullptr, nullptr) == 1);
}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plain, std::uint8_t* out) {
  EVP_CIPHER_CTX* c = context_->seal;
  int n = 0;
  std::uint8_t none[16];
  SAMPAN_ASSERT(EVP_EncryptInit_ex2(c, nullptr, nullptr, nonce.data(), nullptr) == 1);
  SAMPAN_ASSERT(EVP_EncryptUpdate(c, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1);
  SAMPAN_ASSERT(EVP_EncryptUpdate(c, out, &n, plain.data(), static_cast<int>(plain.size())) == 1);
  SAMPAN_ASSERT(EVP_EncryptFinal_ex(c, none, &n) == 1);
  SAMPAN_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_bytes, out + plain.size()) == 1);
}

Status Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed, std::uint8_t* out) {
  if (sealed.size() < tag_bytes) return fail(Errc::damaged, "sealed chunk is too short");
  EVP_CIPHER_CTX* c = context_->open;
  int n = 0;
  std::uint8_t none[16];
  std::uint8_t tag[tag_bytes];
  const std::size_t size = sealed.size() - tag_bytes;
  std::memcpy(tag, sealed.data() + size, tag_bytes);
  SAMPAN_ASSERT(EVP_DecryptInit_ex2(c, nullptr, nullptr, nonce.data(), nullptr) == 1);
  SAMPAN_ASSERT(EVP_DecryptUpdate(c, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1);
  SAMPAN_ASSERT(EVP_DecryptUpdate(c, out, &n, sealed.data(), static_cast<int>(size)) == 1);
  SAMPAN_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag) == 1);
  if (EVP_DecryptFinal_ex(c, none, &n) != 1) return fail(Errc::damaged, "sealed chunk does not verify");
  return {};
}

Key random_key() {
  Key key;
  SAMPAN_ASSERT(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  return key;
}

namespace {

// Fetched once, as above: EVP_aes_256_wrap() would be looked up for every record.
const EVP_CIPHER* wrap_algorithm() {
  static EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr);
  return algorithm;
}

EVP_CIPHER_CTX* wrap_context() {
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX_set_flags(c, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  return c;
}

}  // namespace

WrappedKey wrap_key(const Key& wrapping, const Key& key) {
  EVP_CIPHER_CTX* c = wrap_context();
  WrappedKey wrapped;
  int n = 0;
  SAMPAN_ASSERT(EVP_EncryptInit_ex2(c, wrap_algorithm(), wrapping.data(), nullptr, nullptr) == 1);
  SAMPAN_ASSERT(EVP_EncryptUpdate(c, wrapped.data(), &n, key.data(), static_cast<int>(key.size())) == 1);
  SAMPAN_ASSERT(n == static_cast<int>(wrapped.size()));
  EVP_CIPHER_CTX_free(c);
  return wrapped;
}

Result<Key> unwrap_key(const Key& wrapping, const WrappedKey& wrapped) {
  EVP_CIPHER_CTX* c = wrap_context();
  std::uint8_t room[48];
  int n = 0;
  const bool good = EVP_DecryptInit_ex2(c, wrap_algorithm(), wrapping.data(), nullptr, nullptr) == 1 &&
                    EVP_DecryptUpdate(c, room, &n, wrapped.data(), static_cast<int>(wrapped.size())) == 1;
  EVP_CIPHER_CTX_free(c);
  Key key;
  if (!good || n != static_cast<int>(key.size())) return fail(Errc::damaged, "data key does not unwrap: another node key?");
  std::memcpy(key.data(), room, key.size());
  wipe(room);
  return key;
}

}  // namespace sampan
