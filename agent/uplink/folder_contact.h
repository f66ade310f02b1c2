// SPDX-License-Identifier: Apache-2.0
// Folder contact: whether a file can be made where the courier makes its own before they have a name; it is taken away at once.
//
// Nothing else is made: an empty mount point must not come to look like the folder that images went to (uplink/folder.h). Where
// nothing was ever written, a folder that is not there yet is no trouble.
// Threads: as core::Contact. A share that does not answer keeps it waiting as long as the system does.
// Fails:   Retry, scope destination, in the words of the courier.
#pragma once

#include <memory>

#include "core/contact.h"
#include "uplink/folder.h"

namespace sampan::uplink {

// files must outlive it.
std::unique_ptr<core::Contact> make_folder_contact(FolderOptions options, FileSystem& files);

}  // namespace sampan::uplink
