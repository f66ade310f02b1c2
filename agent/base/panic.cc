// SPDX-License-Identifier: Apache-2.0
#include "base/panic.h"

#include <cstdio>
#include <cstdlib>

namespace sampan {

void panic(const char* what, const char* file, int line) {
  std::fprintf(stderr, "sampan: internal error, stopping: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace sampan
