// SPDX-License-Identifier: Apache-2.0
// Couriers: what the settings of a destination mean to uplink/: by which courier, and how it is written in words.
#pragma once

#include <memory>
#include <string>

#include "core/contact.h"
#include "core/courier.h"
#include "core/judge.h"
#include "core/prover.h"
#include "core/receipts.h"
#include "node/node.h"
#include "settings/settings.h"
#include "uplink/transforming.h"

namespace sampan::node {

// "dimse", "stow", "folder" or "http".
std::string courier_kind(const settings::Destination& destination);
// AE@host:port, a URL or a path.
std::string address_of(const settings::Destination& destination);
// judge and what env and change refer to must outlive the courier.
std::unique_ptr<core::Courier> make_courier(const settings::Destination& destination, Env env, const core::Judge& judge, uplink::Change change);

// Null where only what is carried can tell. What it is given must outlive it.
std::shared_ptr<core::Contact> make_contact(const settings::Destination& destination, Env env, const core::Judge& judge);

// Null where there is nobody to ask. What it is given must outlive it.
std::unique_ptr<core::Prover> make_prover(const settings::Destination& destination, Env env, const core::Judge& judge,
                                          core::Transactions& transactions, core::Receipts& receipts);

}  // namespace sampan::node
