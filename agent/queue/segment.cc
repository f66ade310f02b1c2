// SPDX-License-Identifier: Apache-2.0
#include "queue/segment.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "queue/segment_owner.h"

namespace sampan::queue {

static constexpr std::uint64_t numbers_end = 1ull << 43;  // of segments
static constexpr std::uint64_t out_of_room_bytes = 4u << 20, out_of_room_names = 4;

std::string segment_name(Stream stream, std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%c%016llx.seg", static_cast<char>(stream), static_cast<unsigned long long>(number));
  return text;
}

std::optional<SegmentName> parse_segment_name(std::string_view name) {
  if (name.size() != 21 || !name.ends_with(".seg")) return {};
  const char letter = name[0];
  if (letter != static_cast<char>(Stream::items) && letter != static_cast<char>(Stream::notes)) return {};
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(name.data() + 1, name.data() + 17, number, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != name.data() + 17 || number == 0 || number >= numbers_end) return {};
  return SegmentName{static_cast<Stream>(letter), number};
}

void SpoolFolder::mark_used(std::uint64_t used) {
  if (used >= numbers_end / 2) return;
  std::uint64_t known = last_number_;
  while (known < used && !last_number_.compare_exchange_weak(known, used)) {
  }
}

// A disk that does not take it now is asked again, but not with every image: it stands in nobody's way.
void SpoolFolder::sign() {
  if (signed_ || clock_.mono() < sign_again_) return;
  signed_ = is_signed(files_, path_, node_) || write_signature(files_, path_, node_).ok();
  sign_again_ = clock_.mono() + Millis(core::limits::owner_noted_every);
}

bool is_out_of_room(const SpoolFolder& folder) {
  const auto space = folder.files().space(folder.path());
  if (!space) return false;
  return space->free_bytes < std::min(out_of_room_bytes, space->total_bytes / 100) ||
         (space->total_inodes > 0 && space->free_inodes < out_of_room_names);
}

Segment::Segment(SpoolFolder& folder, Stream stream, std::uint64_t number, std::unique_ptr<File> file)
    : folder_(folder), number_(number), path_(folder.path_of(stream, number)), file_(std::move(file)) {}

Result<std::shared_ptr<Segment>> Segment::create(SpoolFolder& folder, Stream stream) {
  const std::uint64_t number = folder.next_number();
  auto file = folder.files().open(folder.path_of(stream, number), FileSystem::Mode::append_new);
  if (!file) return file.error();
  std::shared_ptr<Segment> segment(new Segment(folder, stream, number, std::move(*file)));
  if (Status written = segment->write(encode(folder.header_for(stream, number))); !written) {
    static_cast<void>(folder.files().unlink(segment->path()));
    return written.error();
  }
  return segment;
}

Status Segment::write(ByteView bytes) {
  if (failed_) return fail(Errc::io, "the segment was retired after a failed write or sync");
  Status done = file_->write_at(written_, bytes);
  if (done)
    written_ += bytes.size();
  else
    failed_ = true;
  return done;
}

Status Segment::sync(std::uint64_t end) {
  const SyncGroup::Waiting waiting(group_);
  std::unique_lock lock(sync_mutex_);
  // Whom the last sync served goes at once: it does not wait for the next one, which somebody may have begun already.
  served_.wait(lock, [this, end] { return !syncing_ || sync_failed_ || synced_ >= end; });
  if (synced_ >= end) return {};
  // Asked when it is one's turn: a sync that succeeds after one that failed proves nothing about the pages that were lost.
  if (sync_failed_) return fail(Errc::io, "the segment was retired after a failed sync");
  syncing_ = true;
  lock.unlock();
  Status done = sync_for_all();
  lock.lock();
  syncing_ = false;
  lock.unlock();
  served_.notify_all();
  return done;
}

Status Segment::sync_for_all() {
  static_cast<void>(group_.gather());
  const std::uint64_t covered = written_;
  const auto begun = SyncGroup::Clock::now();
  Status done = file_->sync();
  if (done && !entry_synced_) {
    done = folder_.files().sync_directory(folder_.path());
    entry_synced_ = done.ok();
  }
  ++syncs_;
  group_.done(SyncGroup::Clock::now() - begun);
  if (!done) {
    sync_failed_ = failed_ = true;
    log::error("spool: a sync failed, the segment is retired: " + done.error().message);
    return done;
  }
  synced_ = covered;
  return {};
}

Result<Place> Appender::append(ByteSpan record, const AtPlace& stamp, const AtPlace& written) {
  std::lock_guard lock(mutex_);
  if (current_ && (current_->failed() || current_->end() + record.size() > segment_bytes_max_)) current_.reset();
  if (!current_) {
    auto made = Segment::create(folder_, stream_);
    if (!made) return made.error();
    current_ = std::move(*made);
  }
  Place place{current_, current_->end(), record.size()};
  stamp(place);
  if (crash_points_armed) {
    // Half a record on disk is a state of its own in the crash table.
    static_cast<void>(current_->write_at(place.offset, record.first(record.size() / 2)));
    crash_point(stream_ == Stream::items ? "item.part" : "note.part");
  }
  if (Status done = current_->write(record); !done) {
    static_cast<void>(current_->file().punch(place.offset, place.bytes));
    current_.reset();
    return done.error();
  }
  written(place);
  return place;
}

bool Appender::seal() {
  std::lock_guard lock(mutex_);
  const bool had = current_ != nullptr;
  current_.reset();
  return had;
}

std::uint64_t Appender::open_number() const {
  std::lock_guard lock(mutex_);
  return current_ ? current_->number() : 0;
}

}  // namespace sampan::queue
