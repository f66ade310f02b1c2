// SPDX-License-Identifier: Apache-2.0
// Panic: our own bug. The process aborts at once, so that nothing is acknowledged on a wrong belief.
//
// Assertions stay on in release builds. What the outside world can cause is never an assertion.
#pragma once

namespace sampan {

[[noreturn]] void panic(const char* what, const char* file, int line);

}  // namespace sampan

#define SAMPAN_PANIC(what) ::sampan::panic((what), __FILE__, __LINE__)
#define SAMPAN_ASSERT(condition) \
  do {                           \
    if (!(condition)) [[unlikely]] SAMPAN_PANIC(#condition); \
  } while (false)
