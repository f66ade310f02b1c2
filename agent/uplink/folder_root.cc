// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_root.h"

#include <sys/stat.h>

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
  return away(
      "the folder is not the one that images went to before: its disk is not mounted, or it was emptied (if it is meant, make an "
      "empty file .incoming/folder-id in it)");
}

bool is_word(std::string_view text) {
  return text.size() == word_bytes && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string cause_of(const Error& error) {
  const auto colon = error.message.rfind(": ");
  return colon == std::string::npos ? error.message : error.message.substr(colon + 2);
}

// A bind mount, which the unit makes of every folder that it may write to, has the device of what it is made of, and is none.
bool is_mounted(const std::string& path) {
  struct stat root{}, above{};
  return ::stat(path.c_str(), &root) == 0 && ::stat((path + "/..").c_str(), &above) == 0 && root.st_dev != above.st_dev;
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
Result<std::string> FolderRoot::word_in(const std::string& path) const {
  const auto bytes = read_whole(files_, path, memory_bytes_max);
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
  const auto here = word_in(word_file_);
  if (here) return here->empty() || remembered->word.empty() || *here == remembered->word ? std::nullopt : std::optional(is_another_folder());
  if (here.error().code != Errc::not_found) return folder_fails(here.error());
  return remembered->word.empty() ? look_without_word() : is_another_folder();
}

// A mount point without its disk, where an earlier version made .incoming before the disk was there, holds nothing else. A folder
// that its reader empties holds nothing else either; only where a disk is mounted is it known to be no such mount point.
std::optional<core::Retry> FolderRoot::look_without_word() const {
  const auto seen = files_.list(path_);
  if (!seen) return folder_fails(seen.error());
  const bool holds_more = std::ranges::any_of(*seen, [](const std::string& name) { return name != ".incoming"; });
  return holds_more || is_mounted(path_) ? std::nullopt : std::optional(is_another_folder());
}

std::optional<core::Retry> FolderRoot::settle() const {
  if (memory_.empty()) return std::nullopt;
  auto here = word_in(word_file_);
  if (!here && here.error().code != Errc::not_found) return folder_fails(here.error());
  if (!here || here->empty()) here = make_word();
  if (!here) return folder_fails(here.error());
  const auto remembered = memory();
  if (remembered && remembered->used && remembered->word == *here) return std::nullopt;
  Status noted = files_.make_directories(memory_.substr(0, memory_.rfind('/')));
  if (noted) noted = write_durably(files_, memory_, as_bytes(std::string(mark) + *here + "\n" + path_ + "\n"));
  return noted ? std::nullopt : std::optional(cannot_remember(noted.error()));
}

// Others may share the root, and be as quick. All make theirs under one name, and what stands there whole is taken for their own; a
// word that has its place stays. So the first one is everybody's. No hard link: a USB stick has none.
Result<std::string> FolderRoot::make_word() const {
  const std::string fresh = word_file_ + ".new";
  if (const auto begun = word_in(fresh); !begun || begun->empty())
    if (Status made = write_word(fresh); !made) return made.error();
  if (const auto here = word_in(word_file_); here && !here->empty()) {
    (void)files_.unlink(fresh);
    return here;
  }
  // Not found: another one gave it its place.
  if (Status placed = files_.rename(fresh, word_file_); !placed && placed.error().code != Errc::not_found) return placed.error();
  if (Status synced = files_.sync_directory(incoming_); !synced) return synced.error();
  auto here = word_in(word_file_);
  if (here && here->empty()) return fail(Errc::io, "another one begins to write there");
  return here;
}

Status FolderRoot::write_word(const std::string& path) const {
  if (Status gone = files_.unlink(path); !gone && gone.error().code != Errc::not_found) return gone;
  auto file = files_.open(path, FileSystem::Mode::create_new);
  if (!file) return file.error();
  const Key dice = random_key();
  if (Status written = (*file)->write_at(0, as_bytes(to_hex(ByteView(dice).first(word_bytes / 2)) + "\n")); !written) return written;
  return (*file)->sync();
}

core::Retry folder_fails(const Error& error) {
  if (error.code == Errc::full) return away("the disk of the folder is full");
  return away("cannot write to the folder: " + cause_of(error));
}

}  // namespace sampan::uplink
