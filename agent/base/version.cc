// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"

namespace sampan {

std::string_view version() { return SAMPAN_VERSION; }

}  // namespace sampan
