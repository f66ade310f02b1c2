// SPDX-License-Identifier: Apache-2.0
// Usual: where the package puts the settings file.
#pragma once

namespace sampan::cli {

inline constexpr const char* usual_settings = "/etc/sampan/sampan.yaml";

}  // namespace sampan::cli
