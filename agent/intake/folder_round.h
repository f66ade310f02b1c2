// SPDX-License-Identifier: Apache-2.0
// FolderRound: one folder's files, from being noticed to being gone: which there are, which are ready, what becomes of
// them. No thread and no waiting: who runs it says when time has passed and what the kernel saw.
//
// A wake-up carries no work: what the kernel saw only makes a file be looked at sooner.
// Bounded: limits::folder_files_max files known at once, limits::folder_remembered_max remembered.
// Threads: one; stopping may be set by any.
// Fails:   scan() -> Errc::not_found while the folder is missing. What cannot be done to a file is tried again; condition()
//          tells of it, and the log hears of a new trouble once, without the file's name.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "intake/folder.h"
#include "intake/folder_memory.h"
#include "intake/folder_reception.h"
#include "intake/folder_troubles.h"
#include "intake/folder_tree.h"

namespace sampan::intake {

inline constexpr MonoTime never{INT64_MAX};

enum class Sight { created, closed };

class FolderRound {
 public:
  FolderRound(core::Sink& sink, const Clock& clock, const FolderIntakeOptions& options,
              FolderIntake::Observer& observer, const std::atomic<bool>& stopping);

  // Paths are relative to the folder.
  void saw(const std::string& path, Sight sight);
  // Looks for files in the folder, or in one below it; told of every folder before its files are listed.
  Status scan(const std::function<void(const std::string& folder)>& found_folder, const std::string& below = {});
  // Not everything there was known when a bound was reached, and some has gone since.
  bool wants_scan() const;
  bool is_remote() const { return is_remote_; }  // at the last scan
  // Something is wrong, or waits for a person, whose end should be seen soon.
  bool wants_scan_soon() const { return troubles_.any() || condition_.set_aside > 0; }
  FolderCondition condition() const;
  // Takes what is ready. When it wants to be called again.
  MonoTime work();

 private:
  struct Candidate {
    std::optional<std::pair<std::uint64_t, std::int64_t>> print;  // size and time of change, once looked at
    MonoTime since{};                                             // the print has been the same
    MonoTime look_at{};
    bool created = false, closed = false;  // as the kernel said; closed: with this print
    std::string cannot_open;               // why
    std::string too_large;                 // for the room there is, or for anybody
    bool is_short = false;                 // said: its data set ends early
    std::size_t missing = 0;               // of a DICOMDIR: files that it names and nobody has seen
    MonoTime missing_since{};              // so many
  };
  using Candidates = std::map<std::string, Candidate>;

  void found(const std::string& path, const FileState& state);
  void list(const OpenFolder& folder, const std::string& path, unsigned depth,
            const std::function<void(const std::string&)>& found_folder);
  std::vector<std::string> due(MonoTime now);
  void order_by_dicomdir(const OpenFolder& root, std::vector<std::string>& paths);

  // Nothing: the candidate is done with. Else when to look again.
  std::optional<MonoTime> handle(const OpenFolder& root, const std::string& path, Candidate& candidate);
  std::optional<MonoTime> handle_open(const OpenFolder& root, const std::string& path, Candidate& candidate,
                                      const OpenFile& file);
  // When to look again for what is missing of an image; nothing: it is whole, or nobody goes on with it.
  std::optional<MonoTime> wait_for_the_rest(Candidate& candidate, const OpenFile& file);
  std::optional<MonoTime> handle_dicomdir(const OpenFolder& root, const std::string& path, Candidate& candidate,
                                          const OpenFile& file);
  // When to look for the rest of a medium again; nothing: no longer.
  std::optional<MonoTime> wait_for_medium(const std::vector<std::string>& references, Candidate& candidate);
  std::optional<MonoTime> set_aside(const OpenFolder& root, const std::string& path, const FileState& state);
  std::optional<MonoTime> take(const OpenFolder& root, const std::string& path, Candidate& candidate, const OpenFile& file);
  std::optional<MonoTime> put_away(const OpenFolder& root, const std::string& path, const OpenFile& taken);
  Status leave(const OpenFolder& root, const std::string& path);
  bool notice(Candidate& candidate, const FileState& state);
  Millis quiet_needed(const std::string& path, const Candidate& candidate) const;
  bool is_being_written(const Candidate& candidate, const OpenFile& file) const;
  void remember(const OpenFolder& root, const std::string& path, const FileState& state, const Error& why);
  void look_at_mount(const OpenFolder& root);
  void look_at_rights(const OpenFolder& root);
  void cannot_read(const Error& error);
  void sync_folders(const OpenFolder& root);

  const Clock& clock_;
  const FolderIntakeOptions& options_;
  FolderIntake::Observer& observer_;
  const std::atomic<bool>& stopping_;
  FolderReception reception_;
  Candidates candidates_;
  std::unordered_set<Uuid, UuidHash> remembered_;  // taken, and could not be moved or removed
  std::set<std::string> changed_folders_;          // with removals that are not synced yet
  std::map<std::string, bool> stuck_folders_;      // that hold some of these; whether one may remove from them
  std::size_t stuck_seen_ = 0;                     // of those, by the scan that runs
  FolderMemory done_;
  MonoTime paused_until_{};                        // the sink refused
  bool too_many_ = false;
  bool all_read_ = true;  // of what the last whole scan came to
  bool is_remote_ = false;
  bool was_mounted_ = false;
  FolderTroubles troubles_;
  FolderCondition condition_;  // but for its trouble
};

}  // namespace sampan::intake
