// SPDX-License-Identifier: Apache-2.0
// DIMSE contact: an association with one C-ECHO (PS3.7 9.1.5), given back at once.
//
// A peer that accepts the association and not the Verification class has answered. So has one that refuses the calling AE
// title, where images go under titles of their own and this one says nothing about them.
// Threads: as core::Contact.
// Fails:   no connection, no answer -> Retry, scope destination; a refusal -> as core::Judge says.
#pragma once

#include <memory>

#include "core/contact.h"
#include "uplink/dimse.h"

namespace sampan::uplink {

struct DimseContactOptions {
  DimseOptions peer;
  bool own_title_counts = true;
};

// judge must outlive it.
std::unique_ptr<core::Contact> make_dimse_contact(DimseContactOptions options, const core::Judge& judge);

}  // namespace sampan::uplink
