// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "support/temporary_directory.h"

using namespace sampan;

namespace {

struct AlignedFree {
  void operator()(std::uint8_t* at) const { std::free(at); }
};

Status write_blocks(File& file, std::uint64_t offset, std::size_t blocks, std::uint8_t fill) {
  const std::size_t bytes = blocks * 4096;
  const std::unique_ptr<std::uint8_t, AlignedFree> memory(static_cast<std::uint8_t*>(std::aligned_alloc(4096, bytes)));
  std::fill_n(memory.get(), bytes, fill);
  return file.write_at(offset, {memory.get(), bytes});
}

}  // namespace

TEST_CASE("a_file_that_is_appended_to_takes_whole_blocks_and_odd_pieces_and_reads_them_back") {
  const test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "f").string();
  auto file = disk().open(path, FileSystem::Mode::append_new);
  REQUIRE(file.ok());
  const Bytes odd(1000, 7);
  CHECK((*file)->write_at(0, odd).ok());
  CHECK(write_blocks(**file, 4096, 32, 1).ok());
  CHECK((*file)->write_at(4096 + 100, odd).ok());  // over blocks that went past the page cache
  CHECK(write_blocks(**file, 4096 + 8192, 1, 2).ok());
  CHECK((*file)->sync().ok());

  const auto again = disk().open(path, FileSystem::Mode::read);
  REQUIRE(again.ok());
  Bytes expected(4096 * 33, 1);
  std::fill_n(expected.begin(), 4096, std::uint8_t{0});
  std::fill_n(expected.begin(), 1000, std::uint8_t{7});
  std::fill_n(expected.begin() + 4096 + 100, 1000, std::uint8_t{7});
  std::fill_n(expected.begin() + 4096 + 8192, 4096, std::uint8_t{2});
  for (File* reader : {file->get(), again->get()}) {
    Bytes read(4096 * 33);
    CHECK(*reader->read_at(0, read) == read.size());
    CHECK(read == expected);
  }
  CHECK_FALSE(disk().open(path, FileSystem::Mode::append_new).ok());
}

TEST_CASE("what_is_no_file_is_not_opened_and_nobody_waits_for_it" * doctest::description("contract 9")) {
  const test::TemporaryDirectory directory;
  const std::string pipe = (directory.path() / "pipe").string(), device = (directory.path() / "device").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::filesystem::create_symlink("/dev/zero", device);
  for (const std::string& path : {pipe, device, directory.path().string()})
    for (const auto mode : {FileSystem::Mode::read, FileSystem::Mode::write}) {
      auto opened = std::async(std::launch::async, [&] { return disk().open(path, mode).ok(); });
      const bool waits = opened.wait_for(std::chrono::seconds(5)) != std::future_status::ready;
      if (waits) ::close(::open(pipe.c_str(), O_RDWR));  // lets it go
      CHECK_FALSE(waits);
      CHECK_FALSE(opened.get());
    }
}

TEST_CASE("a_file_system_that_knows_no_direct_writes_takes_them_all_the_same") {
  const std::string path = "/dev/shm/sampan-test-" + std::to_string(::getpid());
  auto file = disk().open(path, FileSystem::Mode::append_new);
  if (!file.ok()) return;  // no memory file system here
  CHECK(write_blocks(**file, 0, 2, 3).ok());
  Bytes read(8192);
  CHECK(*(*file)->read_at(0, read) == 8192u);
  CHECK(read == Bytes(8192, 3));
  CHECK(disk().unlink(path).ok());
}
