// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "base/swap.h"
#include "support/temporary_directory.h"

using namespace sampan;
namespace fs = std::filesystem;

TEST_CASE("a_group_without_swap_space_keeps_all_that_is_in_it_out_of_it" * doctest::description("contract 11")) {
  const test::TemporaryDirectory directory;
  const fs::path groups = directory.path() / "cgroup", own = directory.path() / "own";
  const fs::path service = groups / "system.slice/sampand.service";
  fs::create_directories(service);
  const auto kept = [&](const std::string& text) {
    std::ofstream(own) << text;
    return is_kept_from_swap(groups, own);
  };
  const std::string here = "0::/system.slice/sampand.service\n";
  CHECK(!kept(here));
  std::ofstream(service / "memory.swap.max") << "max\n";
  CHECK(!kept(here));
  std::ofstream(service / "memory.swap.max") << "0\n";
  CHECK(kept(here));
  CHECK(kept("1:name=systemd:/\n" + here));
  CHECK(!kept("4:memory:/system.slice/sampand.service\n"));  // version 1
  CHECK(!kept("0::/\n"));
  fs::remove(service / "memory.swap.max");
  std::ofstream(groups / "system.slice/memory.swap.max") << "0\n";
  CHECK(kept(here));
  CHECK(!is_kept_from_swap(groups, directory.path() / "missing"));
}
