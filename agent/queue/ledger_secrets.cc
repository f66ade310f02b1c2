// SPDX-License-Identifier: Apache-2.0
#include "queue/ledger_secrets.h"

#include <cstring>
#include <string>

#include "base/hash.h"
#include "base/random.h"
#include "queue/notes.h"

namespace sampan::queue {

std::int64_t IndexKeys::of(std::string_view text) const {
  if (text.empty()) return 0;
  const auto value = load_le<std::int64_t>(hmac_sha256(key_, as_bytes(text)).data());
  return value == 0 ? 1 : value;
}
std::int64_t IndexKeys::of_class(std::string_view sop_class, std::string_view transfer_syntax) const {
  if (sop_class.empty()) return 0;
  return of(std::string(sop_class) + "|" + std::string(transfer_syntax));
}

Bytes FactsSeal::seal(ByteView plain, const Uuid& whose) {
  Bytes sealed(sizeof(Nonce) + plain.size() + tag_bytes);
  Nonce nonce;
  store_le(nonce.data(), system_random().next());
  store_le(nonce.data() + 8, static_cast<std::uint32_t>(system_random().next()));
  std::memcpy(sealed.data(), nonce.data(), nonce.size());
  aead_.seal(nonce, whose.bytes, plain, sealed.data() + nonce.size());
  return sealed;
}

Result<Bytes> FactsSeal::open(ByteView sealed, const Uuid& whose) {
  Nonce nonce;
  if (sealed.size() < nonce.size() + tag_bytes) return fail(Errc::damaged, "ledger: facts cut short");
  std::memcpy(nonce.data(), sealed.data(), nonce.size());
  sealed = sealed.subspan(nonce.size());
  Bytes plain(sealed.size() - tag_bytes);
  if (Status opened = aead_.open(nonce, whose.bytes, sealed, plain.data()); !opened) return opened.error();
  return plain;
}

Bytes FactsSeal::seal(const core::Item& item) { return seal(encode_facts(item), item.id); }

Status FactsSeal::open(ByteView sealed, core::Item& item) {
  const auto plain = open(sealed, item.id);
  if (!plain) return plain.error();
  decode_facts(*plain, item);
  return {};
}

}  // namespace sampan::queue
