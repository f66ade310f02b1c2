// SPDX-License-Identifier: Apache-2.0
// Zone: the local time zone of the process while this lives; then the one it had before.
#pragma once

#include <cstdlib>
#include <ctime>
#include <string>

namespace sampan::test {

class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1), ::tzset();
  }
  ~Zone() { before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1), ::tzset(); }
  Zone(const Zone&) = delete;

 private:
  std::string before_;
};

}  // namespace sampan::test
