// SPDX-License-Identifier: Apache-2.0
#include "queue/key_doors.h"

#include "core/limits.h"
#include "queue/keyring.h"
#include "queue/recovery_key.h"

namespace sampan::queue {
namespace {

constexpr std::size_t credential_bytes_min = 32;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Nothing when there is no such file.
Result<std::optional<Bytes>> read_if_there(FileSystem& files, const std::string& path) {
  auto bytes = read_whole(files, path, core::limits::keyring_bytes_max);
  if (bytes.ok()) return std::optional(std::move(*bytes));
  if (bytes.error().code == Errc::not_found) return std::optional<Bytes>();
  return bytes.error();
}

Status add_credentials(FileSystem& files, const std::string& directory, std::vector<KeyDoor>& doors) {
  for (const char* name : {"sampan.key", "sampan.key.old"}) {
    auto content = read_if_there(files, directory + "/" + name);
    if (!content) return content.error();
    if (!*content) continue;
    const std::string_view secret = trimmed(as_text(**content));
    if (secret.size() < credential_bytes_min)
      return refused(std::string("The credential ") + name + " has fewer than 32 bytes. Make one: head -c 32 /dev/urandom",
                     std::string("密钥凭据 ") + name + " 不足 32 字节。可用 head -c 32 /dev/urandom 生成。");
    doors.push_back(credential_door(as_bytes(secret)));
    wipe(**content);
  }
  auto typed = read_if_there(files, directory + "/sampan.recovery");
  if (!typed) return typed.error();
  if (!*typed) return {};
  const auto half = read_recovery_key(as_text(**typed));
  wipe(**typed);
  if (!half) return refused("The credential sampan.recovery: " + half.error().message, "凭据 sampan.recovery 中的恢复密钥有误。");
  doors.push_back(recovery_door(*half));
  return {};
}

}  // namespace

Error refused(std::string en, const std::string& zh) { return fail(Errc::refused, std::move(en) + "\n" + zh); }

KeyDoor credential_door(ByteView content) {
  KeyDoor door;
  door.key = Key{hmac_sha256(content, as_bytes("sampan credential 1"))};
  door.protector.id = key_id(door.key);
  door.protector.kind = ProtectorKind::credential;
  return door;
}

KeyDoor file_door(const Key& key) {
  KeyDoor door;
  door.key = key;
  door.protector.id = key_id(key);
  return door;
}

KeyDoor recovery_door(const Key& private_half) {
  KeyDoor door;
  door.key = private_half;
  door.protector.kind = ProtectorKind::recovery;
  door.protector.algorithm = Algorithm::x25519_aes_256;
  door.protector.half = public_key(private_half);
  door.protector.id = key_id(door.protector.half);
  return door;
}

Result<std::vector<KeyDoor>> find_doors(FileSystem& files, const KeySources& sources) {
  std::vector<KeyDoor> doors;
  if (!sources.credentials_directory.empty())
    if (Status added = add_credentials(files, sources.credentials_directory, doors); !added) return added.error();
  for (const char* name : {"/keys/local.key", "/keys/local.key.copy"}) {
    auto text = read_if_there(files, sources.state_directory + name);
    if (!text || !*text) continue;  // the other one may do
    if (const auto key = parse_local_key(as_text(**text))) doors.push_back(file_door(*key));
    wipe(**text);
  }
  if (sources.recovery) doors.push_back(recovery_door(*sources.recovery));
  return doors;
}

Result<KeyCopy> wrap_node_key(const Protector& protector, const Key* symmetric, const Key& node_key) {
  KeyCopy copy{protector.id, {}};
  if (protector.algorithm == Algorithm::aes_256) {
    SAMPAN_ASSERT(symmetric != nullptr);
    const WrappedKey wrapped = wrap_key(*symmetric, node_key);
    copy.wrapped.assign(wrapped.begin(), wrapped.end());
    return copy;
  }
  const auto sent = wrap_for(protector.half, node_key);
  if (!sent) return sent.error();
  copy.wrapped.assign(sent->begin(), sent->end());
  return copy;
}

static std::optional<Key> unwrap(const KeyDoor& door, const Bytes& wrapped) {
  if (door.protector.algorithm == Algorithm::aes_256) {
    WrappedKey raw;
    if (wrapped.size() != raw.size()) return std::nullopt;
    std::copy(wrapped.begin(), wrapped.end(), raw.begin());
    auto key = unwrap_key(door.key, raw);
    return key ? std::optional(*key) : std::nullopt;
  }
  SentKey raw;
  if (wrapped.size() != raw.size()) return std::nullopt;
  std::copy(wrapped.begin(), wrapped.end(), raw.begin());
  auto key = unwrap_as(door.key, raw);
  return key ? std::optional(*key) : std::nullopt;
}

static std::optional<std::vector<Key>> open_by(const KeyText& text, const KeyDoor& door) {
  std::vector<Key> keys;
  for (const auto& wrapped : text.keys) {
    for (const auto& copy : wrapped.copies) {
      if (copy.protector != door.protector.id) continue;
      const auto key = unwrap(door, copy.wrapped);
      if (key && key_id(*key) == wrapped.id) {
        keys.push_back(*key);
        break;
      }
    }
  }
  return keys.size() == text.keys.size() ? std::optional(std::move(keys)) : std::nullopt;
}

std::optional<Opened> open_text(const KeyText& text, const std::vector<KeyDoor>& doors) {
  for (const auto& door : doors)
    if (auto keys = open_by(text, door); keys && seal_of(text, keys->back()) == text.seal) return Opened{std::move(*keys), door};
  return std::nullopt;
}

Digest seal_of(const KeyText& text, const Key& newest) {
  const Key sealing{hmac_sha256(newest, as_bytes("sampan keyring seal 1"))};
  return hmac_sha256(sealing, as_bytes(text.body()));
}

}  // namespace sampan::queue
