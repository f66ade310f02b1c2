// SPDX-License-Identifier: Apache-2.0
// Version: of this build, as CMakeLists.txt names it.
#pragma once

#include <string>
#include <string_view>

namespace sampan {

std::string_view version();
// Of OpenSSL as it runs, "3.0.17".
std::string openssl_version();

}  // namespace sampan
