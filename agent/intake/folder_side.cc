// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_side.h"

#include <vector>

#include "base/hash.h"
#include "core/limits.h"

namespace sampan::intake {
namespace {

constexpr std::size_t name_bytes_max = 255;  // NAME_MAX
constexpr std::string_view note_ending = ".reason.txt";

// Room for an ending, without cutting a character of UTF-8.
std::string with_ending(const std::string& name, const std::string& ending) {
  if (name.size() + ending.size() <= name_bytes_max) return name + ending;
  const std::string sum = "~" + to_hex(sha256(as_bytes(name))).substr(0, 8);
  std::size_t end = name_bytes_max - ending.size() - sum.size();
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return name.substr(0, end) + sum + ending;
}

struct Move {
  const OpenFolder& from;
  const OpenFolder& to;
  std::string name;
};

// Note first: a file that is set aside is never without its reason.
Status try_name(const Move& move, const std::string& to_name, const std::string& note) {
  if (note.empty()) return move.from.move(move.name, move.to, to_name);
  const std::string note_name = with_ending(to_name, std::string(note_ending));
  if (Status written = move.to.write_new(note_name, as_bytes(note)); !written) return written;
  const Status moved = move.from.move(move.name, move.to, to_name);
  if (!moved) static_cast<void>(move.to.remove(note_name));
  return moved;
}

Status move_aside(const OpenFolder& root, const std::string& path, const std::string& side, const std::string& note) {
  const auto from = walk(root, parent_of(path));
  if (!from) return from.error();
  const std::string below = parent_of(path);
  const auto to = walk(root, below.empty() ? side : side + "/" + below, true);
  if (!to) return to.error();
  const Move move{*from, *to, leaf_of(path)};
  Status moved = try_name(move, move.name, note);
  for (unsigned n = 2; !moved && moved.error().code == Errc::duplicate && n <= core::limits::folder_same_names_max; ++n)
    moved = try_name(move, with_ending(move.name, "~" + std::to_string(n)), note);
  if (moved) moved = to->sync();
  if (moved) moved = from->sync();
  return moved;
}

void count(const OpenFolder& folder, unsigned depth, std::uint64_t most, std::uint64_t& found) {
  std::vector<std::string> below;
  static_cast<void>(folder.list([&](const Entry& entry) {
    if (entry.kind == EntryKind::folder) below.push_back(entry.name);
    if (entry.kind == EntryKind::file && !entry.name.ends_with(note_ending)) ++found;
    return found < most;
  }));
  if (depth == core::limits::folder_depth_max) return;
  for (const std::string& name : below)
    if (found < most)
      if (const auto entered = folder.enter(name)) count(*entered, depth + 1, most, found);
}

}  // namespace

Status move_to_done(const OpenFolder& root, const std::string& path) {
  return move_aside(root, path, std::string(side_prefix) + "done", {});
}

Status move_to_rejected(const OpenFolder& root, const std::string& path, Unfit reason, WallTime now) {
  return move_aside(root, path, std::string(side_prefix) + "rejected", note_of(reason, now));
}

std::uint64_t count_rejected(const OpenFolder& root, std::uint64_t most) {
  std::uint64_t found = 0;
  if (const auto side = root.enter(std::string(side_prefix) + "rejected")) count(*side, 0, most, found);
  return found;
}

}  // namespace sampan::intake
