// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_root.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/aead.h"
#include "base/hash.h"

namespace sampan::uplink {
namespace {

constexpr std::size_t memory_bytes_max = 256u << 10;
constexpr std::size_t word_bytes = 32;  // hexadecimal
constexpr std::string_view mark = "folder-id ";

std::string tidy(const std::string& root) {
  std::string path = std::filesystem::path(root).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string memory_of(const std::string& folder, const std::string& root) {
  return folder.empty() ? "" : folder + "/" + to_hex(sha256(as_bytes(root))).substr(0, 16);
}

core::Retry away(std::string words) { return {std::move(words), core::Scope::destination, {}, 0}; }

core::Retry is_another_folder() {
  return away("the folder is not the one that images went to before: its disk is not mounted, or it was emptied");
}

bool is_word(std::string_view text) {
  return text.size() == word_bytes && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string cause_of(const Error& error) {
  const auto colon = error.message.rfind(": ");
  return colon == std::string::npos ? error.message : error.message.substr(colon + 2);
}

core::Retry cannot_remember(const Error& error) { return away("what folder images go to cannot be remembered: " + cause_of(error)); }

}  // namespace

FolderRoot::FolderRoot(const FolderOptions& options, FileSystem& files)
    : path_(tidy(options.root)),
      incoming_(path_ + "/.incoming"),
      word_file_(incoming_ + "/folder-id"),
      memory_(memory_of(options.memory, path_)),
      earlier_(memory_of(options.memory, options.root)),
      files_(files) {}

Result<FolderRoot::Memory> FolderRoot::memory() const {
  if (memory_.empty()) return Memory{};
  auto bytes = read_whole(files_, memory_, memory_bytes_max);
  if (!bytes && bytes.error().code == Errc::not_found) bytes = read_whole(files_, earlier_, memory_bytes_max);
  if (!bytes && bytes.error().code == Errc::not_found) return Memory{};
  if (!bytes) return bytes.error();
  std::string_view text = as_text(*bytes);
  if (!text.starts_with(mark)) return Memory{true, {}};
  text = text.substr(mark.size(), word_bytes);
  return Memory{true, is_word(text) ? std::string(text) : std::string()};
}

// Empty: a person made it, or making it was interrupted.
Result<std::string> FolderRoot::word() const {
  const auto bytes = read_whole(files_, word_file_, memory_bytes_max);
  if (!bytes) return bytes.error();
  const std::string_view text = as_text(*bytes).substr(0, word_bytes);
  return is_word(text) ? std::string(text) : std::string();
}

std::optional<core::Retry> FolderRoot::look() const {
  const auto remembered = memory();
  if (!remembered) return cannot_remember(remembered.error());
  const auto seen = files_.list(incoming_);
  if (!seen && seen.error().code != Errc::not_found) return folder_fails(seen.error());
  if (!remembered->used) return std::nullopt;
  if (!seen) return is_another_folder();
  const auto here = word();
  if (here) return here->empty() || remembered->word.empty() || *here == remembered->word ? std::nullopt : std::optional(is_another_folder());
  if (here.error().code != Errc::not_found) return folder_fails(here.error());
  return remembered->word.empty() ? look_without_word() : is_another_folder();
}

// A mount point without its disk, where an earlier version made .incoming before the disk was there, holds nothing else.
std::optional<core::Retry> FolderRoot::look_without_word() const {
  const auto seen = files_.list(path_);
  if (!seen) return folder_fails(seen.error());
  return std::ranges::any_of(*seen, [](const std::string& name) { return name != ".incoming"; }) ? std::nullopt : std::optional(is_another_folder());
}

std::optional<core::Retry> FolderRoot::settle() const {
  if (memory_.empty()) return std::nullopt;
  auto here = word();
  if (!here && here.error().code != Errc::not_found) return folder_fails(here.error());
  if (!here || here->empty()) here = make_word();
  if (!here) return folder_fails(here.error());
  const auto remembered = memory();
  if (remembered && remembered->used && remembered->word == *here) return std::nullopt;
  Status noted = files_.make_directories(memory_.substr(0, memory_.rfind('/')));
  if (noted) noted = write_durably(files_, memory_, as_bytes(std::string(mark) + *here + "\n" + path_ + "\n"));
  return noted ? std::nullopt : std::optional(cannot_remember(noted.error()));
}

// Others may share the root, and be as quick: the word that stands there is the one.
Result<std::string> FolderRoot::make_word() const {
  const Key dice = random_key();
  const std::string fresh = to_hex(ByteView(dice).first(word_bytes / 2));
  if (Status written = write_durably(files_, word_file_, as_bytes(fresh + "\n")); !written) return written.error();
  return word();
}

core::Retry folder_fails(const Error& error) {
  if (error.code == Errc::full) return away("the disk of the folder is full");
  return away("cannot write to the folder: " + cause_of(error));
}

}  // namespace sampan::uplink
