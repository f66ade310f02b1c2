// SPDX-License-Identifier: Apache-2.0
#include "queue/key_files.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "core/limits.h"
#include "queue/segment.h"

namespace sampan::queue {

namespace {

bool is_own(ProtectorKind kind) { return kind == ProtectorKind::file || kind == ProtectorKind::credential; }

std::string named(const KeyText& text) {
  for (const auto& one : text.protectors)
    if (is_own(one.kind)) return one.kind == ProtectorKind::credential ? "a credential of the service manager" : "the key file local.key beside it";
  return "a recovery key";
}
std::string named_zh(const KeyText& text) {
  for (const auto& one : text.protectors)
    if (is_own(one.kind)) return one.kind == ProtectorKind::credential ? "服务管理器的凭据" : "同目录下的密钥文件 local.key";
  return "恢复密钥";
}

Error no_key_opens(const KeyPaths& paths, const KeyText& text) {
  return refused("Wrong key: nothing at hand opens " + paths.at(KeyPaths::ring) + ", which is protected by " + named(text) +
                     ". Nothing was touched, and the images under it are safe. Put that key back, or open it with the recovery key (see "
                     "sampand(8), KEYS, and sampan rescue).",
                 "密钥不符：现有密钥无法打开 " + paths.at(KeyPaths::ring) + "（由" + named_zh(text) +
                     "保护）。未改动任何文件，其中的图像仍然完好。请放回原密钥，或使用恢复密钥（见 sampand(8) 的“密钥”一节和 sampan rescue）。");
}

Error keyring_damaged(const KeyPaths& paths) {
  return refused("The keyring is damaged: neither " + paths.at(KeyPaths::ring) + " nor its copy can be read as one. Nothing was touched. Put the folder keys back from its backup.",
                 "密钥环损坏：" + paths.at(KeyPaths::ring) + " 及其副本均无法识别。未改动任何文件。请从备份恢复 keys 目录。");
}

}  // namespace

Result<bool> holds_segments(FileSystem& files, const std::string& spool) {
  auto names = files.list(spool);
  if (!names) return names.error().code == Errc::not_found ? Result<bool>(false) : Result<bool>(names.error());
  return std::any_of(names->begin(), names->end(), [](const std::string& name) { return parse_segment_name(name).has_value(); });
}

Result<FoundTexts> find_texts(FileSystem& files, const KeyPaths& paths) {
  FoundTexts found;
  std::array<Bytes, 2> raw;
  std::size_t at = 0;
  std::optional<Error> unreadable;
  for (const char* name : {KeyPaths::ring, KeyPaths::ring_copy}) {
    auto bytes = read_whole(files, paths.at(name), core::limits::keyring_bytes_max);
    if (bytes.ok())
      found.any = true, raw[at] = *bytes;
    else if (bytes.error().code != Errc::not_found)
      found.any = true, unreadable = bytes.error();
    if (auto text = KeyText::parse(as_text(raw[at])); text.ok()) found.texts.push_back(std::move(*text));
    ++at;
  }
  if (found.texts.empty() && unreadable) return *unreadable;
  found.both_alike = raw[0] == raw[1];
  std::stable_sort(found.texts.begin(), found.texts.end(), [](const KeyText& a, const KeyText& b) { return a.generation > b.generation; });
  return found;
}

Error keyring_missing(const KeyPaths& paths) {
  return refused("The keyring is missing: " + paths.spool + " holds images, and " + paths.folder +
                     " has no key for them. No new key was made and nothing was touched. Put the folder keys back from its backup; to begin anew without these "
                     "images, move the state directory aside.",
                 "密钥环丢失：" + paths.spool + " 中有图像，但 " + paths.folder + " 中没有对应的密钥。未生成新密钥，也未改动任何文件。请从备份恢复 keys "
                     "目录；如要放弃这些图像重新开始，请先移走状态目录。");
}

Result<std::optional<OldKeys>> find_old_keys(FileSystem& files, const KeyPaths& paths) {
  auto bytes = read_whole(files, paths.at(KeyPaths::old), core::limits::keyring_bytes_max);
  if (!bytes && bytes.error().code == Errc::not_found) return std::optional<OldKeys>();
  if (!bytes) return bytes.error();
  if (as_text(*bytes) == old_keys_moved()) return std::optional<OldKeys>();
  auto old = parse_old_keys(as_text(*bytes));
  wipe(*bytes);
  if (!old) return keyring_damaged(paths);
  return std::optional(std::move(*old));
}

Result<std::pair<KeyText, Opened>> open_newest(const KeyPaths& paths, const FoundTexts& found, const std::vector<KeyDoor>& doors) {
  for (const auto& text : found.texts)
    if (auto opened = open_text(text, doors)) return std::pair(text, std::move(*opened));
  return found.texts.empty() ? keyring_damaged(paths) : no_key_opens(paths, found.texts.front());
}

Status write_local_key(FileSystem& files, const KeyPaths& paths, const Key& key) {
  std::string content = local_key_text(key);
  Status written = write_durably(files, paths.at(KeyPaths::local_copy), as_bytes(content));
  if (written) written = write_durably(files, paths.at(KeyPaths::local), as_bytes(content));
  wipe(content);
  return written;
}

void forget_local_key(FileSystem& files, const KeyPaths& paths) {
  for (const char* name : {KeyPaths::local, KeyPaths::local_copy})
    if (Status gone = files.unlink(paths.at(name)); !gone && gone.error().code != Errc::not_found)
      log::warn("a key file that is not needed any more could not be removed: " + gone.error().message);
}

void tell_older_versions(FileSystem& files, const KeyPaths& paths) {
  const auto there = read_whole(files, paths.at(KeyPaths::old), core::limits::keyring_bytes_max);
  if (there.ok() && as_text(*there) == old_keys_moved()) return;
  if (Status written = write_durably(files, paths.at(KeyPaths::old), as_bytes(old_keys_moved())); !written)
    log::warn("the old key file could not be replaced: " + written.error().message);
}

}  // namespace sampan::queue
