// SPDX-License-Identifier: Apache-2.0
// sampan: tells a person the truth about the daemon beside it.
#include <cstdlib>
#include <iostream>

#include "cli/app.h"

int main(int argc, char** argv) {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  return sampan::cli::run({argv + 1, argv + argc}, variable, std::cout, std::cerr);
}
