// SPDX-License-Identifier: Apache-2.0
#include "queue/keyring.h"

#include <sstream>

#include "base/hash.h"

namespace sampan::queue {
namespace {

constexpr std::size_t key_file_bytes_max = 64 << 10;

std::uint64_t id_of(const Key& key) { return load_le<std::uint64_t>(sha256(key).data()); }

std::string hex64(std::uint64_t value) {
  std::uint8_t raw[8];
  store_le(raw, value);
  return to_hex(raw);
}

}  // namespace

Result<Keyring> Keyring::open_or_make(FileSystem& files, const std::string& state_directory) {
  const std::string folder = state_directory + "/keys", path = folder + "/node.key";
  if (Status made = files.make_directories(folder); !made) return made.error();
  auto bytes = read_whole(files, path, key_file_bytes_max);
  if (bytes.ok()) return parse(as_text(*bytes), path);
  if (bytes.error().code != Errc::not_found) return bytes.error();
  Keyring ring;
  ring.node_ = make_uuid7(system_clock().wall(), system_random());
  const Key key = random_key();
  ring.keys_.push_back({id_of(key), key});
  if (Status written = write_durably(files, path, as_bytes(ring.to_text())); !written) return written.error();
  return ring;
}

std::string Keyring::to_text() const {
  std::string text = "sampan-key 1\nnode " + to_string(node_) + "\n";
  for (const auto& key : keys_) text += "key " + hex64(key.id) + " " + to_hex(key.key) + "\n";
  return text;
}

Result<Keyring> Keyring::parse(std::string_view text, const std::string& path) {
  Keyring ring;
  std::istringstream lines{std::string(text)};
  std::string word, version;
  lines >> word >> version;
  if (word != "sampan-key" || version != "1") return fail(Errc::invalid, path + ": not a Sampan key file");
  while (lines >> word) {
    std::string first, second;
    lines >> first;
    if (word == "node") {
      ring.node_ = uuid_from(first);
      continue;
    }
    lines >> second;
    const Bytes raw = from_hex(second);
    if (word != "key" || raw.size() != sizeof(Key)) return fail(Errc::invalid, path + ": a key line is malformed");
    NodeKey key;
    std::memcpy(key.key.data(), raw.data(), raw.size());
    key.id = id_of(key.key);
    if (hex64(key.id) != first) return fail(Errc::invalid, path + ": a key does not match its id");
    ring.keys_.push_back(key);
  }
  if (ring.node_.is_nil() || ring.keys_.empty()) return fail(Errc::invalid, path + ": node id or key is missing");
  return ring;
}

Key Keyring::mint(Header& header) const {
  const NodeKey& current = keys_.back();
  const Key key = random_key();
  header.key_id = current.id;
  header.data_key = wrap_key(current.key, key);
  return key;
}

Result<Key> Keyring::data_key(const Header& header) const {
  for (const auto& key : keys_)
    if (key.id == header.key_id) return unwrap_key(key.key, header.data_key);
  return fail(Errc::damaged, "sealed under a node key that is not in the keyring");
}

Key Keyring::derive(std::string_view purpose) const { return hmac_sha256(keys_.front().key, as_bytes(purpose)); }

}  // namespace sampan::queue
