// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <string_view>

// A binary whose nodes start a worker is that worker as well (agent/worker); one without this function is not.
int worker_main() __attribute__((weak));

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--worker") return worker_main != nullptr ? worker_main() : 1;
  return doctest::Context(argc, argv).run();
}
