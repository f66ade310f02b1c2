// SPDX-License-Identifier: Apache-2.0
// Recovery key: 160 random bits as a person writes them down: eight groups of five letters and digits.
//
// The fifth character of a group checks the other four and the place of the group, so that a mistake is found where it
// is. Letters are Crockford's: no I, L, O or U; read, I and L are 1, O is 0, and case, blanks and hyphens do not matter.
// It is never stored: what stays is the public half of the key pair that is derived from it.
// Fails:   text that is no such key -> Errc::invalid, naming the group in both languages.
#pragma once

#include <string>
#include <string_view>

#include "base/aead.h"
#include "base/exchange.h"

namespace sampan::queue {

struct NewRecoveryKey {
  std::string text;  // "7KQ4D-..."; its owner wipes it
  PublicKey half{};
};
NewRecoveryKey make_recovery_key();

// The private half, from what a person typed.
Result<Key> read_recovery_key(std::string_view typed);

}  // namespace sampan::queue
