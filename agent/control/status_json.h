// SPDX-License-Identifier: Apache-2.0
// Status as JSON: one list of fields per struct serves both directions, so that they cannot disagree.
//
// Times are ISO 8601 in UTC, absent values are null, ages are {"1min": n, ...}. A field a reader does not find keeps
// its initial value, so that a command and a daemon of different versions understand each other.
// Part of the client half: stands on base alone.
// Fails:   text that is not such JSON -> Errc::damaged.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "control/node_status.h"

namespace sampan::control {

std::string status_json(const NodeStatus& status);
// Only what `sampan queue` shows, in the same shape.
std::string queue_json(const NodeStatus& status);
// Reads either.
Result<NodeStatus> parse_status(std::string_view json);

std::string key_json(const KeyStatus& key);
Result<KeyStatus> parse_key(std::string_view json);
std::string recovery_json(const std::string& recovery_key);
Result<std::string> parse_recovery(std::string_view json);

// {"version": "..."}, {"error": "..."}: one object of words.
std::string flat_json(std::initializer_list<std::pair<std::string_view, std::string_view>> words);

}  // namespace sampan::control
