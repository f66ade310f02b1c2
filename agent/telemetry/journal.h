// SPDX-License-Identifier: Apache-2.0
// Journal: the local list of events: two files of lines in turn, and which of them are in the queue already.
//
// An event is synced here before it is queued, under its id and number; after a crash what was not queued is offered again
// (TELEMETRY.md). Memory: the events that are not queued yet.
// Threads: any.   Owns: <folder>/events.log, events.old.log.
// Fails:   a line that cannot be read is skipped; a file that cannot be read counts as empty; append() -> the error of
//          the disk, and the event is not in the list.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "telemetry/event.h"

namespace sampan::telemetry {

class Journal {
 public:
  Journal(FileSystem& files, std::string folder, std::size_t file_bytes_max)
      : files_(files), folder_(std::move(folder)), file_bytes_max_(file_bytes_max) {}

  // What a start needs to know; makes the folder where it is missing.
  struct Past {
    std::string series;     // of the last event that has one
    std::uint64_t seq = 0;  // its number
    WallTime newest{};      // of any event
    std::vector<std::pair<Event, std::string>> unsent;  // with their lines
  };
  Past open();

  Status append(std::string_view line);
  // All up to seq are in the queue. Not synced: at worst they are offered again.
  void mark_queued(const std::string& series, std::uint64_t seq);

  // Lines from a time on, the newest of them, at most so many, oldest first.
  std::vector<std::string> lines(WallTime from, std::size_t most) const;

 private:
  using Each = std::function<void(std::string_view line)>;
  void read(const Each& each) const;
  std::string path(bool old) const { return folder_ + (old ? "/events.old.log" : "/events.log"); }
  Status write(std::string_view line, bool durable);
  Status turn();

  FileSystem& files_;
  const std::string folder_;
  const std::size_t file_bytes_max_;
  mutable std::mutex mutex_;
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
};

}  // namespace sampan::telemetry
