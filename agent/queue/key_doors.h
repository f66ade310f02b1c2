// SPDX-License-Identifier: Apache-2.0
// Key doors: what is at hand to open a keyring with: credentials of the service manager, the key file, a recovery key.
//
// A credential `sampan.key` holds 32 bytes or more of anything random; `sampan.key.old` is the one before, while it is
// exchanged; `sampan.recovery` is a recovery key as it was written down.
// Threads: none of its own.
// Fails:   a credential that cannot serve -> Errc::refused, in both languages; the disk -> as it says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "queue/key_text.h"

namespace sampan::queue {

struct KeySources;

struct KeyDoor {
  Protector protector;
  Key key;  // symmetric, or the private half
};

// The one of this machine, when there is one, is the first.
Result<std::vector<KeyDoor>> find_doors(FileSystem& files, const KeySources& sources);

KeyDoor credential_door(ByteView content);
KeyDoor file_door(const Key& key);
KeyDoor recovery_door(const Key& private_half);

Result<KeyCopy> wrap_node_key(const Protector& protector, const Key* symmetric, const Key& node_key);
// Every node key, in order, by the first door that opens them all; and that the seal verifies.
struct Opened {
  std::vector<Key> keys;
  KeyDoor door;
};
std::optional<Opened> open_text(const KeyText& text, const std::vector<KeyDoor>& doors);
Digest seal_of(const KeyText& text, const Key& newest);

// Two sentences, as every refusal of a start is told.
Error refused(std::string en, const std::string& zh);

}  // namespace sampan::queue
