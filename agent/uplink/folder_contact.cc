// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_contact.h"

#include <string>

#include "base/aead.h"
#include "uplink/folder_root.h"
#include "uplink/folder_share.h"

namespace sampan::uplink {
namespace {

using core::Retry;

constexpr std::size_t name_bytes = 8;  // others may ask in the same folder just now

class FolderContact final : public core::Contact {
 public:
  FolderContact(const FolderOptions& options, FileSystem& files) : root_(options, files), files_(files) {}

  std::optional<Retry> ask() override {
    if (auto closed = root_.look()) return closed;
    if (const auto seen = files_.list(root_.incoming()); !seen) return std::nullopt;  // made by the first image
    if (Status free = has_no_links(root_.path(), root_.incoming()); !free) return folder_fails(free.error());
    const std::string path = root_.incoming() + "/contact-" + to_hex(ByteView(random_key()).first(name_bytes)) + ".part";
    auto file = files_.open(path, FileSystem::Mode::create_new);
    if (!file) return folder_fails(file.error());
    file->reset();
    if (Status gone = files_.unlink(path); !gone && gone.error().code != Errc::not_found) return folder_fails(gone.error());
    return std::nullopt;
  }
  void interrupt() override {}

 private:
  const FolderRoot root_;
  FileSystem& files_;
};

}  // namespace

std::unique_ptr<core::Contact> make_folder_contact(FolderOptions options, FileSystem& files) {
  return std::make_unique<FolderContact>(options, files);
}

}  // namespace sampan::uplink
