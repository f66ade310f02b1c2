// SPDX-License-Identifier: Apache-2.0
// LedgerSecrets: how the ledger holds what may be patient data: keys in place of strings, and sealed facts (FORMAT.md).
//
// Threads: IndexKeys any; a FactsSeal belongs to one thread at a time.
// Fails:   facts that do not open -> Errc::damaged.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/aead.h"
#include "core/item.h"
#include "queue/keyring.h"

namespace sampan::queue {

// Keys of strings, so that none stands in the ledger: 0 for an empty one.
class IndexKeys {
 public:
  explicit IndexKeys(const Keyring& keys) : key_(keys.derive("ledger index")) {}
  std::int64_t of(std::string_view text) const;
  std::int64_t of_class(std::string_view sop_class, std::string_view transfer_syntax) const;

 private:
  Key key_;
};

class FactsSeal {
 public:
  explicit FactsSeal(const Keyring& keys) : aead_(keys.derive("ledger facts")) {}
  // Of anything else; whose: what it belongs to, without which it does not open.
  Bytes seal(ByteView plain, const Uuid& whose);
  Result<Bytes> open(ByteView sealed, const Uuid& whose);
  Bytes seal(const core::Item& item);
  // Of the item whose id it has already. Fills origin, kind, priority, received and facts.
  Status open(ByteView sealed, core::Item& item);

 private:
  Aead aead_;
};

}  // namespace sampan::queue
