// SPDX-License-Identifier: Apache-2.0
// Version: of this build, as CMakeLists.txt names it.
#pragma once

#include <string_view>

namespace sampan {

std::string_view version();

}  // namespace sampan
