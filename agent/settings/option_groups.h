// SPDX-License-Identifier: Apache-2.0
// Option groups: the parts of the one table, each in a file of its name: options_<group>.cc.
//
// A new group is a file, a line here and a line in options.cc. A group's own row stands before those below it.
#pragma once

#include <span>

#include "settings/options.h"

namespace sampan::settings {

inline constexpr std::int64_t path_bytes_max = 4000;  // PATH_MAX of Linux, with room for our own names below it
inline constexpr std::int64_t url_bytes_max = 2000;   // what common servers take in a request line

// Of a choice that was checked before.
core::Priority priority_from(std::string_view name);
Cargo cargo_from(std::string_view name);

std::span<const Option> node_options();
std::span<const Option> intake_options();
std::span<const Option> intake_folders_options();
std::span<const Option> destinations_options();
std::span<const Option> destination_http_options();
std::span<const Option> last_hop_options();
std::span<const Option> routes_options();
std::span<const Option> telemetry_options();
std::span<const Option> service_options();

}  // namespace sampan::settings
