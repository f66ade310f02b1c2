// SPDX-License-Identifier: Apache-2.0
// Attention, the part about the disk: who fills it, and what a person does about that, in both languages.
//
// Pure: a status in, words out.
#pragma once

#include <string>
#include <utility>

#include "control/node_status.h"

namespace sampan::control {

// Chinese and English. About a disk with too little room; by who fills it.
std::pair<std::string, std::string> room_action(const NodeStatus& status);
// About images that are refused, by the reason that queue/ gives.
std::pair<std::string, std::string> refusing_action(const NodeStatus& status);

}  // namespace sampan::control
