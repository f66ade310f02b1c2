// SPDX-License-Identifier: Apache-2.0
#include "support/golden.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sampan::test {

std::string compare_golden(const std::string& path, const std::string& made) {
  const std::filesystem::path file = std::filesystem::path(SAMPAN_SOURCE_DIR) / path;
  if (const char* update = std::getenv("SAMPAN_UPDATE"); update != nullptr && *update != 0) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << made;
    return {};
  }
  std::ifstream kept(file);
  std::istringstream wanted(made);
  std::string one, other;
  for (int line = 1;; ++line) {
    const bool more = static_cast<bool>(std::getline(kept, one)), more_made = static_cast<bool>(std::getline(wanted, other));
    if (!more && !more_made) return {};
    if (more != more_made || one != other)
      return path + ":" + std::to_string(line) + " is out of date; SAMPAN_UPDATE=1 with this test writes it again";
  }
}

}  // namespace sampan::test
