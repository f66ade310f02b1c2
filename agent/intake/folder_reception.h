// SPDX-License-Identifier: Apache-2.0
// FolderReception: carries one open file into the sink, from its first bytes to the commit.
//
// examine() says what the file is; take() carries what was examined. Nothing is done to the file itself.
// Memory: one buffer, whatever the size of the file.
// Threads: one; stopping may be set by any.
// Fails:   the file cannot be read, or changed while it was read -> Errc::unreachable: come again;
//          the sink's own errors as they are, none of which is Errc::unreachable; stopping -> Errc::stopped.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "core/sink.h"
#include "dicom/fact_scanner.h"
#include "intake/folder.h"
#include "intake/folder_dicomdir.h"
#include "intake/folder_head.h"
#include "intake/folder_tree.h"

namespace sampan::intake {

enum class Sort { image, dicomdir, plain, unfit };

class FolderReception {
 public:
  FolderReception(core::Sink& sink, const FolderIntakeOptions& options, FolderIntake::Observer& observer,
                  const std::atomic<bool>& stopping);

  // Errc::unreachable only. A plain file is one that is unfit where any file is carried.
  Result<Sort> examine(const OpenFile& file);
  Unfit unfit() const { return unfit_; }  // after examine() said unfit or plain
  // Of the examined image: its data set says that there is more of it.
  bool is_cut_short(const OpenFile& file) const;
  // Of the examined image or plain file. path: below the folder.
  Status take(const OpenFile& file, const std::string& path);
  // Of the examined DICOMDIR; empty when it is too large to look into.
  std::vector<ReferencedFile> references(const OpenFile& file);
  void release_memory() { buffer_ = Bytes(); }

 private:
  Status take_image(const OpenFile& file);
  Status take_plain(const OpenFile& file, const std::string& path);
  Sort sort(ByteView start, std::uint64_t file_bytes);
  Sort look_at(ByteView start, std::uint64_t file_bytes);
  core::Facts image_facts();
  // Hands [offset, end) to take, which may stop it.
  Status read_all(const OpenFile& file, std::uint64_t offset, const std::function<Status(ByteView)>& take);
  Status carry(const OpenFile& file, std::uint64_t offset, const core::Manifest& manifest, const core::Facts& facts);
  Result<ByteView> read(const OpenFile& file, std::uint64_t offset);

  core::Sink& sink_;
  const FolderIntakeOptions& options_;
  FolderIntake::Observer& observer_;
  const std::atomic<bool>& stopping_;
  Bytes buffer_;
  Sort sort_ = Sort::unfit;
  FileHead head_;
  Unfit unfit_ = Unfit::not_dicom;
  core::Facts facts_;  // of the examined image
};

}  // namespace sampan::intake
