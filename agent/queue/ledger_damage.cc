// SPDX-License-Identifier: Apache-2.0
// What becomes of an item whose stored copy does not verify any more, and who takes its place.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/instance_name.h"
#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

namespace {

constexpr int code(core::DeliveryState state) { return static_cast<int>(state); }

}  // namespace

void Ledger::quarantine_item(Sequence seq, std::string_view reason) {
  use_->item_quarantine.bind(1, reason).bind(2, seq).run();
  if (sql_->changes() == 0) return;  // its payload was not needed any more
  const auto rebuilt = forget_undecided(seq);
  if (const Copy copy = copy_of(seq); copy.seq != 0) {
    use_->item_state.bind(1, static_cast<int>(ItemState::living)).bind(2, rebuilt ? being_compared : "").bind(3, copy.seq).run();
    rebuilt ? put_off(copy.seq, *rebuilt) : hand_over(seq, copy.seq);
    if (copy.same) replace(seq);
    return;
  }
  std::vector<int> waiting;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();)
    if (rows.number(1) == code(core::DeliveryState::waiting)) waiting.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  if (is_seen(segment_of(seq), offset_of(seq), record_bytes_of(seq))) return give_up_unsettled(seq);
  for (const int destination : waiting)
    if (const auto found = delivery(seq, destination))
      move(*found, code(core::DeliveryState::on_hold), found->counted.level, reason, 0);
}

// A duplicate that can take the place of the item; 0 when there is none.
Ledger::Copy Ledger::copy_of(Sequence seq) {
  // With its bytes; or the same data set in other bytes, where nothing else has its name: that would be what it is a copy of,
  // and may wait for a person.
  Statement ask(*sql_, "SELECT c.seq, 1 FROM item i JOIN item c ON c.state=4 AND (c.id=i.id OR (c.sop_key=i.sop_key AND c.sop_key<>0)) WHERE i.seq=? "
                       "AND (c.sha256=i.sha256 OR (c.sop_key=i.sop_key AND NOT EXISTS(SELECT 1 FROM item o WHERE o.sop_key=i.sop_key AND o.sop_key<>0 "
                       "AND o.sha256<>i.sha256 AND o.state NOT IN (4,5)) AND NOT EXISTS(SELECT 1 FROM item o WHERE o.id=i.id AND o.sha256<>i.sha256 AND "
                       "o.state NOT IN (4,5)))) ORDER BY c.sha256<>i.sha256, c.seq LIMIT 1");
  Copy copy;
  if (ask.bind(1, seq).step()) copy = {ask.number(0), ask.number(1) != 0};
  return copy;
}

// One image is counted once, whichever of its copies is good.
void Ledger::hand_over(Sequence from, Sequence to) {
  use_->delivery_hand_over.bind(1, to).bind(2, from).run();
  if (sql_->changes() > 0) keep_owing(to);  // until it is noted for it
  std::vector<int> twice;  // the other one owes it already
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, from); rows.step();) twice.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : twice)
    if (const auto found = delivery(from, destination)) remove(*found);
  Statement leave(*sql_, "UPDATE item SET study_key=0 WHERE seq=?");
  leave.bind(1, from).run();
}

// Nothing of it is missing any more: nobody is asked to send it again.
void Ledger::replace(Sequence damaged) {
  Statement leave(*sql_, "UPDATE item SET state=?2, study_key=0 WHERE seq=?1");
  leave.bind(1, damaged).bind(2, static_cast<int>(ItemState::replaced)).run();
}

void Ledger::forget_replaced(std::uint64_t segment) {
  Statement rows(*sql_, "SELECT count(*), total(size) FROM item WHERE seq>=?1 AND seq<?2 AND state=6");
  Statement forget(*sql_, "DELETE FROM item WHERE seq>=?1 AND seq<?2 AND state=6");
  if (!rows.bind(1, sequence_of(segment, 0)).bind(2, sequence_of(segment + 1, 0)).step() || rows.number(0) == 0) return;
  tallies_.item(ItemState::replaced, -rows.number(0), -rows.number(1));
  rows.begin();
  forget.bind(1, sequence_of(segment, 0)).bind(2, sequence_of(segment + 1, 0)).run();
}

