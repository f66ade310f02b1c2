// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"

#include <openssl/crypto.h>

namespace sampan {

std::string_view version() { return SAMPAN_VERSION; }

std::string openssl_version() { return OpenSSL_version(OPENSSL_VERSION_STRING); }

}  // namespace sampan
