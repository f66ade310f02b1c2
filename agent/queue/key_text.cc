// SPDX-License-Identifier: Apache-2.0
#include "queue/key_text.h"

#include <charconv>
#include <sstream>

namespace sampan::queue {
namespace {

constexpr std::string_view first_word = "sampan-keyring", local_word = "sampan-local-key", old_word = "sampan-key";

std::string hex64(std::uint64_t value) {
  std::uint8_t raw[8];
  store_le(raw, value);
  return to_hex(raw);
}
std::optional<std::uint64_t> from_hex64(const std::string& text) {
  const Bytes raw = from_hex(text);
  if (raw.size() != 8) return std::nullopt;
  return load_le<std::uint64_t>(raw.data());
}
template <class Number>
std::optional<Number> number(const std::string& text) {
  Number value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}
template <std::size_t N>
bool read_hex(const std::string& text, std::array<std::uint8_t, N>& into) {
  Bytes raw = from_hex(text);
  const bool fits = raw.size() == N;
  if (fits) std::copy(raw.begin(), raw.end(), into.begin());
  wipe(raw);
  return fits;
}

constexpr std::array kinds{std::pair{ProtectorKind::file, "file"}, std::pair{ProtectorKind::credential, "credential"},
                           std::pair{ProtectorKind::recovery, "recovery"}, std::pair{ProtectorKind::hub, "hub"}};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// protector <id> <kind> <algorithm> <made ms> <public half or -> <handed-out or ->
bool take_protector(const std::vector<std::string>& words, KeyText& text) {
  if (words.size() != 7) return false;
  Protector one;
  const auto id = from_hex64(words[1]);
  const auto algorithm = number<unsigned>(words[3]);
  const auto made = number<std::int64_t>(words[4]);
  bool known = false;
  for (const auto& [kind, name] : kinds)
    if (words[2] == name) one.kind = kind, known = true;
  if (!id || !algorithm || !made || !known || *algorithm < 1 || *algorithm > 2) return false;
  one.id = *id, one.algorithm = static_cast<Algorithm>(*algorithm), one.made = {*made};
  if (one.algorithm == Algorithm::x25519_aes_256 && !read_hex(words[5], one.half)) return false;
  one.handed_out = words[6] == "handed-out";
  text.protectors.push_back(one);
  return true;
}

bool take_key(const std::vector<std::string>& words, KeyText& text) {
  if (words.size() != 3) return false;
  const auto id = from_hex64(words[1]);
  const auto made = number<std::int64_t>(words[2]);
  if (id && made) text.keys.push_back({*id, {*made}, {}});
  return id && made;
}

// copy <protector id> <wrapped>: of the key before it.
bool take_copy(const std::vector<std::string>& words, KeyText& text) {
  if (words.size() != 3 || text.keys.empty()) return false;
  const auto protector = from_hex64(words[1]);
  const Bytes wrapped = from_hex(words[2]);
  if (protector && !wrapped.empty()) text.keys.back().copies.push_back({*protector, wrapped});
  return protector && !wrapped.empty();
}

bool take(const std::vector<std::string>& words, KeyText& text) {
  const std::string& what = words[0];
  if (what == "protector") return take_protector(words, text);
  if (what == "key") return take_key(words, text);
  if (what == "copy") return take_copy(words, text);
  if (words.size() != 2) return false;
  if (what == "node") return text.node = uuid_from(words[1]), !text.node.is_nil();
  if (what == "seal") return read_hex(words[1], text.seal);
  const auto generation = number<std::uint64_t>(words[1]);
  if (what == "generation" && generation) text.generation = *generation;
  return what == "generation" && generation;
}

}  // namespace

std::string_view to_string(ProtectorKind kind) {
  for (const auto& [one, name] : kinds)
    if (one == kind) return name;
  return "file";
}

std::uint64_t key_id(ByteView key) { return load_le<std::uint64_t>(sha256(key).data()); }

std::string KeyText::body() const {
  std::string text = std::string(first_word) + " 1\ngeneration " + std::to_string(generation) + "\nnode " + to_string(node) + "\n";
  for (const auto& one : protectors)
    text += "protector " + hex64(one.id) + " " + std::string(to_string(one.kind)) + " " +
            std::to_string(static_cast<unsigned>(one.algorithm)) + " " + std::to_string(one.made.ms) + " " +
            (one.algorithm == Algorithm::x25519_aes_256 ? to_hex(one.half) : "-") + " " + (one.handed_out ? "handed-out" : "-") + "\n";
  for (const auto& key : keys) {
    text += "key " + hex64(key.id) + " " + std::to_string(key.made.ms) + "\n";
    for (const auto& copy : key.copies) text += "copy " + hex64(copy.protector) + " " + to_hex(copy.wrapped) + "\n";
  }
  return text;
}

std::string KeyText::whole() const { return body() + "seal " + to_hex(seal) + "\n"; }

Result<KeyText> KeyText::parse(std::string_view from) {
  std::istringstream lines{std::string(from)};
  std::string line;
  std::getline(lines, line);
  if (line != std::string(first_word) + " 1") return fail(Errc::invalid, "not a keyring of this version");
  KeyText text;
  while (std::getline(lines, line)) {
    const auto words = words_of(line);
    if (words.empty() || !take(words, text)) return fail(Errc::invalid, "a line of the keyring is malformed");
  }
  // Written again it must be the same: what was not understood, or stood elsewhere, would not be under the seal.
  if (text.node.is_nil() || text.keys.empty() || text.whole() != from) return fail(Errc::invalid, "the keyring is not whole");
  return text;
}

std::string local_key_text(const Key& key) {
  return std::string(local_word) + " 1\nkey " + hex64(key_id(key)) + " " + to_hex(key) + "\n";
}

std::optional<Key> parse_local_key(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string word, version, name, id, hex;
  in >> word >> version >> name >> id >> hex;
  Key key;
  const bool good = word == local_word && version == "1" && name == "key" && read_hex(hex, key) && from_hex64(id) == key_id(key);
  wipe(hex);
  return good ? std::optional(key) : std::nullopt;
}

Result<OldKeys> parse_old_keys(std::string_view text) {
  OldKeys old;
  std::istringstream lines{std::string(text)};
  std::string word, version, first, hex;
  lines >> word >> version;
  if (word != old_word || version != "1") return fail(Errc::invalid, "not a Sampan key file");
  while (lines >> word >> first) {
    if (word == "node") {
      old.node = uuid_from(first);
      continue;
    }
    Key key;
    lines >> hex;
    const bool good = word == "key" && read_hex(hex, key) && from_hex64(first) == key_id(key);
    wipe(hex);
    if (!good) return fail(Errc::invalid, "a key does not match its id");
    old.keys.push_back(key);
  }
  if (old.node.is_nil() || old.keys.empty()) return fail(Errc::invalid, "node id or key is missing");
  return old;
}

std::string_view old_keys_moved() { return "sampan-key 2\nmoved to keyring\n"; }

}  // namespace sampan::queue