void Ledger::quarantine_range(std::uint64_t segment, std::uint64_t offset, std::uint64_t bytes, std::string_view reason, const Lost* lost) {
  const std::int64_t sop_key = lost == nullptr ? 0 : keys_.of(core::kept_as(lost->item.facts));
  const auto known = sop_key == 0 ? std::optional<Sequence>() : known_as(sop_key, lost->item);
  const Sequence heir = known.value_or(0);
  auto& insert = use_->quarantine_insert;
  insert.bind(1, static_cast<std::int64_t>(segment)).bind(2, static_cast<std::int64_t>(offset)).bind(3, static_cast<std::int64_t>(bytes));
  insert.bind(4, known ? came_again : reason).bind(5, sop_key).bind(6, sop_key == 0 ? ByteView() : ByteView(lost->item.sha256));
  const std::string owed = sop_key == 0 ? "" : text_of(lost->debt.owed);
  insert.bind(7, sop_key == 0 ? 0 : lost->item.received.ms).bind(8, sop_key == 0 ? 0 : static_cast<int>(lost->debt.priority)).bind(9, std::string_view(owed)).run();
  if (sop_key != 0) ++ranges_;
  if (heir != 0 && !is_seen(segment, offset, bytes)) take_over(heir, lost->debt, lost->item.received);
}

// The image is here, or went after the damaged record came: what went before, and came again, may be owed anew. (What only a
// tombstone is known of has its time; of others one that came later is enough.)
std::optional<Sequence> Ledger::known_as(std::int64_t sop_key, const core::Item& damaged) {
  std::vector<Sequence> living;
  bool gone = false;
  auto& rows = use_->item_by_sop;
  for (rows.begin().bind(1, sop_key).bind(2, std::int64_t{0}); rows.step();) {
    const bool same = rows.blob(0).size() == damaged.sha256.size() && std::memcmp(rows.blob(0).data(), damaged.sha256.data(), damaged.sha256.size()) == 0;
    const auto state = static_cast<ItemState>(rows.number(2));
    if (same && state == ItemState::living) living.push_back(rows.number(1));
    gone = gone || (same && state == ItemState::reclaimed && rows.number(3) >= damaged.received.ms);
  }
  rows.begin();
  std::erase_if(living, [this](Sequence seq) { return undecided_mark(seq).has_value(); });  // healed once that is decided
  if (!living.empty()) return living.front();
  return gone ? std::optional<Sequence>(0) : std::nullopt;
}

// The other way round: the damage was found first.
void Ledger::heal_ranges(std::int64_t sop_key, const Digest& sha256, WallTime until) {
  if (ranges_ == 0 || sop_key == 0) return;
  Statement heal(*sql_, "UPDATE quarantine SET reason=?3 WHERE sop_key=?1 AND sop_key<>0 AND sha256=?2 AND received_ms<=?4");
  heal.bind(1, sop_key).bind(2, ByteView(sha256)).bind(3, came_again).bind(4, until.ms).run();
}

// By what was read or decided. What was let go is about to leave the disk, and what went says itself until when it was here.
void Ledger::heal_ranges(const IndexedItem& living, std::int64_t sop_key) {
  if (ranges_ > 0 && !has_tombstone(living.item.id)) heal_ranges(sop_key, living.item.sha256, std::array{living.seq});
}

// The record that lay damaged was owed to more, perhaps, than what came again: it went to another address.
void Ledger::heal_ranges(std::int64_t sop_key, const Digest& sha256, std::span<const Sequence> living) {
  if (ranges_ == 0 || sop_key == 0) return;
  struct Range {
    std::uint64_t segment, offset, bytes;
    Debt debt;
    WallTime received;
  };
  std::vector<Range> found;
  Statement rows(*sql_, "SELECT segment, offset, bytes, priority, owed, received_ms FROM quarantine WHERE sop_key=?1 AND sop_key<>0 AND sha256=?2 AND reason<>?3");
  for (rows.bind(1, sop_key).bind(2, ByteView(sha256)).bind(3, came_again); rows.step();) {
    Range range{static_cast<std::uint64_t>(rows.number(0)), static_cast<std::uint64_t>(rows.number(1)), static_cast<std::uint64_t>(rows.number(2)), {}, {rows.number(5)}};
    range.debt.owed = lines_of(rows.text(4));
    range.debt.priority = static_cast<core::Priority>(rows.number(3));
    found.push_back(std::move(range));
  }
  rows.begin();
  for (const Range& range : found)
    if (!is_seen(range.segment, range.offset, range.bytes))
      for (const Sequence seq : living) take_over(seq, range.debt, range.received);
  heal_ranges(sop_key, sha256, WallTime{std::numeric_limits<std::int64_t>::max()});
}

// In the ledger; what its record does not say is noted for it as of a copy that took the place of a damaged one.
void Ledger::take_over(Sequence living, const Debt& debt, WallTime time) {
  Lack missing = lack(living, debt.owed, debt.priority);
  if (!missing) return;
  apply_duty({Uuid{}, time, std::move(missing.destinations), debt.priority}, living);
  keep_owing(living);
}

