// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include <doctest/doctest.h>

#include "base/hash.h"
#include "support/temporary_directory.h"
#include "uplink/folder_root.h"

using namespace sampan;
using uplink::FolderOptions;
using uplink::FolderRoot;
namespace fs = std::filesystem;

namespace {

// The real disk; something happens just before it makes a file, or gives one its name.
class InterruptedDisk final : public FileSystem {
 public:
  std::function<void()> before_make, before_rename;

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    if (mode == Mode::create_new) once(before_make);
    return disk().open(path, mode);
  }
  Status make_directories(const std::string& path) override { return disk().make_directories(path); }
  Status sync_directory(const std::string& path) override { return disk().sync_directory(path); }
  Status rename(const std::string& from, const std::string& to) override {
    once(before_rename);
    return disk().rename(from, to);
  }
  Status unlink(const std::string& path) override { return disk().unlink(path); }
  Result<std::vector<std::string>> list(const std::string& path) override { return disk().list(path); }
  Result<DiskSpace> space(const std::string& path) override { return disk().space(path); }

 private:
  static void once(std::function<void()>& what) {
    if (const auto now = std::exchange(what, {})) now();
  }
};

struct Place {
  test::TemporaryDirectory directory;
  const std::string root = (directory.path() / "share").string();
  const std::string word_file = root + "/.incoming/folder-id";

  Place() { fs::create_directories(root + "/.incoming"); }
  FolderOptions node(const std::string& name) const { return {root, (directory.path() / name).string()}; }
  std::string word() const {
    std::string text;
    std::getline(std::ifstream(word_file), text);
    return text;
  }
};

bool content(const std::optional<core::Retry>& said) { return !said.has_value(); }

// What is said of a root that an earlier version wrote to, with nothing but .incoming on the disk that is mounted there: in a mount
// namespace of its own, as exit code; 2: it cannot be had here.
int looked_at_a_mounted_disk(const FolderOptions& options, uid_t user) {
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return 2;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 2;
  if (::mount("tmpfs", options.root.c_str(), "tmpfs", 0, "size=1m,mode=777") != 0) return 2;
  fs::create_directories(options.root + "/.incoming");
  return content(FolderRoot(options, disk()).look()) ? 0 : 1;
}

}  // namespace

TEST_CASE("an_emptied_folder_of_an_earlier_version_is_taken_for_the_same_where_a_disk_is_mounted_on_it" * doctest::description("contract 3, 4")) {
  const Place place;
  const FolderOptions options = place.node("a");
  fs::create_directories(options.memory);
  std::ofstream(fs::path(options.memory) / to_hex(sha256(as_bytes(options.root))).substr(0, 16)) << options.root;
  const auto refused = FolderRoot(options, disk()).look();  // an emptied folder, or a mount point without its disk: nobody knows
  REQUIRE(refused.has_value());
  CHECK(refused->reason.find("make an empty file .incoming/folder-id in it") != std::string::npos);

  const pid_t child = ::fork();
  if (child == 0) ::_exit(looked_at_a_mounted_disk(options, ::geteuid()));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2)
    MESSAGE("nothing can be mounted here");
  else
    CHECK(WEXITSTATUS(status) == 0);

  std::ofstream(place.word_file).close();  // the remedy that is named
  CHECK(content(FolderRoot(options, disk()).look()));
  CHECK(content(FolderRoot(options, disk()).settle()));
  CHECK(place.word().size() == 32);
}

TEST_CASE("two_nodes_that_begin_with_one_folder_together_know_it_by_the_word_of_the_first" * doctest::description("contract 3, 4")) {
  // Nothing is there, a person means this one, a node lost power while it made its word.
  for (const std::string left : {"", "folder-id", "folder-id.new"}) {
    for (const auto moment : {&InterruptedDisk::before_make, &InterruptedDisk::before_rename}) {
      const Place place;
      if (!left.empty()) std::ofstream(place.root + "/.incoming/" + left).close();
      const FolderOptions first = place.node("a"), second = place.node("b");
      InterruptedDisk files;
      std::string agreed;
      files.*moment = [&] {
        CHECK(content(FolderRoot(first, disk()).settle()));
        agreed = place.word();
      };
      CHECK(content(FolderRoot(second, files).settle()));
      CHECK(agreed.size() == 32);
      CHECK(place.word() == agreed);
      for (const FolderOptions& node : {first, second}) CHECK(content(FolderRoot(node, disk()).look()));
      CHECK_FALSE(fs::exists(place.word_file + ".new"));
    }
  }
}
