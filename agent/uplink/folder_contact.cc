// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_contact.h"

#include <string>

#include "uplink/folder_root.h"

namespace sampan::uplink {
namespace {

using core::Retry;

class FolderContact final : public core::Contact {
 public:
  FolderContact(const FolderOptions& options, FileSystem& files) : root_(options, files), files_(files) {}

  std::optional<Retry> ask() override {
    if (const auto seen = files_.list(root_.incoming()); !seen) return without_incoming(seen.error());
    const std::string path = root_.incoming() + "/contact.part";
    if (Status gone = files_.unlink(path); !gone && gone.error().code != Errc::not_found) return folder_fails(gone.error());
    if (auto file = files_.open(path, FileSystem::Mode::create_new); !file) return folder_fails(file.error());
    if (Status gone = files_.unlink(path); !gone) return folder_fails(gone.error());
    return std::nullopt;
  }
  void interrupt() override {}

 private:
  std::optional<Retry> without_incoming(const Error& error) const {
    if (error.code != Errc::not_found) return folder_fails(error);
    return root_.was_used() ? std::optional(is_another_folder()) : std::nullopt;
  }

  const FolderRoot root_;
  FileSystem& files_;
};

}  // namespace

std::unique_ptr<core::Contact> make_folder_contact(FolderOptions options, FileSystem& files) {
  return std::make_unique<FolderContact>(options, files);
}

}  // namespace sampan::uplink
