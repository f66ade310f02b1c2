// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_round.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/crash_point.h"
#include "base/hash.h"
#include "base/log.h"
#include "core/limits.h"
#include "intake/folder_dicomdir.h"
#include "intake/folder_side.h"

namespace sampan::intake {
namespace {

namespace limits = core::limits;

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

bool is_hidden(std::string_view name) { return name.starts_with('.'); }

// Names that programs give to a file until it is whole; it is renamed then.
bool looks_temporary(const std::string& name) {
  static constexpr std::array endings{std::string_view(".part"), std::string_view(".tmp"), std::string_view("~"),
                                      std::string_view(".filepart"), std::string_view(".partial"),
                                      std::string_view(".crdownload")};
  const std::string lower = lower_case(name);
  return is_hidden(name) ||
         std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_named_dicomdir(const std::string& path) { return lower_case(leaf_of(path)) == "dicomdir"; }

Uuid mark_of(const std::string& path, const FileState& state) {
  std::uint8_t numbers[16];
  store_le(numbers, state.size);
  store_le(numbers + 8, state.modified_ns);
  Sha256 hash;
  hash.update(numbers);
  hash.update(as_bytes(path));
  const Digest digest = hash.finish();
  Uuid mark;
  std::copy_n(digest.begin(), mark.bytes.size(), mark.bytes.begin());
  return mark;
}

}  // namespace

FolderRound::FolderRound(core::Sink& sink, const Clock& clock, const FolderIntakeOptions& options,
                         FolderIntake::Observer& observer, const std::atomic<bool>& stopping)
    : clock_(clock),
      options_(options),
      observer_(observer),
      stopping_(stopping),
      reception_(sink, options, observer, stopping),
      troubles_(options_.path) {}

FolderCondition FolderRound::condition() const {
  FolderCondition condition = condition_;
  troubles_.tell(condition);
  return condition;
}

void FolderRound::saw(const std::string& path, Sight sight) {
  if (candidates_.size() >= limits::folder_files_max && !candidates_.contains(path)) {
    too_many_ = true;
    return;
  }
  Candidate& candidate = candidates_[path];
  candidate.look_at = clock_.mono();
  if (sight == Sight::created) candidate.created = true;
  if (sight == Sight::closed) candidate.closed = true, candidate.print.reset();
}

Status FolderRound::scan(const std::function<void(const std::string&)>& found_folder, const std::string& below) {
  const auto root = OpenFolder::open(options_.path);
  const bool missing = !root && root.error().code == Errc::not_found;
  if (!missing) troubles_.end(FolderTrouble::missing);
  if (!root) {
    troubles_.rise(missing ? FolderTrouble::missing : FolderTrouble::unreadable, missing ? std::string() : root.error().message);
    return fail(Errc::not_found, root.error().message);
  }
  is_remote_ = root->is_remote();
  if (below.empty()) {
    too_many_ = false;
    all_read_ = true;
    look_at_mount(*root);
    look_at_rights(*root);
  }
  const auto folder = walk(*root, below);
  if (folder)
    list(*folder, below, static_cast<unsigned>(std::count(below.begin(), below.end(), '/')) + !below.empty(), found_folder);
  else
    cannot_read(folder.error());
  if (!below.empty()) return {};
  if (all_read_) troubles_.end(FolderTrouble::unreadable);
  condition_.set_aside = count_rejected(*root, limits::folder_files_max);
  if (const Status may = root->may_change(); !may)
    troubles_.rise_unwritable(may.error());
  else if (stuck_seen_ == 0)
    troubles_.end(FolderTrouble::read_only), troubles_.end(FolderTrouble::unwritable);
  return {};
}

// The empty place of a share looks like a folder in which nothing new comes.
void FolderRound::look_at_mount(const OpenFolder& root) {
  const bool mounted = root.is_mount_point();
  if (was_mounted_ && !mounted)
    troubles_.rise(FolderTrouble::unmounted, {});
  else
    troubles_.end(FolderTrouble::unmounted);
  was_mounted_ = was_mounted_ || mounted;
}

// What could not be removed from a folder is taken once more, as a repeat, when that folder has become writable.
void FolderRound::look_at_rights(const OpenFolder& root) {
  stuck_seen_ = 0;
  const bool freed = std::ranges::any_of(stuck_folders_, [&](const auto& stuck) {
    const auto folder = walk(root, stuck.first);
    return !stuck.second && folder && folder->may_change();
  });
  if (freed) remembered_.clear(), stuck_folders_.clear();
}

void FolderRound::list(const OpenFolder& folder, const std::string& path, unsigned depth,
                       const std::function<void(const std::string&)>& found_folder) {
  found_folder(path);
  std::vector<std::string> below;
  const Status listed = folder.list([&](const Entry& entry) {
    if (entry.kind == EntryKind::file) found(joined(path, entry.name), entry.state);
    if (entry.kind == EntryKind::folder && !is_hidden(entry.name)) below.push_back(entry.name);
    return !stopping_;
  });
  if (!listed) cannot_read(listed.error());
  if (depth == limits::folder_depth_max) return;
  for (const std::string& name : below) {
    if (auto entered = folder.enter(name))
      list(*entered, joined(path, name), depth + 1, found_folder);
    else
      cannot_read(entered.error());
  }
}

// What is in it would wait in silence. What is gone meanwhile is no trouble.
void FolderRound::cannot_read(const Error& error) {
  if (error.code == Errc::not_found) return;
  all_read_ = false;
  troubles_.rise(FolderTrouble::unreadable, error.message);
}

void FolderRound::found(const std::string& path, const FileState& state) {
  if (remembered_.contains(mark_of(path, state))) {
    ++stuck_seen_;
    return;
  }
  const auto known = candidates_.find(path);
  if (known == candidates_.end() && candidates_.size() >= limits::folder_files_max) {
    too_many_ = true;
    return;
  }
  Candidate& candidate = known == candidates_.end() ? candidates_[path] : known->second;
  if (!notice(candidate, state)) candidate.look_at = candidate.since + quiet_needed(path, candidate);
}

bool FolderRound::wants_scan() const { return too_many_ && candidates_.size() <= limits::folder_files_max / 2; }

// Whether it is still as it was. A change after the writer closed it means that somebody opened it again.
bool FolderRound::notice(Candidate& candidate, const FileState& state) {
  const std::pair print(state.size, state.modified_ns);
  if (candidate.print == print) return true;
  if (candidate.print) candidate.closed = false;
  candidate.print = print;
  candidate.since = clock_.mono();
  return false;
}

Millis FolderRound::quiet_needed(const std::string& path, const Candidate& candidate) const {
  if (candidate.print->first == 0 || looks_temporary(leaf_of(path))) return options_.unclosed_time;
  return candidate.closed ? Millis(0) : options_.stable_time;
}

std::vector<std::string> FolderRound::due(MonoTime now) {
  std::vector<std::string> paths;
  for (const auto& [path, candidate] : candidates_)
    if (candidate.look_at <= now) paths.push_back(path);
  return paths;
}

// Files that a DICOMDIR names first, in its order, so that studies arrive whole; each DICOMDIR after its files.
void FolderRound::order_by_dicomdir(const OpenFolder& root, std::vector<std::string>& paths) {
  std::map<std::string, std::size_t> places;
  for (const std::string& path : paths) {
    if (!is_named_dicomdir(path)) continue;
    const auto folder = walk(root, parent_of(path));
    if (!folder) continue;
    const auto file = folder->open_file(leaf_of(path));
    if (!file) continue;
    const auto sort = reception_.examine(*file);
    if (!sort || *sort != Sort::dicomdir) continue;
    for (const ReferencedFile& reference : reception_.references(*file))
      places.emplace(joined(lower_case(parent_of(path)), reference.path), places.size());
  }
  if (places.empty()) return;
  const auto place = [&](const std::string& path) {
    const auto at = places.find(lower_case(path));
    return std::pair(is_named_dicomdir(path), at == places.end() ? places.size() : at->second);
  };
  std::stable_sort(paths.begin(), paths.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

MonoTime FolderRound::work() {
  const MonoTime now = clock_.mono();
  if (candidates_.empty()) return never;
  if (paused_until_ > now) return paused_until_;
  auto paths = due(now);
  if (!paths.empty()) {
    const auto root = OpenFolder::open(options_.path);
    if (!root) return now + options_.retry_every;  // told by the next scan
    order_by_dicomdir(*root, paths);
    for (const std::string& path : paths) {
      if (stopping_ || paused_until_ > now) break;
      const auto at = candidates_.find(path);
      const auto again = handle(*root, path, at->second);
      if (again)
        at->second.look_at = *again;
      else
        candidates_.erase(at);
    }
    sync_folders(*root);
    reception_.release_memory();
  }
  MonoTime next = never;
  std::string cannot_open, too_large;
  for (const auto& [path, candidate] : candidates_) {
    next = std::min(next, candidate.look_at);
    if (!candidate.cannot_open.empty()) cannot_open = candidate.cannot_open;
    if (!candidate.too_large.empty()) too_large = candidate.too_large;
  }
  troubles_.set(FolderTrouble::files_unreadable, cannot_open);
  troubles_.set(FolderTrouble::file_too_large, too_large);
  return std::max(next, paused_until_);
}

std::optional<MonoTime> FolderRound::handle(const OpenFolder& root, const std::string& path, Candidate& candidate) {
  const auto folder = walk(root, parent_of(path));
  if (!folder && folder.error().code != Errc::not_found) {
    candidate.cannot_open = folder.error().message;
    return clock_.mono() + options_.retry_every;
  }
  if (!folder) return std::nullopt;
  const auto entry = folder->look(leaf_of(path));
  if (!entry || entry->kind != EntryKind::file) return std::nullopt;
  notice(candidate, entry->state);
  const MonoTime ready = candidate.since + quiet_needed(path, candidate);
  if (ready > clock_.mono()) return ready;
  const auto file = folder->open_file(leaf_of(path));
  if (!file) {
    if (file.error().code == Errc::not_found) return std::nullopt;
    candidate.cannot_open = file.error().message;
    return clock_.mono() + options_.retry_every;
  }
  candidate.cannot_open.clear();
  if (is_being_written(candidate, *file)) return clock_.mono() + std::min(options_.stable_time, options_.retry_every);
  return handle_open(root, path, candidate, *file);
}

bool FolderRound::is_being_written(const Candidate& candidate, const OpenFile& file) const {
  switch (file.writer()) {
    case Writer::none: return false;
    case Writer::someone: return true;
    case Writer::unknown:
      // The kernel saw its birth and will tell of its end; for how long one would wait without that word.
      return candidate.created && !candidate.closed && clock_.mono() - candidate.since < options_.unclosed_time;
  }
  return false;
}

std::optional<MonoTime> FolderRound::handle_open(const OpenFolder& root, const std::string& path, Candidate& candidate,
                                                 const OpenFile& file) {
  const auto sort = reception_.examine(file);
  if (!sort) {
    candidate.cannot_open = sort.error().message;
    return clock_.mono() + options_.retry_every;
  }
  if (*sort == Sort::image) {
    const auto again = wait_for_the_rest(candidate, file);
    return again ? again : take(root, path, candidate, file);
  }
  // Closed once is not finished for ever: only a file that stays as it is may be called no DICOM.
  const MonoTime settled = candidate.since + options_.stable_time;
  if (settled > clock_.mono()) return settled;
  if (*sort == Sort::plain) return take(root, path, candidate, file);
  if (*sort == Sort::dicomdir) return handle_dicomdir(root, path, candidate, file);
  return set_aside(root, path, file.state());
}

// Taken at once, the half would be the image, and the whole one, which is copied again under its name, would contradict it.
std::optional<MonoTime> FolderRound::wait_for_the_rest(Candidate& candidate, const OpenFile& file) {
  const MonoTime now = clock_.mono(), end = candidate.since + options_.unclosed_time;
  if (now >= end || !reception_.is_cut_short(file)) return std::nullopt;
  if (!std::exchange(candidate.is_short, true)) log::warn("intake folder " + options_.path + ": an image is cut short; it is taken as it is if nobody goes on with it");
  return std::min(end, now + options_.retry_every);
}

std::optional<MonoTime> FolderRound::set_aside(const OpenFolder& root, const std::string& path, const FileState& state) {
  const Unfit reason = reception_.unfit();
  const Status moved = move_to_rejected(root, path, reason, clock_.wall());
  if (!moved && moved.error().code == Errc::full) return clock_.mono() + options_.retry_every;
  done_.note(lower_case(path));
  if (moved) {
    ++condition_.set_aside;
    observer_.set_aside(options_.path, reason);
  } else {
    remember(root, path, state, moved.error());
  }
  return std::nullopt;
}

std::optional<MonoTime> FolderRound::handle_dicomdir(const OpenFolder& root, const std::string& path,
                                                     Candidate& candidate, const OpenFile& file) {
  const std::vector<ReferencedFile> named = reception_.references(file);
  std::vector<std::string> references;
  for (const ReferencedFile& one : named) references.push_back(joined(lower_case(parent_of(path)), one.path));
  if (const auto again = wait_for_medium(references, candidate)) return again;
  // What was taken before this program started is not remembered here, but the instance is in custody.
  for (std::size_t i = 0; candidate.missing > 0 && i < named.size(); ++i)
    if (const std::string& uid = named[i].sop_instance_uid; !done_.knows(references[i]) && !uid.empty() && observer_.holds(uid)) --candidate.missing;
  // The next medium may have the same names on it.
  for (const std::string& reference : references) done_.forget(reference);
  if (candidate.missing > 0) {
    condition_.missing_files = candidate.missing;
    condition_.missing_since = clock_.wall();
    observer_.medium_incomplete(options_.path, candidate.missing);
  }
  return put_away(root, path, file);
}

// A medium is copied file by file, and its directory seldom comes last: it waits for as long as more of them come.
std::optional<MonoTime> FolderRound::wait_for_medium(const std::vector<std::string>& references, Candidate& candidate) {
  std::set<std::string> here;
  for (const auto& [other, known] : candidates_) here.insert(lower_case(other));
  const MonoTime now = clock_.mono(), soon = now + options_.stable_time;
  const auto is_here = [&](const std::string& reference) { return here.contains(reference); };
  if (std::ranges::any_of(references, is_here)) {
    candidate.missing = 0;
    return soon;
  }
  const auto missing = static_cast<std::size_t>(
      std::ranges::count_if(references, [&](const std::string& reference) { return !done_.knows(reference); }));
  if (missing != candidate.missing) candidate.missing = missing, candidate.missing_since = now;
  const MonoTime end = candidate.missing_since + options_.unclosed_time;
  return missing == 0 || now >= end ? std::nullopt : std::optional(std::min(soon, end));
}

std::optional<MonoTime> FolderRound::take(const OpenFolder& root, const std::string& path, Candidate& candidate, const OpenFile& file) {
  const Status taken = reception_.take(file, path);
  candidate.too_large = !taken && taken.error().code == Errc::limit ? taken.error().message : std::string();
  if (taken) {
    crash_point("folder.committed");
    condition_.last_file = clock_.wall();
    done_.note(lower_case(path));
    return put_away(root, path, file);
  }
  const MonoTime again = clock_.mono() + options_.retry_every;
  if (taken.error().code == Errc::unreachable) return clock_.mono() + std::min(options_.stable_time, options_.retry_every);
  if (!candidate.too_large.empty()) return again;  // the others need not wait for it
  if (taken.error().code != Errc::stopped) troubles_.complain("files wait: " + taken.error().message);
  paused_until_ = again;
  return again;
}

// Only what was read may go: a name that leads to something newer stays, and is taken as what it is now. So does what somebody opened
// to write meanwhile: what he writes would go with it.
std::optional<MonoTime> FolderRound::put_away(const OpenFolder& root, const std::string& path, const OpenFile& taken) {
  const auto folder = walk(root, parent_of(path));
  const auto entry = folder ? folder->look(leaf_of(path)) : Result<Entry>(folder.error());
  if (!entry) return std::nullopt;
  if (entry->state != taken.state() || taken.writer() == Writer::someone) return clock_.mono() + options_.stable_time;
  if (const Status left = leave(root, path); !left) {
    remember(root, path, taken.state(), left.error());
  } else {
    troubles_.complain({});
  }
  return std::nullopt;
}

Status FolderRound::leave(const OpenFolder& root, const std::string& path) {
  if (options_.keep) return move_to_done(root, path);
  const auto folder = walk(root, parent_of(path));
  if (!folder) return folder.error();
  const Status removed = folder->remove(leaf_of(path));
  if (removed) changed_folders_.insert(parent_of(path));
  return removed;
}

// One sync for all that went out of a folder: a removal that is lost with the power is only a repeat.
void FolderRound::sync_folders(const OpenFolder& root) {
  for (const std::string& path : changed_folders_)
    if (const auto folder = walk(root, path))
      if (const Status synced = folder->sync(); !synced) troubles_.complain("removals are not durable: " + synced.error().message);
  changed_folders_.clear();
}

// What was dealt with and cannot be removed or moved is not dealt with again and again.
void FolderRound::remember(const OpenFolder& root, const std::string& path, const FileState& state, const Error& why) {
  if (remembered_.size() >= limits::folder_remembered_max) remembered_.clear();
  remembered_.insert(mark_of(path, state));
  const auto folder = walk(root, parent_of(path));
  if (stuck_folders_.size() < limits::folder_subfolders_max)
    stuck_folders_.emplace(parent_of(path), folder && folder->may_change());
  troubles_.rise_unwritable(why);
}

}  // namespace sampan::intake
