// SPDX-License-Identifier: Apache-2.0
// Folder courier: publishes images as DICOM files, <root>/<study>/<series>/<instance>.dcm, and files that travel as
// they are (Fact::media_type) as <root>/files/<day received, UTC>/<item id>-<name>; events and samples, a line of JSON each, as
// <root>/telemetry/<day of the id, UTC>/<item id>.event.jsonl and .sample.jsonl.
//
// A file appears whole or not at all: it is written below <root>/.incoming, synced, renamed, and its directory synced
// before the outcome is reported; one sync per directory and group of files. The data set is byte for byte the item's.
// A file that is there stays as it is: the same data set counts as delivered, another one is published beside it as
// <instance>~<first 8 digits of its sha256>.dcm. Receipt::level is archived, its node "folder".
// What a crash leaves below .incoming is replaced when the item comes again.
// Who may read the root may read what is put into it; a root that is made here is for those of the folder it is made in, but for the
// world.
// A share that is not mounted looks like an empty folder: what is not the folder of before gets nothing (folder_root.h).
// Memory: one buffer and the open files of a group, whatever the size of the items.
// Threads: as core::Courier; several couriers of one process may share a root. After interrupt() it is at its end.
// Fails:   disk full, failing or another one -> Retry, scope destination; a stored copy that cannot be read or does not verify ->
//          Retry, scope item; cargo that is neither, or an image without a transfer syntax -> Rejected.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "core/courier.h"

namespace sampan::uplink {

struct FolderOptions {
  std::string root;         // made when it is not there
  std::string memory = {};  // folder in which is remembered what roots were written to; empty: nowhere
};

// files and clock must outlive the courier.
std::unique_ptr<core::Courier> make_folder_courier(FolderOptions options, FileSystem& files, const Clock& clock);

}  // namespace sampan::uplink
