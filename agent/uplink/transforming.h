// SPDX-License-Identifier: Apache-2.0
// Transforming courier: lets another courier carry images as a destination wants to see them (dicom/transform.h).
//
// What the next hop answers is about the item: the receipt names the content that is kept here, not the one that was sent.
// Memory: the changed text of a few items; never an image.
// Threads: as core::Courier.
// Fails:   what cannot be changed safely -> Rejected in words, never sent as it is; a stored copy that cannot be read or
//          does not verify -> Retry, scope item. What ended the program again and again when it was changed -> Rejected.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/beacon.h"
#include "core/courier.h"
#include "dicom/transform.h"

namespace sampan::uplink {

struct TransformingOptions {
  std::function<dicom::Transform(const core::Item&)> wanted;
  std::string system;         // this node, for Modifying System (0400,0563)
  bool digest_wanted = false;  // the other courier compares what it wrote with the item's sha256
  Beacon* beacon = nullptr;    // where it is marked which item is being changed; null: nowhere
};

std::unique_ptr<core::Courier> make_transforming_courier(TransformingOptions options, std::unique_ptr<core::Courier> carrier);

}  // namespace sampan::uplink
