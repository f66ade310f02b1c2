// SPDX-License-Identifier: Apache-2.0
// Key text: the keyring file as plain values and as text (FORMAT.md, Keys), and nothing else. No I/O.
//
// Threads: none of its own.
// Fails:   text that is no keyring, or one of a newer version -> Errc::invalid.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/aead.h"
#include "base/clock.h"
#include "base/exchange.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"

namespace sampan::queue {

// Who can open the node keys. A hub is a seam: nothing makes one yet.
enum class ProtectorKind { file, credential, recovery, hub };
std::string_view to_string(ProtectorKind kind);

struct Protector {
  std::uint64_t id = 0;
  ProtectorKind kind = ProtectorKind::file;
  Algorithm algorithm = Algorithm::aes_256;
  PublicKey half{};         // of one with a key pair
  WallTime made{};
  bool handed_out = false;  // of a recovery key: a person was shown it
};

struct KeyCopy {
  std::uint64_t protector = 0;
  Bytes wrapped;  // as its protector's algorithm says
};

struct WrappedNodeKey {
  std::uint64_t id = 0;
  WallTime made{};
  std::vector<KeyCopy> copies;
};

struct KeyText {
  std::uint64_t generation = 0;
  Uuid node;
  std::vector<Protector> protectors;
  std::vector<WrappedNodeKey> keys;  // the last one seals
  Digest seal{};

  // Without the seal: what it is over.
  std::string body() const;
  std::string whole() const;
  static Result<KeyText> parse(std::string_view text);
};

// The first 8 bytes of SHA-256: of a node key, of a symmetric protector, of a public half.
std::uint64_t key_id(ByteView key);

// The one key of a file beside the keyring.
std::string local_key_text(const Key& key);
std::optional<Key> parse_local_key(std::string_view text);

// What stood in node.key before there was a keyring: the keys in clear.
struct OldKeys {
  Uuid node;
  std::vector<Key> keys;
};
Result<OldKeys> parse_old_keys(std::string_view text);
// What stands there since, so that an older version does not begin with other keys.
std::string_view old_keys_moved();

}  // namespace sampan::queue
