// SPDX-License-Identifier: Apache-2.0
// Contexts: which presentation contexts of a caller are accepted, and with which transfer syntax (DESIGN §5).
//
// Every Storage SOP class is taken, also the private ones, and also the ones that are newer than this program; of the
// other services only Verification. The choice of transfer syntax never makes a modality compress.
// Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sampan::intake {

inline constexpr std::string_view verification_class = "1.2.840.10008.1.1";

// True for standard and private storage classes (PS3.4 B.5, PS3.6 A); false for every other standard service.
bool is_storage_class(std::string_view uid);

// The one to accept out of offered: Explicit LE, Implicit LE, other lossless ones, unknown ones, lossy ones.
// accept, when not empty, limits the choice. Empty when nothing is left.
std::string_view choose_transfer_syntax(std::span<const std::string> offered, std::span<const std::string> accept);

}  // namespace sampan::intake
