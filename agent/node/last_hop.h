// SPDX-License-Identifier: Apache-2.0
// Last hop: how a destination sees each item, as its settings say.
//
// Threads: any; the answers are pure.
#pragma once

#include <string>

#include "core/item.h"
#include "dicom/transform.h"
#include "settings/settings.h"

namespace sampan::node {

// Whether any item is changed for it.
bool transforms(const settings::Destination& destination);
dicom::Transform transform_for(const settings::Destination& destination, const core::Item& item);
// Whether it is called with more than one AE title.
bool has_titles(const settings::Destination& destination);
std::string calling_ae_for(const settings::Destination& destination, const core::Item& item);

}  // namespace sampan::node
