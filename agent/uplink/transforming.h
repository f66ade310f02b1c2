// SPDX-License-Identifier: Apache-2.0
// Transforming courier: lets another courier carry images as a destination wants to see them (dicom/transform.h).
//
// What the next hop answers is about the item: the receipt names the content that is kept here, not the one that was sent.
// Memory: the changed text of a few items; never an image.
// Threads: as core::Courier.
// Fails:   what cannot be changed safely -> Rejected in words, never sent as it is; a stored copy that cannot be read or
//          does not verify, or a change that broke off -> Retry, scope item. One that broke off too often -> Rejected.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/courier.h"
#include "dicom/transform.h"

namespace sampan::uplink {

// Who changes an image. Errc::invalid: it cannot be changed, in words for a person. Errc::unreachable: it broke off, and is to
// be tried again. Errc::limit: it is not to be tried any more. Errc::stopped: the node is stopping. Otherwise as Payload::read.
using Change = std::function<Result<std::shared_ptr<core::Payload>>(const core::Consignment& one, const dicom::Transform& wanted,
                                                                    const dicom::ChangeNote& note)>;

struct TransformingOptions {
  std::function<dicom::Transform(const core::Item&)> wanted;
  Change change;
  std::string system;         // this node, for Modifying System (0400,0563)
  bool digest_wanted = false;  // the other courier compares what it wrote with the item's sha256
};

std::unique_ptr<core::Courier> make_transforming_courier(TransformingOptions options, std::unique_ptr<core::Courier> carrier);

}  // namespace sampan::uplink