bool Ledger::is_missing(std::int64_t sop_key, const Digest& sha256) {
  if (ranges_ == 0 || sop_key == 0) return false;
  Statement ask(*sql_, "SELECT 1 FROM quarantine WHERE sop_key=?1 AND sop_key<>0 AND sha256=?2 AND reason<>?3 LIMIT 1");
  return ask.bind(1, sop_key).bind(2, ByteView(sha256)).bind(3, came_again).step();
}

// Of what is missing nobody knows the name: it did not read, or its facts do not verify.
bool Ledger::misses_nameless() {
  if (segment_missed_) return true;
  Statement ask(*sql_, "SELECT 1 FROM quarantine WHERE sop_key=0 AND reason NOT IN (?1,?2) LIMIT 1");
  return ask.bind(1, torn_tail).bind(2, came_again).step();
}

// The image is here, or went after this copy of it came.
bool Ledger::is_stood_for(std::int64_t sop_key, const core::Item& copy) {
  bool stood = false;
  auto& rows = use_->item_by_sop;
  for (rows.begin().bind(1, sop_key).bind(2, std::int64_t{0}); rows.step();) {
    const auto state = static_cast<ItemState>(rows.number(2));
    const bool counts = state == ItemState::living || state == ItemState::reclaimed;
    stood = stood || (counts && rows.blob(0).size() == copy.sha256.size() && std::memcmp(rows.blob(0).data(), copy.sha256.data(), copy.sha256.size()) == 0);
  }
  rows.begin();
  auto& buried = use_->buried;
  for (buried.begin().bind(1, sop_key); !stood && buried.step();)
    for (const Note& note : decode_notes(Type::tombstones, buried.blob(1))) {
      const auto& stone = std::get<TombstoneNote>(note);
      stood = stood || (stone.why == TombstoneReason::reclaimed && stone.item != copy.id && stone.sha256 == copy.sha256 && stone.time.ms >= copy.received.ms);
    }
  buried.begin();
  return stood;
}

std::vector<Sequence> Ledger::damaged_copies(const IndexedItem& indexed, std::int64_t sop_key) {
  std::vector<Sequence> found;
  const auto take = [&](Sequence seq, ItemState state, ByteView digest) {
    const bool same = digest.size() == 32 && std::memcmp(digest.data(), indexed.item.sha256.data(), 32) == 0;
    if (same && state == ItemState::quarantined && std::ranges::find(found, seq) == found.end()) found.push_back(seq);
  };
  auto& by_id = use_->item_by_id;
  for (by_id.begin().bind(1, ByteView(indexed.item.id.bytes)); by_id.step();) take(by_id.number(0), static_cast<ItemState>(by_id.number(2)), by_id.blob(1));
  by_id.begin();
  auto& rows = use_->item_by_sop;
  for (rows.begin().bind(1, sop_key).bind(2, indexed.seq); rows.step();) take(rows.number(1), static_cast<ItemState>(rows.number(2)), rows.blob(0));
  rows.begin();
  return found;
}

// The same bytes came again: what was owed of the damaged copy is owed of these, and no person need decide.
void Ledger::take_place(const IndexedItem& indexed, std::int64_t sop_key, std::string_view differs) {
  for (const Sequence from : damaged_copies(indexed, sop_key)) {
    auto& get = use_->item_get.begin().bind(1, from);
    const std::int64_t size = get.step() ? get.number(1) : 0, exam = get.number(3);
    get.begin();
    Statement ask(*sql_, "SELECT d.name, v.reason=i.reason FROM delivery v JOIN destination d ON d.number=v.destination JOIN item i ON i.seq=v.seq "
                         "WHERE v.seq=? AND v.state=2");
    std::vector<std::string> held;
    for (ask.bind(1, from); ask.step();)
      if (ask.number(1) != 0) held.push_back(ask.text(0));
    ask.begin();
    hand_over(from, indexed.seq);
    raise(indexed.seq, indexed.item.priority);
    replace(from);
    Statement discount(*sql_, "UPDATE exam SET items=items-1, bytes=bytes-?2 WHERE key=?1 AND key<>0");
    discount.bind(1, exam).bind(2, size).run();
    for (const auto& destination : held) {
      if (differs.empty())
        apply_verdict({indexed.item.id, core::DeliveryState::waiting, indexed.item.received, destination, ""}, indexed.seq);
      else if (const auto found = delivery(indexed.seq, destination_number(destination)))
        move(*found, code(core::DeliveryState::on_hold), found->counted.level, differs, indexed.item.received.ms);
    }
  }
}

}  // namespace sampan::queue
