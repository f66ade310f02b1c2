// SPDX-License-Identifier: Apache-2.0
#include "control/attention_folders.h"

#include "control/folder_words.h"

namespace sampan::control {
namespace {

constexpr std::int64_t missing_told_ms = 24 * 60 * 60 * 1000;

std::string counted(std::uint64_t files) { return std::to_string(files) + (files == 1 ? " file" : " files"); }

void look_at_folder(const FolderStatus& folder, WallTime now, std::vector<Finding>& out) {
  const std::string& path = folder.path;
  if (!folder.trouble.empty())
    out.push_back({"folder_trouble", Verdict::attention, "目录 " + path + "：" + folder_words(folder, Lang::zh),
                   "Folder " + path + ": " + folder_words(folder, Lang::en), folder_remedy(folder, Lang::zh),
                   folder_remedy(folder, Lang::en)});
  if (folder.set_aside > 0)
    out.push_back({"files_set_aside", Verdict::attention, "目录 " + path + " 中有 " + std::to_string(folder.set_aside) + " 个文件未被接收",
                   "Folder " + path + ": " + counted(folder.set_aside) + " not taken, and set aside",
                   "请查看 " + path + "/.sampan-rejected 中各文件旁的说明（.reason.txt），在设备上重新导出；处理后删除或移走其中的文件。",
                   "Read the notes (.reason.txt) in " + path +
                       "/.sampan-rejected and export again on the device; then delete the files there or move them away."});
  if (folder.missing_since && folder.missing_since->ms >= now.ms - missing_told_ms)
    out.push_back({"medium_incomplete", Verdict::attention,
                   "目录 " + path + " 中的 DICOMDIR 所列文件有 " + std::to_string(folder.missing_files) + " 个未到",
                   "Folder " + path + ": " + counted(folder.missing_files) + " that a DICOMDIR names did not come",
                   "已到的文件均已接收。请把该介质完整地再复制一次；此提示 24 小时后消失。",
                   "What came is taken. Copy the medium once more, whole; this is told for 24 hours."});
}

}  // namespace

void look_at_folders(const NodeStatus& status, std::vector<Finding>& findings) {
  for (const FolderStatus& folder : status.intake.folders) look_at_folder(folder, status.now, findings);
}

}  // namespace sampan::control
