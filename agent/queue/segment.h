// SPDX-License-Identifier: Apache-2.0
// Segment: one append-only file of a stream, and the appender that fills one after the other.
//
// Writes go one after the other, so a segment never has a hole; whoever syncs first syncs for all that were written
// before. A failed write or sync retires the segment: what waited for it fails, nothing more is written to it.
// Threads: any.   Owns: the segments being written.
// Fails:   full, io as the disk says; a segment that failed once fails for ever.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "queue/record.h"
#include "queue/sync_group.h"

namespace sampan::queue {

std::string segment_name(Stream stream, std::uint64_t number);
// Nothing when name is not a segment's.
struct SegmentName {
  Stream stream;
  std::uint64_t number;
};
std::optional<SegmentName> parse_segment_name(std::string_view name);

// The folder of segments and the counter of their numbers.
class SpoolFolder {
 public:
  SpoolFolder(FileSystem& files, std::string path, Uuid node, const Clock& clock)
      : files_(files), path_(std::move(path)), node_(node), clock_(clock) {}
  FileSystem& files() const { return files_; }
  const std::string& path() const { return path_; }
  const Uuid& node() const { return node_; }
  WallTime now() const { return clock_.wall(); }
  std::string path_of(Stream stream, std::uint64_t number) const { return path_ + "/" + segment_name(stream, number); }
  // Numbers at or below used are never given out again. One that no node ever comes to is a stranger's, or damage: it is ignored.
  void mark_used(std::uint64_t used);
  std::uint64_t next_number() { return ++last_number_; }
  // Something was stored: <state>/node says from now on that it was this node. Where it says so already this costs nothing.
  // From one thread.
  void sign();
  SegmentHeader header_for(Stream stream, std::uint64_t number) const {
    return {stream, node_, number, clock_.wall().ms};
  }

 private:
  FileSystem& files_;
  const std::string path_;
  const Uuid node_;
  const Clock& clock_;
  std::atomic<std::uint64_t> last_number_{0};
  bool signed_ = false;
  MonoTime sign_again_{INT64_MIN};
};

// Nothing is left for a note: no bytes, or no names.
bool is_out_of_room(const SpoolFolder& folder);

class Segment {
 public:
  // Creates the file and writes its header; durable with the first sync().
  static Result<std::shared_ptr<Segment>> create(SpoolFolder& folder, Stream stream);

  std::uint64_t number() const { return number_; }
  std::uint64_t end() const { return written_; }
  File& file() { return *file_; }
  const std::string& path() const { return path_; }

  // One writer at a time (the appender's lock, or a streamed record's own thread).
  Status write(ByteView bytes);
  Status write_at(std::uint64_t offset, ByteView bytes) { return file_->write_at(offset, bytes); }
  // Makes everything before end durable, or fails for ever.
  Status sync(std::uint64_t end);
  std::uint64_t synced() const { return synced_; }
  bool failed() const { return failed_; }
  // Then what is not synced never will be. A failed write alone does not say that: what was written before it may be.
  bool sync_failed() const { return sync_failed_; }
  std::uint64_t syncs() const { return syncs_; }

 private:
  Segment(SpoolFolder& folder, Stream stream, std::uint64_t number, std::unique_ptr<File> file);
  // By whose turn it is.
  Status sync_for_all();

  SpoolFolder& folder_;
  const std::uint64_t number_;
  const std::string path_;
  const std::unique_ptr<File> file_;
  std::atomic<std::uint64_t> written_{0}, synced_{0};
  std::atomic<bool> failed_{false}, sync_failed_{false};
  bool entry_synced_ = false;  // of whose turn it is
  std::atomic<std::uint64_t> syncs_{0};
  SyncGroup group_;
  std::mutex sync_mutex_;
  std::condition_variable served_;
  bool syncing_ = false;  // under sync_mutex_
};

struct Place {
  std::shared_ptr<Segment> segment;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  Sequence sequence() const { return sequence_of(segment->number(), offset); }
  Status sync() const { return segment->sync(offset + bytes); }
};

class Appender {
 public:
  Appender(SpoolFolder& folder, Stream stream, std::uint64_t segment_bytes_max)
      : folder_(folder), stream_(stream), segment_bytes_max_(segment_bytes_max) {}

  // stamp completes the record for the place it gets; written sees every record in order. Both run under the lock.
  // The record is durable after place.sync().
  using AtPlace = std::function<void(const Place&)>;
  Result<Place> append(ByteSpan record, const AtPlace& stamp, const AtPlace& written);
  // The next append begins a new segment. True when there was one to seal.
  bool seal();
  // From now on segments end at this size.
  void keep_segments_within(std::uint64_t bytes) { segment_bytes_max_ = bytes; }
  // Number of the segment being filled, 0 when there is none: it is not to be punched or unlinked.
  std::uint64_t open_number() const;

 private:
  SpoolFolder& folder_;
  const Stream stream_;
  std::atomic<std::uint64_t> segment_bytes_max_;
  mutable std::mutex mutex_;
  std::shared_ptr<Segment> current_;
};

}  // namespace sampan::queue
