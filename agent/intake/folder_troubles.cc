// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_troubles.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace sampan::intake {
namespace {

struct Words {
  FolderTrouble kind;
  std::string_view code, en;
};

constexpr std::array table{
    Words{FolderTrouble::none, "", ""},
    Words{FolderTrouble::missing, "missing", "the folder is not there"},
    Words{FolderTrouble::unmounted, "unmounted", "what was mounted here is gone"},
    Words{FolderTrouble::unreadable, "unreadable", "the folder cannot be read"},
    Words{FolderTrouble::read_only, "read_only", "files that were taken cannot be removed or moved"},
    Words{FolderTrouble::unwritable, "unwritable", "files that were taken cannot be removed or moved"},
    Words{FolderTrouble::file_too_large, "file_too_large", "there is no room for one of its files"},
    Words{FolderTrouble::files_unreadable, "files_unreadable", "a file cannot be opened"},
};

const Words& words_of(FolderTrouble kind) { return table.at(static_cast<std::size_t>(kind)); }

// "open: Permission denied" -> "Permission denied"
std::string cause_of(const std::string& said) {
  const auto colon = said.rfind(": ");
  return colon == std::string::npos ? said : said.substr(colon + 2);
}

}  // namespace

std::string_view to_string(FolderTrouble trouble) { return words_of(trouble).code; }

void FolderTroubles::rise(FolderTrouble kind, const std::string& said) {
  One& one = all_[static_cast<std::size_t>(kind)];
  const std::string cause = cause_of(said);
  if (one.on && one.said == cause) return;
  one = {true, cause};
  log::warn("intake folder " + folder_ + ": " + std::string(words_of(kind).en) + (cause.empty() ? "" : ": " + cause));
}

void FolderTroubles::rise_unwritable(const Error& error) {
  const bool read_only = error.message.ends_with(std::strerror(EROFS));
  end(read_only ? FolderTrouble::unwritable : FolderTrouble::read_only);
  rise(read_only ? FolderTrouble::read_only : FolderTrouble::unwritable, error.message);
}

void FolderTroubles::end(FolderTrouble kind) {
  One& one = all_[static_cast<std::size_t>(kind)];
  if (one.on) log::info("intake folder " + folder_ + ": over: " + std::string(words_of(kind).en));
  one = {};
}

void FolderTroubles::complain(const std::string& words) {
  if (words == complained_) return;
  complained_ = words;
  if (!words.empty()) log::warn("intake folder " + folder_ + ": " + words);
}

void FolderTroubles::tell(FolderCondition& condition) const {
  const auto worst = std::ranges::find_if(all_, &One::on);
  const bool none = worst == all_.end();
  condition.trouble = none ? FolderTrouble::none : static_cast<FolderTrouble>(worst - all_.begin());
  condition.said = none ? std::string() : worst->said;
}

bool FolderTroubles::any() const { return std::ranges::any_of(all_, &One::on); }

}  // namespace sampan::intake
