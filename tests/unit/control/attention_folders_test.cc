// SPDX-License-Identifier: Apache-2.0
// What is said of folders, and what makes it right, word by word where somebody copies it.
#include <doctest/doctest.h>

#include "control/attention.h"
#include "control/folder_words.h"
#include "unit/control/samples.h"

using namespace sampan;
using namespace sampan::control;

namespace {

Finding only(const NodeStatus& status) {
  const auto findings = assess(status);
  REQUIRE(findings.size() == 1);
  return findings[0];
}

NodeStatus with(const std::string& trouble, const std::string& error, const std::string& path = "/mnt/us") {
  NodeStatus status = rich_status();
  status.intake.folders[0].path = path;
  status.intake.folders[0].trouble = trouble;
  status.intake.folders[0].error = error;
  return status;
}

}  // namespace

TEST_CASE("a_folder_that_is_not_there_is_told_with_its_path") {
  const Finding found = only(with("missing", ""));
  CHECK(found.code == "folder_trouble");
  CHECK(found.severity == Verdict::attention);
  CHECK(found.en == "Folder /mnt/us: the folder is not there");
  CHECK(found.zh == "目录 /mnt/us：目录不存在");
  CHECK(found.action_en.find("mount the share again") != std::string::npos);
  CHECK(only(with("unmounted", "")).action_zh.find("sudo mount /mnt/us") != std::string::npos);
}

TEST_CASE("the_drop_in_that_lets_the_service_write_in_a_folder_is_told_word_by_word") {
  const Finding found = only(with("read_only", "Read-only file system"));
  CHECK(found.en == "Folder /mnt/us: files are taken, but cannot be removed from it: Read-only file system");
  CHECK(found.zh == "目录 /mnt/us：文件已接收，但无法从该目录移除：「Read-only file system」");
  CHECK(found.action_en.find("sudo systemctl edit sampand, enter these lines: [Service] / ReadWritePaths=/mnt/us, "
                             "then run sudo systemctl restart sampand") != std::string::npos);
  CHECK(found.action_zh.find("[Service] / ReadWritePaths=/mnt/us，") != std::string::npos);
  CHECK(only(with("read_only", "", "/mnt/a b%")).action_en.find("ReadWritePaths=\"/mnt/a b%%\",") != std::string::npos);
  for (const char* trouble : {"read_only", "unreadable"})
    CHECK(only(with(trouble, "Permission denied", "/run/user/us")).action_en.find("[Service] / ProtectHome=read-only / ReadWritePaths=/run/user/us,") !=
          std::string::npos);
  CHECK(only(with("unwritable", "Permission denied")).action_en.find("sudo chgrp -R sampan /mnt/us && sudo chmod -R g+rwX /mnt/us") !=
        std::string::npos);
}

TEST_CASE("a_destination_that_is_a_folder_the_service_cannot_write_is_told_the_same") {
  NodeStatus status = rich_status();
  DestinationStatus& copy = status.destinations[1];
  copy.state = DestinationState::backing_off;
  copy.state_age_s = 600;
  copy.waiting = 3;
  copy.last_error = "cannot write to the folder: Read-only file system";
  CHECK(only(status).code == "destination_unreachable");
  CHECK(only(status).action_en.find("ReadWritePaths=/srv/images,") != std::string::npos);
  copy.last_error = "cannot write to the folder: Permission denied";
  CHECK(only(status).action_zh.find("sudo chgrp -R sampan /srv/images") != std::string::npos);
  copy.last_error = "the disk of the folder is full";
  CHECK(only(status).action_en.find("sampand") == std::string::npos);
}

TEST_CASE("files_that_were_set_aside_and_a_medium_that_is_not_whole_are_told") {
  NodeStatus status = rich_status();
  FolderStatus& folder = status.intake.folders[0];
  folder.set_aside = 3;
  CHECK(only(status).code == "files_set_aside");
  CHECK(only(status).en == "Folder /srv/sampan/in: 3 files not taken, and set aside");
  CHECK(only(status).zh == "目录 /srv/sampan/in 中有 3 个文件未被接收");
  CHECK(only(status).action_zh.find("/srv/sampan/in/.sampan-rejected") != std::string::npos);
  folder.set_aside = 0;
  folder.missing_files = 1;
  folder.missing_since = WallTime{sample_now.ms - 24 * 3'600'000};
  CHECK(only(status).code == "medium_incomplete");
  CHECK(only(status).en == "Folder /srv/sampan/in: 1 file that a DICOMDIR names did not come");
  folder.missing_since->ms -= 1;
  CHECK(assess(status).empty());
}
