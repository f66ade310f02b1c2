// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_root.h"

#include <utility>

#include "base/hash.h"
#include "base/log.h"

namespace sampan::uplink {
namespace {

constexpr std::size_t path_bytes_max = 256u << 10;

std::string memory_of(const FolderOptions& options) {
  return options.memory.empty() ? "" : options.memory + "/" + to_hex(sha256(as_bytes(options.root))).substr(0, 16);
}

core::Retry away(std::string words) { return {std::move(words), core::Scope::destination, {}, 0}; }

}  // namespace

FolderRoot::FolderRoot(const FolderOptions& options, FileSystem& files)
    : path_(options.root), incoming_(path_ + "/.incoming"), memory_(memory_of(options)), files_(files) {}

bool FolderRoot::was_used() const { return !memory_.empty() && read_whole(files_, memory_, path_bytes_max).ok(); }

void FolderRoot::remember() const {
  if (memory_.empty()) return;
  Status noted = files_.make_directories(memory_.substr(0, memory_.rfind('/')));
  if (noted) noted = write_durably(files_, memory_, as_bytes(path_));
  if (!noted) log::warn("what folder images go to is not remembered: " + noted.error().message);
}

core::Retry is_another_folder() {
  return away("the folder is not the one that images went to before: its disk is not mounted, or it was emptied");
}

core::Retry folder_fails(const Error& error) {
  if (error.code == Errc::full) return away("the disk of the folder is full");
  const auto colon = error.message.rfind(": ");
  return away("cannot write to the folder: " + (colon == std::string::npos ? error.message : error.message.substr(colon + 2)));
}

}  // namespace sampan::uplink
