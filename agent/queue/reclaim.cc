// SPDX-License-Identifier: Apache-2.0
// How the store gives space back: tombstones first, synced; then the ledger; then the bytes (FORMAT.md, Reclaiming).
#include <algorithm>
#include <memory>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "queue/awaited.h"
#include "queue/record_writer.h"
#include "queue/store.h"

namespace sampan::queue {
namespace {

constexpr std::size_t items_per_round = 512;
constexpr std::size_t items_per_round_when_short = 64;  // no more copies go than must
constexpr std::size_t items_per_reclaim = 32'768;
constexpr std::size_t rows_per_walk = 2000;

bool refuses_images(SpoolFolder& folder) {
  auto space = folder.files().space(folder.path());
  return space && space->free_bytes < std::min<std::uint64_t>(core::limits::reserve_bytes, space->total_bytes / 20);
}

}  // namespace

// From where copies begin to go until there is some room more: not a few at each look, at the edge of it.
bool Store::space_is_short() {
  const auto space = parts_.folder.files().space(parts_.folder.path());
  const std::uint64_t least = short_of_space_ ? core::limits::reclaim_until_percent : core::limits::reclaim_below_percent;
  const bool is_short = space && space->free_bytes / least < space->total_bytes / 100;
  if (is_short && !short_of_space_) reclaim_cursor_ = 0;  // the oldest first
  return short_of_space_ = is_short;
}

// A receipt may have been taken back by a note that was not read.
bool Store::may_go(const Ledger::Candidate& candidate, bool tight) const {
  return !rebuild_.passed_over_notes() && parts_.decisions.may_reclaim(candidate.kind, candidate.standings, run_ms_now(), tight);
}

void Store::reclaim() {
  reclaimed_ = parts_.clock.mono();
  ledger_->begin();
  ledger_->set_run_ms(run_ms_now());
  const std::uint64_t dropped = rebuild_.done() && rebuild_.complete() ? ledger_->forget_orders(core::limits::orders_kept) : 0;
  if (Status done = ledger_->commit(); !done) return make_room(), log::error(done.error().message);
  if (dropped > 0) log::info("orders on exams of which nothing is here any more: " + std::to_string(dropped) + " forgotten, the oldest");
  parts_.ballast.restore();
  if (!rebuild_.done()) return;  // what is known is not yet all
  free_space();
  if (!shed_surplus()) return;
  for (std::size_t looked = 0; looked < items_per_reclaim;) {
    const bool tight = space_is_short();
    const std::size_t most = tight ? items_per_round_when_short : items_per_round;
    auto found = ledger_->candidates(duplicates_cursor_, reclaim_cursor_, most);
    looked += found.size();
    std::vector<Ledger::Candidate> gone;
    Sequence last = reclaim_cursor_;
    // The next ones each time, so that those that must stay are in nobody's way.
    duplicates_cursor_ = 0;
    std::size_t duplicates = 0;
    for (auto& candidate : found) {
      if (!candidate.duplicate)
        last = std::max(last, candidate.seq);
      else if (++duplicates == most)
        duplicates_cursor_ = candidate.seq;
      if (candidate.duplicate ? is_spare(candidate.seq) : may_go(candidate, tight))
        gone.push_back(std::move(candidate));
    }
    const bool wrapped = last == reclaim_cursor_;
    reclaim_cursor_ = wrapped ? 0 : last;
    if (!gone.empty() && !bury(gone)) return;  // nothing is written behind notes that are not applied
    if (wrapped || (!tight && gone.empty())) break;
  }
  forget_gone();
  compaction_.turn(*ledger_);
  static_cast<void>(apply({}, {}, {}));  // what it wrote says what the ledger says: it need not be read again
}

// What an earlier run left unpunched is punched; what nobody can send again, and the oldest beyond a bound, is forgotten.
void Store::forget_gone() {
  const std::uint64_t known = ledger_->gone_count();
  std::uint64_t surplus = known - std::min<std::uint64_t>(known, parts_.gone_images_kept);
  if (walked_ && surplus == 0) return;
  const auto gone = ledger_->gone_after(walked_to_, rows_per_walk);
  std::vector<Sequence> silent, images;
  for (const auto& item : gone.items) {
    if (on_disk_.record_is_there(item.seq)) {
      if (!walked_) graves_[segment_of(item.seq)].push_back(item.seq);
    } else if (!item.remembered) {
      silent.push_back(item.seq);
    } else if (surplus > 0) {
      images.push_back(item.seq);
      --surplus;
    }
  }
  on_disk_.forget();
  if (gone.rows_seen < rows_per_walk) walked_to_ = std::numeric_limits<Sequence>::min(), walked_ = true;
  ledger_->begin();
  ledger_->forget_items(silent, false);
  ledger_->forget_items(images, true);
  if (Status done = ledger_->commit(); !done) log::error(done.error().message);
}

// A duplicate goes only while what it repeats is sound; where that one is damaged, it takes its place, and where the disk or the
// system does not say, both stay. A note that was not read may say to whom it is owed.
bool Store::is_spare(Sequence duplicate) {
  if (ledger_->is_owing(duplicate) || rebuild_.passed_over_notes()) return false;
  const auto originals = ledger_->originals_of(duplicate);
  if (!ledger_->status()) return false;  // there may be others
  for (const Sequence original : originals) {
    if (original == 0) continue;
    auto file = parts_.folder.files().open(parts_.folder.path_of(Stream::items, segment_of(original)), FileSystem::Mode::read);
    const Status sound = file ? verify(**file, original) : Status(file.error());
    if (sound) continue;
    if (sound.error().code != Errc::damaged && sound.error().code != Errc::not_found) return false;
    log::error("a stored image does not verify any more and is quarantined; one that came again is here");
    const auto quarantine = [original](Ledger& ledger) { ledger.quarantine_item(original, "the stored copy does not verify"); };
    static_cast<void>(apply({}, {}, {{quarantine, nullptr}}));
    return false;
  }
  return !originals.empty();
}

// False when it could not be written.
bool Store::shed_surplus() {
  const std::size_t kept = refuses_images(parts_.folder) ? core::limits::samples_waiting_full : core::limits::samples_waiting_max;
  for (const core::CargoTraits& cargo : core::cargo_table) {
    if (cargo.when_full != core::WhenFull::drop_oldest) continue;
    const auto surplus = ledger_->surplus(cargo.kind, kept, items_per_round);
    if (surplus.empty()) continue;
    if (!bury(surplus, false)) return false;
    shed_ += surplus.size();
    log::warn("waited too long or the disk is full: dropped undelivered, the oldest first: " + std::to_string(surplus.size()) + " " +
              std::string(cargo.name));
  }
  return true;
}

// Asked again where nothing comes between: the same image may have been sent to another address since somebody chose these.
Result<std::set<Sequence>> Store::give_up(std::vector<Ledger::Candidate> items, Claims claims) {
  if (items.empty()) return std::set<Sequence>();
  // A segment in which nothing lives by what is known may hold what was not read yet.
  if (!rebuild_.done()) return fail(Errc::io, "not all of what is here is read yet; order it again when the index is rebuilt");
  struct Outcome {
    std::set<Sequence> claimed;
    bool good = false;
  };
  Awaited over;
  const auto outcome = std::make_shared<Outcome>();
  change([](Ledger&) {}, [this, items = std::move(items), claims = std::move(claims), outcome, then = over.then()] {
    std::vector<Ledger::Candidate> gone;
    for (const auto& item : items)
      if (ledger_->is_claimed(item.seq, [&](const std::string& destination) { return claims(item.kind, destination); }))
        outcome->claimed.insert(item.seq);
      else
        gone.push_back(item);
    outcome->good = ledger_->status() && (gone.empty() || bury_with_copies(std::move(gone)));
    then();
  });
  if (Status waited = over.wait(core::limits::order_patience, "the order"); !waited) return waited.error();
  if (!outcome->good) return fail(Errc::io, "the disk does not take it; order it again when it does");
  return outcome->claimed;
}

// A duplicate of what was given up repeats nothing any more.
bool Store::bury_with_copies(std::vector<Ledger::Candidate> items) {
  for (auto& copy : ledger_->copies_of(items)) items.push_back(std::move(copy));
  return ledger_->status() && bury(items, false);  // what else it repeats may not have been read
}

bool Store::bury(const std::vector<Ledger::Candidate>& gone, bool delivered) {
  // A number that is unlinked must never be given out again: the note segment of its tombstones has a higher one and stays.
  const std::uint64_t notes_number = notes_.open_number();
  if (std::ranges::any_of(gone, [notes_number](const auto& item) { return segment_of(item.seq) > notes_number; })) notes_.seal();
  std::deque<Pending> tombstones;
  std::deque<PendingChange> changes;
  for (const auto& item : gone) {
    const auto dig = [this, seq = item.seq] { graves_[segment_of(seq)].push_back(seq); };
    if (item.shares_id) {  // a tombstone would name the item itself; after a rebuild this one is a duplicate again
      changes.push_back({[seq = item.seq](Ledger& ledger) { ledger.close(seq); }, dig});
      continue;
    }
    const auto why = !delivered        ? TombstoneReason::shed
                     : item.duplicate ? TombstoneReason::duplicate
                                      : TombstoneReason::reclaimed;
    const Sequence place = why == TombstoneReason::reclaimed && ledger_->has_rival(item) ? item.seq : 0;
    tombstones.push_back({TombstoneNote{item.id, item.sha256, item.sop_key, why, parts_.clock.wall(), place}, dig});
  }
  if (!ledger_->status() || !write_and_apply(tombstones, changes)) return false;  // one that is not known to be there has no place
  for (const auto& one : tombstones) one.then();
  for (const auto& one : changes) one.then();
  free_space();
  return true;
}

bool Store::write_and_apply(std::deque<Pending>& notes, std::deque<PendingChange>& changes) {
  if (write_notes(notes) && apply({}, notes, changes)) return true;
  // What stands on disk is so: it is applied before anything else, or the next start would do it, whatever was decided since.
  std::erase_if(notes, [](const Pending& one) { return !one.durable; });
  std::deque<Written> no_items;
  changes.clear();
  const std::lock_guard lock(mutex_);
  keep(no_items, notes, changes);
  make_room();
  return false;
}

// Nothing in it lives, nothing in it is in doubt, and nothing more will come. What this start could not read may hold what
// is in no ledger, or be another's.
bool Store::empty_for_good(std::uint64_t segment) {
  if (rebuild_.passed_over(Stream::items, segment)) return false;
  if (ledger_->living_in(segment) != 0 || ledger_->has_quarantine(segment)) return false;
  if (segment == parts_.items.open_number()) parts_.items.seal();
  // Asked after sealing: what was written before is in the ledger, or still on its way there.
  return !still_arriving(segment) && ledger_->living_in(segment) == 0;
}

void Store::free_space() {
  std::vector<std::uint64_t> emptied;
  std::vector<Sequence> gone;  // from the disk as well
  for (auto entry = graves_.begin(); entry != graves_.end();) {
    const std::uint64_t segment = entry->first;
    if (empty_for_good(segment)) {
      if (parts_.folder.files().unlink(parts_.folder.path_of(Stream::items, segment)).ok()) {
        emptied.push_back(segment);
        gone.insert(gone.end(), entry->second.begin(), entry->second.end());
      }
    } else if (segment == parts_.items.open_number()) {
      ++entry;  // still being filled; its turn comes when it is sealed
      continue;
    } else {
      const auto punched = punch(segment, entry->second);
      gone.insert(gone.end(), punched.begin(), punched.end());
    }
    entry = graves_.erase(entry);
  }
  crash_point("reclaim.punched");
  if (emptied.empty() && gone.empty()) return;
  // One that came back would be read as if nobody had ever known it.
  if (!emptied.empty() && !parts_.folder.files().sync_directory(parts_.folder.path())) return;
  ledger_->begin();
  for (const auto segment : emptied) ledger_->forget_segment(segment);
  ledger_->forget_items(gone, false);
  if (Status done = ledger_->commit(); !done) log::error(done.error().message);
}

// Where no part of a file can be given back room comes as segments are emptied: the sooner, the smaller they are.
void Store::keep_segments_small(const Error& refused) {
  if (std::exchange(segments_are_small_, true)) return;
  parts_.items.keep_segments_within(core::limits::small_segment_bytes_max);
  log::warn("spool: room comes back by whole segments, which are small from now on: " + refused.message);
}

// Only in a segment of this node: a file that took the place of one may hold another's images where ours were.
std::vector<Sequence> Store::punch(std::uint64_t segment, const std::vector<Sequence>& graves) {
  if (rebuild_.passed_over(Stream::items, segment)) return {};
  auto file = parts_.folder.files().open(parts_.folder.path_of(Stream::items, segment), FileSystem::Mode::write);
  if (!file) return {};
  std::vector<Sequence> headers, gone;
  for (const Sequence grave : graves) {
    // How far the record goes only the record itself knows; a wrong length would reach into its neighbours.
    const auto at = offset_of(grave);
    const auto frame = read_frame(**file, segment, at);
    if (!frame || !parts_.keys.knows(frame->header.key_id)) continue;
    if (frame->trailer.record_bytes > block_bytes) {
      const Status punched = (*file)->punch(at + block_bytes, frame->trailer.record_bytes - block_bytes);
      if (!punched && punched.error().code == Errc::refused) return keep_segments_small(punched.error()), gone;
      if (!punched) continue;  // tried again after the next start
    }
    headers.push_back(grave);
  }
  crash_point("reclaim.half_punched");
  // The bodies first: a record that kept its header is known by its tombstone when the power goes in between, also on a
  // disk that keeps the later punch and not the earlier.
  if (headers.empty() || !(*file)->sync()) return {};
  for (const Sequence grave : headers)
    if ((*file)->punch(offset_of(grave), block_bytes).ok()) gone.push_back(grave);
  // And all of it before the tombstone may be forgotten.
  if (!(*file)->sync()) gone.clear();
  return gone;
}

}  // namespace sampan::queue
