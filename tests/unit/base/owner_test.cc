// SPDX-License-Identifier: Apache-2.0
#include "base/owner.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

using namespace sampan;

TEST_CASE("a_file_of_another_user_is_found_and_what_the_file_system_keeps_for_itself_is_none" * doctest::description("contract 9")) {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root gives files away");
    return;
  }
  constexpr uid_t other = 12345;
  const test::TemporaryDirectory directory;
  const auto path = directory.path();
  std::filesystem::create_directory(path / "lost+found");
  std::ofstream(path / "lost+found" / "#12") << "x";
  for (const auto& one : {path / "lost+found", path / "lost+found" / "#12"}) REQUIRE(::lchown(one.c_str(), other, other) == 0);
  CHECK_FALSE(stranger_in(path.string()).has_value());
  std::ofstream(path / "a") << "x";
  REQUIRE(::lchown((path / "a").c_str(), other, other) == 0);
  const auto found = stranger_in(path.string());
  REQUIRE(found.has_value());
  CHECK(found->file == (path / "a").string());
}
