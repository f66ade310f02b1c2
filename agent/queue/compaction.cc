// SPDX-License-Identifier: Apache-2.0
#include "queue/compaction.h"

#include <algorithm>

#include "base/crash_point.h"
#include "base/log.h"
#include "queue/end_mark.h"
#include "queue/payload.h"

namespace sampan::queue {
namespace {

constexpr std::size_t records_per_turn = 512, records_per_step = 64, notes_per_turn = 4096;
constexpr std::size_t payload_max = 56u << 10;  // one chunk, so a note record never streams

}  // namespace

std::uint64_t Compaction::total_bytes() const {
  std::uint64_t total = 0;
  for (const auto& [number, bytes] : bytes_) total += bytes;
  return total;
}

void Compaction::turn(Ledger& ledger) {
  if (next_ >= round_.size() && !begin_round(ledger)) return;
  notes_read_ = 0;
  for (std::size_t steps = 0; steps * records_per_step < records_per_turn && notes_read_ < notes_per_turn; ++steps) {
    if (next_ >= round_.size()) break;
    if (!scan_ && !open_next(ledger)) continue;
    if (!step(ledger)) break;
  }
  if (round_.empty() || next_ < round_.size()) return;
  round_.clear();
  next_ = 0;
  ledger.begin();
  ledger.set_notes_left(static_cast<std::int64_t>(total_bytes()));
  if (Status done = ledger.commit(); !done) log::error("compaction: " + done.error().message);
}

bool Compaction::begin_round(Ledger& ledger) {
  const std::uint64_t left = static_cast<std::uint64_t>(std::max<std::int64_t>(ledger.notes_left(), 0));
  if (stuck_ || total_bytes() <= 2 * left + slack_bytes_) return false;
  round_.clear();
  for (const auto& [number, bytes] : bytes_)
    if (number != needs_.open_number()) round_.push_back(number);
  // The highest number stays: the next start counts on from it.
  if (!round_.empty() && round_.back() == bytes_.rbegin()->first) round_.pop_back();
  next_ = 0;
  older_remain_ = needs_.some_unread();
  kept_.forget();
  return !round_.empty();
}

// What was not written is asked again from the beginning, by a round of its own.
bool Compaction::give_up() {
  scan_.reset();
  file_.reset();
  round_.clear();
  next_ = 0;
  return false;
}

// What stays may hold what later notes take back.
void Compaction::skip(bool kept_for_good) {
  older_remain_ = older_remain_ || kept_for_good;
  scan_.reset();
  file_.reset();
  ++next_;
}

bool Compaction::open_next(Ledger& ledger) {
  const std::uint64_t number = round_[next_];
  if (ledger.has_damage(number)) return skip(true), false;
  auto file = needs_.folder.files().open(needs_.folder.path_of(Stream::notes, number), FileSystem::Mode::read);
  if (!file && file.error().code == Errc::not_found) return bytes_.erase(number), skip(false), false;
  if (!file) return skip(true), false;
  file_ = std::move(*file);
  const auto size = file_->size();
  if (!size) return skip(true), false;
  scan_.emplace(*file_, number, block_bytes, *size).durable_to(end_mark_of(*file_, number));
  return true;
}

bool Compaction::step(Ledger& ledger) {
  payloads_.clear();
  for (std::size_t i = 0; i < records_per_step && notes_read_ < notes_per_turn; ++i) {
    const Finding found = scan_->next();
    if (found.what == Finding::What::end || (found.what == Finding::What::torn && !found.unreadable)) {
      if (!write_kept()) return give_up();
      return finish_segment(ledger), true;
    }
    const Kept kept = found.what == Finding::What::record ? keep(found, ledger) : Kept::damaged;
    if (kept == Kept::failed) return give_up();
    // The segment stays; what was written anew of it says nothing else.
    if (kept == Kept::damaged) return write_kept() ? (skip(true), true) : give_up();
  }
  // Before anything else is written: what is kept speaks of the ledger as it is now.
  return write_kept() || give_up();
}

Compaction::Kept Compaction::keep(const Finding& found, Ledger& ledger) {
  const Type type = found.frame.header.type;
  if (type == Type::item || type == Type::partial) return Kept::damaged;
  const auto payload = read_payload(*file_, found.offset, found.frame, needs_.keys);
  if (!payload) return Kept::damaged;
  for (const Note& note : decode_notes(type, *payload))
    if (const Kept kept = keep_one(note, ledger); kept != Kept::good) return kept;
  return Kept::good;
}

Compaction::Kept Compaction::keep_one(const Note& note, Ledger& ledger) {
  ++notes_read_;
  const auto kept = kept_.of(note, ledger, older_remain_);
  if (!ledger.status()) return log::error("compaction: " + ledger.status().error().message), Kept::failed;
  if (!kept) return Kept::damaged;
  Bytes& into = payloads_[type_of(note)];
  for (const Note& one : *kept) encode(one, into);  // what counts together is written together
  if (into.size() < payload_max) return Kept::good;
  if (!needs_.write(type_of(note), into)) return Kept::failed;
  into.clear();
  return Kept::good;
}

bool Compaction::write_kept() {
  for (auto& [type, payload] : payloads_) {
    if (!payload.empty() && !needs_.write(type, payload)) return false;
    payload.clear();
  }
  return true;
}

void Compaction::finish_segment(Ledger& ledger) {
  const std::uint64_t number = round_[next_];
  crash_point("compaction.written");
  // Item segments that went before must not come back when their tombstones are gone.
  if (!needs_.folder.files().sync_directory(needs_.folder.path())) return skip(true);
  if (Status gone = needs_.folder.files().unlink(needs_.folder.path_of(Stream::notes, number)); !gone) {
    log::error("compaction: " + gone.error().message);
    return skip(true);
  }
  crash_point("compaction.unlinked");
  bytes_.erase(number);
  // One that comes back must find its checkpoint, and none may go before an older one has.
  stuck_ = !needs_.folder.files().sync_directory(needs_.folder.path()).ok();
  if (stuck_) return static_cast<void>(give_up());
  ledger.begin();
  ledger.forget_segment(number);
  if (Status done = ledger.commit(); !done) log::error("compaction: " + done.error().message);
  skip(false);
}

}  // namespace sampan::queue
