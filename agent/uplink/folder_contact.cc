// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_contact.h"

#include <string>
#include <utility>

namespace sampan::uplink {
namespace {

using core::Retry;

constexpr std::size_t remembered_bytes_max = 256u << 10;  // as the courier reads it

Retry away(std::string words) { return {std::move(words), core::Scope::destination, {}, 0}; }
// As the courier says it: the cause without the path.
Retry away(const Error& error) {
  if (error.code == Errc::full) return away("the disk of the folder is full");
  const auto colon = error.message.rfind(": ");
  return away("cannot write to the folder: " + (colon == std::string::npos ? error.message : error.message.substr(colon + 2)));
}

class FolderContact final : public core::Contact {
 public:
  FolderContact(FolderOptions options, FileSystem& files)
      : root_(options.root), incoming_(root_ + "/.incoming"), remembered_(memory_of(options)), files_(files) {}

  std::optional<Retry> ask() override {
    if (const auto seen = files_.list(incoming_); !seen) return without_incoming(seen.error());
    const std::string path = incoming_ + "/contact.part";
    if (Status gone = files_.unlink(path); !gone && gone.error().code != Errc::not_found) return away(gone.error());
    if (auto file = files_.open(path, FileSystem::Mode::create_new); !file) return away(file.error());
    if (Status gone = files_.unlink(path); !gone) return away(gone.error());
    return std::nullopt;
  }
  void interrupt() override {}

 private:
  std::optional<Retry> without_incoming(const Error& error) const {
    if (error.code != Errc::not_found) return away(error);
    const bool was_here = !remembered_.empty() && read_whole(files_, remembered_, remembered_bytes_max).ok();
    if (was_here) return away("the folder is not the one that images went to before: its disk is not mounted, or it was emptied");
    return std::nullopt;
  }

  const std::string root_, incoming_, remembered_;
  FileSystem& files_;
};

}  // namespace

std::unique_ptr<core::Contact> make_folder_contact(FolderOptions options, FileSystem& files) {
  return std::make_unique<FolderContact>(std::move(options), files);
}

}  // namespace sampan::uplink
