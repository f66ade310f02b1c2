// SPDX-License-Identifier: Apache-2.0
#include "queue/rebuild.h"

#include <algorithm>

#include "base/log.h"
#include "base/owner.h"
#include "queue/end_mark.h"
#include "queue/segment_owner.h"

namespace sampan::queue {
namespace {

constexpr std::size_t findings_per_step = 256, notes_per_step = 1000;

}  // namespace

Result<Backlog> find_backlog(SpoolFolder& folder) {
  auto names = folder.files().list(folder.path());
  if (!names) return names.error();
  Backlog backlog;
  for (const auto& name : *names) {
    const auto parsed = parse_segment_name(name);
    if (!parsed) {
      ++backlog.foreign;
      continue;
    }
    folder.mark_used(parsed->number);
    backlog.segments.push_back(*parsed);
  }
  std::stable_sort(backlog.segments.begin(), backlog.segments.end(), [](const SegmentName& a, const SegmentName& b) {
    return std::pair(a.stream != Stream::notes, a.number) < std::pair(b.stream != Stream::notes, b.number);
  });
  return backlog;
}

Rebuild::Rebuild(SpoolFolder& folder, const Keyring& keys, Route route, Backlog backlog)
    : folder_(folder), keys_(keys), route_(std::move(route)), backlog_(std::move(backlog)) {
  for (const auto& name : backlog_.segments) newest_ = std::max(newest_, name.number);
  progress_.foreign = backlog_.foreign;
  settled_ = backlog_.segments.empty();
  progress_.running = !done();
}

bool Rebuild::open_next(Ledger& ledger) {
  const SegmentName name = backlog_.segments[next_];
  const std::string path = folder_.path_of(name.stream, name.number);
  const auto pass_over = [&](std::string_view why) {
    log::warn("spool: " + segment_name(name.stream, name.number) + " is left as it is: " + std::string(why));
    ++(says_denied(why) ? progress_.denied : progress_.foreign);
    passed_over_.emplace(name.stream, name.number);
    progress_.notes_unread = progress_.notes_unread || name.stream == Stream::notes;
    if (name.stream == Stream::items) ledger.segment_missed();
    file_.reset();
    ++next_;
    missed_ = true;
    return false;
  };
  auto file = folder_.files().open(path, FileSystem::Mode::read);
  if (!file) return pass_over(file.error().message);
  file_ = std::move(*file);
  const auto size = file_->size();
  if (!size) return pass_over("it does not read");
  size_ = *size;
  const SegmentOwner owner = owner_of(*file_, name, folder_.node(), size_);
  if (!is_ours(owner)) return pass_over(owner == SegmentOwner::unknown ? "it does not read, or has no segment header" : "it belongs to another node or place");
  const std::uint64_t from = std::max<std::uint64_t>(ledger.indexed(name.number), block_bytes);
  if (from < size_)
    if (Status durable = make_durable(); !durable) return pass_over(durable.error().message);
  ledger.forget_quarantine(name.number, from);  // what is read again is judged again
  if (owner == SegmentOwner::us_by_records)
    ledger.quarantine_range(name.number, 0, block_bytes, "the header of the segment does not verify");
  if (name.stream == Stream::notes) note_segments_[name.number] = size_;
  blind_ = false;
  markable_ = owner == SegmentOwner::us && !ledger.has_quarantine(name.number);  // before the checkpoint stands what may be torn
  mark_ = end_mark_of(*file_, name.number);
  durable_ = from;
  SegmentScan scan(*file_, name.number, from, size_);
  scan.read_ahead();
  scan.durable_to(mark_);
  scan_.emplace(std::move(scan), runs_);
  return true;
}

// What the last run wrote may be in memory only, and nobody may be told that it is here before it is on disk. What a
// sync gave up is forgotten, so that the disk is read.
Status Rebuild::make_durable() {
  if (Status synced = file_->sync(); !synced) return synced;
  if (Status synced = folder_.files().sync_directory(folder_.path()); !synced) return synced;
  file_->forget(0, size_);
  return {};
}

bool Rebuild::step(Ledger& ledger, std::int64_t run_ms) {
  if (next_ >= backlog_.segments.size()) return settle(ledger);
  if (!scan_) {
    ledger.begin();
    const bool opened = open_next(ledger);
    if (!took(ledger)) return false;  // a checkpoint that was not read is none, and what is older would be applied again
    if (!opened) return true;
  }
  news_ = {};
  ledger.begin();
  if (!from_nothing_) from_nothing_ = ledger.rebuilding();  // also where it was broken off
  bool ended = false;
  for (std::size_t i = 0; i < findings_per_step && !ended; ++i) {
    const auto found = scan_->next();
    ended = found.what == Finding::What::end;
    if (ended)
      close_segment(ledger);
    else
      take(found, ledger, run_ms);
  }
  if (!took(ledger)) return false;
  progress_.items += news_.items;
  progress_.torn_tails += news_.torn_tails;
  if (!ended) return true;
  news_.emptied ? unlink_segment(ledger) : mark_end();
  scan_.reset();
  file_.reset();
  ++next_;
  return true;
}

bool Rebuild::took(Ledger& ledger) {
  const Status done = ledger.commit();
  if (done) return true;
  log::error("rebuild: " + done.error().message);
  ledger_damaged_ = done.error().code == Errc::damaged;
  scan_.reset();  // begun again from the checkpoint, before which everything is in the ledger
  return false;
}

// So that a start without a ledger knows as much.
void Rebuild::mark_end() {
  if (!markable_ || blind_ || durable_ <= mark_) return;
  const SegmentName name = backlog_.segments[next_];
  if (auto file = folder_.files().open(folder_.path_of(name.stream, name.number), FileSystem::Mode::write))
    static_cast<void>(write_end_mark(**file, name.number, durable_));
}

// Notes on items that nobody has: their items are gone, or somewhere in what did not read.
bool Rebuild::settle(Ledger& ledger) {
  ledger.begin();
  const bool more = ledger.settle_orphans(notes_per_step, !missed_);
  if (!more) ledger.forget_rebuilding();
  if (!took(ledger)) return false;
  if (more) return true;
  progress_.running = false;
  settled_ = true;
  if (from_nothing_ == true) log::info("rebuilt " + std::to_string(progress_.items) + " items");
  return true;
}

void Rebuild::take(const Finding& found, Ledger& ledger, std::int64_t run_ms) {
  if (found.what != Finding::What::record) return take_damage(found, ledger);
  const Type type = found.frame.header.type;
  if (type == Type::item)
    take_item(found, ledger);
  else if (type != Type::partial)
    take_notes(found, ledger, run_ms);
  durable_ = found.offset + found.bytes;
  checkpoint(ledger, durable_);
}

// Never past what the disk did not read: the next start tries again.
void Rebuild::checkpoint(Ledger& ledger, std::uint64_t indexed) {
  const SegmentName name = backlog_.segments[next_];
  if (!blind_) ledger.checkpoint(name.stream, name.number, indexed, size_);
}

void Rebuild::take_item(const Finding& found, Ledger& ledger) {
  IndexedItem indexed;
  indexed.seq = found.frame.header.sequence;
  indexed.record_bytes = found.bytes;
  if (Status read = read_item(*file_, found.offset, found.frame, keys_, indexed.item, &indexed.owed); !read) {
    blind_ = blind_ || read.error().code == Errc::io;
    missed_ = true;
    return ledger.quarantine_range(segment_of(indexed.seq), found.offset, found.bytes, read.error().message);
  }
  // One that matched no route is given one after the rebuild, unless a note says whom it was given to.
  const auto destinations = indexed.owed ? *indexed.owed : route_(indexed.item);
  ledger.add(indexed, destinations, *from_nothing_);
  if (*from_nothing_) ledger.waited(Millis(folder_.now().ms - indexed.item.received.ms));
  ++news_.items;
}

void Rebuild::take_notes(const Finding& found, Ledger& ledger, std::int64_t run_ms) {
  auto payload = read_payload(*file_, found.offset, found.frame, keys_);
  if (!payload) {
    blind_ = blind_ || payload.error().code == Errc::io;
    missed_ = true;
    return ledger.quarantine_range(backlog_.segments[next_].number, found.offset, found.bytes, payload.error().message);
  }
  for (const auto& note : decode_notes(found.frame.header.type, *payload)) ledger.apply(note, run_ms);
}

void Rebuild::take_damage(const Finding& found, Ledger& ledger) {
  if (found.header && ledger.has_tombstone(found.header->item)) return scan_->cut(found.record_end());  // half punched when the power went
  const std::uint64_t number = backlog_.segments[next_].number;
  blind_ = blind_ || found.unreadable;
  // A note on the item was written after it was durable.
  const bool noted = found.header && !ledger.orphans_of(found.header->item).empty();
  if (found.what == Finding::What::torn && !found.unreadable && !noted) return take_tail(found, ledger);
  durable_ = found.offset + found.bytes;
  missed_ = true;
  const std::string why = found.unreadable ? "does not read" : "does not verify";
  log::warn("spool: " + std::to_string(found.bytes) + " bytes in segment " + std::to_string(number) + " quarantined: " + why);
  const auto item = damaged_item(found, ledger);
  ledger.quarantine_range(number, found.offset, found.bytes, why, item ? &*item : nullptr);
}

static bool is_zero(File& file, std::uint64_t from, std::uint64_t end) {
  Bytes block(block_bytes);
  for (; from < end; from += block_bytes) {
    const auto got = file.read_at(from, block);
    if (!got || *got != block.size() || std::ranges::any_of(block, [](std::uint8_t byte) { return byte != 0; })) return false;
  }
  return true;
}

// What was damaged, where its frame, its facts and its digest still verify and nothing else is in the range but what was punched.
std::optional<Ledger::Lost> Rebuild::damaged_item(const Finding& found, Ledger& ledger) {
  const std::uint64_t number = backlog_.segments[next_].number;
  if (!found.header || found.header->type != Type::item || found.unreadable) return {};
  const auto frame = read_frame(*file_, number, found.offset);
  if (!frame || !is_zero(*file_, found.offset + round_to_block(frame->trailer.record_bytes), found.offset + found.bytes)) return {};
  Ledger::Lost lost;
  Owed owed;
  if (!read_item(*file_, found.offset, *frame, keys_, lost.item, &owed)) return {};
  lost.debt = ledger.owed_by(lost.item, owed ? *owed : route_(lost.item));
  return lost;
}

void Rebuild::take_tail(const Finding& found, Ledger& ledger) {
  const std::uint64_t number = backlog_.segments[next_].number;
  const bool doubtful = mark_ == 0 && *from_nothing_;
  ++(doubtful ? news_.doubtful : news_.torn_tails);
  missed_ = missed_ || doubtful;
  markable_ = markable_ && !doubtful;
  log::warn("spool: " + std::to_string(found.bytes) + " bytes at the end of segment " + std::to_string(number) +
            (doubtful ? " may have been arriving when the power went, and nothing says whether they were acknowledged"
                      : " were arriving when the power went; their sender was not told success"));
  ledger.quarantine_range(number, found.offset, found.bytes, doubtful ? doubtful_tail : torn_tail);
}

// An item segment in which nothing lives and nothing is in doubt needs no place on disk.
void Rebuild::close_segment(Ledger& ledger) {
  const SegmentName name = backlog_.segments[next_];
  checkpoint(ledger, std::max(size_, mark_));  // what the file lacks is known as well
  news_.emptied = name.stream == Stream::items && name.number != newest_ && !ledger.has_quarantine(name.number) &&
                  ledger.living_in(name.number) == 0;
}

// Only once the ledger has kept all of what was found in it.
void Rebuild::unlink_segment(Ledger& ledger) {
  const SegmentName name = backlog_.segments[next_];
  if (!folder_.files().unlink(folder_.path_of(name.stream, name.number)).ok()) return;
  ledger.begin();
  ledger.forget_segment(name.number);
  if (Status done = ledger.commit(); !done) log::error("rebuild: " + done.error().message);
}

}  // namespace sampan::queue
