// SPDX-License-Identifier: Apache-2.0
#include "base/swap.h"

#include <sys/sysinfo.h>

#include <fstream>

namespace sampan {

bool is_kept_from_swap(const std::string& groups, const std::string& own) {
  std::ifstream lines(own);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("0::/")) continue;  // the one hierarchy of version 2
    for (std::string group = line.substr(3); !group.empty(); group.resize(group.rfind('/'))) {
      std::string limit;
      if (std::ifstream(groups + group + "/memory.swap.max") >> limit && limit == "0") return true;
    }
  }
  return false;
}

bool may_be_swapped() {
  struct sysinfo machine{};
  if (::sysinfo(&machine) == 0 && machine.totalswap == 0) return false;
  return !is_kept_from_swap("/sys/fs/cgroup", "/proc/self/cgroup");
}

}  // namespace sampan
