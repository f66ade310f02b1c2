// SPDX-License-Identifier: Apache-2.0
#include "control/attention_disk.h"

#include <algorithm>

#include "control/words.h"

namespace sampan::control {
namespace {

constexpr std::uint64_t much = 4;  // a quarter of what is used

// One because of which copies stay here: nothing proves that it, or an archive behind it, keeps them. A node last.
const DestinationStatus* who_proves_nothing(const NodeStatus& status) {
  const DestinationStatus* who = nullptr;
  for (const DestinationStatus& d : status.destinations) {
    const bool stays = (!d.trusted || d.by_node) && d.delivered > d.archived && (d.proof == "none" || d.unproven_long);
    if (stays && (who == nullptr || who->by_node)) who = &d;
  }
  return who;
}

std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

}  // namespace

std::pair<std::string, std::string> room_action(const NodeStatus& status) {
  const SpoolStatus& spool = status.spool;
  const std::string& folder = status.state_directory;
  const std::uint64_t used = less(spool.disk_total_bytes, spool.disk_free_bytes), others = less(used, spool.bytes);
  std::uint64_t waiting = 0;
  for (const DestinationStatus& one : status.destinations) waiting = std::max(waiting, one.waiting_bytes);
  const DestinationStatus* unproven = less(spool.bytes, waiting) >= used / much ? who_proves_nothing(status) : nullptr;
  if (unproven != nullptr && unproven->by_node)
    return {"副本因 Sampan 节点 " + unproven->name + " 未证明医院已归档而一直占用磁盘：请在该节点上执行 sampan 查看原因；对它设置 reclaim_after: accepted 不起作用。",
            "Copies fill the disk because the Sampan node " + unproven->name + " has not proven that they are archived behind it: run sampan there to see why; "
            "reclaim_after: accepted does not help for a node."};
  if (unproven != nullptr)
    return {"副本因无法证明已归档而一直占用磁盘：请让牵头医院启用存储承诺或查询，或为该目的地设置 reclaim_after: accepted 和 retention_days。",
            "Copies fill the disk because nothing proves that they are kept elsewhere: ask the lead hospital for storage commitment or query, or choose reclaim_after: "
            "accepted and retention_days for that destination."};
  if (spool.bytes < used / much)
    return {"占用磁盘的是其他文件：已用 " + size(used) + "，其中其他文件 " + size(others) + "。请清理 " + folder + " 所在磁盘上的其他文件（df -h " + folder +
                "）；不要删除 " + folder + " 中的文件。",
            "Others' files fill the disk: " + size(others) + " of the " + size(used) + " used are not this node's. Remove some of them from the disk of " + folder +
                " (df -h " + folder + "); delete nothing in " + folder + "."};
  return {"请腾出磁盘空间或恢复上传；不要删除 " + folder + " 中的文件。", "Free disk space or restore the upload; delete nothing in " + folder + "."};
}

std::pair<std::string, std::string> refusing_action(const NodeStatus& status) {
  const std::string& reason = status.intake.refusing_reason;
  const auto says = [&](const char* words) { return reason.find(words) != std::string::npos; };
  if (says("more files"))
    return {"磁盘的文件数（inode）已用尽：请删除其他程序的大量小文件（df -i）；不要删除 " + status.state_directory + " 中的文件。",
            "Remove the many small files of others from this disk (df -i); delete nothing in " + status.state_directory + "."};
  if (says("the disk is full")) return room_action(status);
  return {says("Read-only") ? "磁盘已变为只读：请检查磁盘（dmesg），修复后重新以可写方式挂载。" : "请检查磁盘（dmesg、df），必要时修复或更换；恢复可写后自动继续。",
          says("Read-only") ? "The disk went read-only: check it (dmesg), and mount it to be written again when it is sound."
                            : "Check the disk (dmesg, df), and repair or replace it; it goes on by itself once it can be written."};
}

}  // namespace sampan::control
