// SPDX-License-Identifier: Apache-2.0
// What the ledger remembers of items that are gone, of notes on items nobody has read, and when it forgets them.
#include <algorithm>
#include <set>

#include "core/limits.h"
#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

std::vector<Note> Ledger::orphans_of(const Uuid& item) {
  std::vector<Note> notes;
  if (orphans_ == 0) return notes;
  auto& rows = use_->orphan_of;
  for (rows.begin().bind(1, ByteView(item.bytes)); rows.step();)
    for (auto& note : decode_notes(static_cast<Type>(rows.number(0)), rows.blob(1))) notes.push_back(std::move(note));
  rows.begin();
  return notes;
}

bool Ledger::another_is_buried(std::int64_t sop_key, const IndexedItem& indexed) {
  if (orphans_ == 0) return false;
  const core::Item& item = indexed.item;
  bool another = false;
  auto& rows = use_->buried;
  for (rows.begin().bind(1, sop_key); rows.step();) {
    const ByteView id = rows.blob(0);
    if (id.size() == item.id.bytes.size() && std::memcmp(id.data(), item.id.bytes.data(), id.size()) == 0) continue;
    for (const Note& note : decode_notes(Type::tombstones, rows.blob(1))) {
      const auto& stone = std::get<TombstoneNote>(note);
      another = another || (stone.why == TombstoneReason::reclaimed && stone.sha256 != item.sha256 && stone.place < indexed.seq);
    }
  }
  rows.begin();
  return another;
}

bool Ledger::has_rival(const Candidate& candidate) {
  bool rival = false;
  auto& rows = use_->item_by_sop;
  for (rows.begin().bind(1, candidate.sop_key).bind(2, candidate.seq); rows.step();)
    rival = rival || rows.blob(0).size() != candidate.sha256.size() ||
            std::memcmp(rows.blob(0).data(), candidate.sha256.data(), candidate.sha256.size()) != 0;
  rows.begin();
  return rival;
}

std::vector<Ledger::Row> Ledger::rows_of(const Uuid& item) {
  std::vector<Row> found;
  auto& rows = use_->item_by_id;
  for (rows.begin().bind(1, ByteView(item.bytes)); rows.step();) {
    Row row{rows.number(0), {}, static_cast<ItemState>(rows.number(2))};
    copy_fixed(rows.blob(1), row.sha256);
    found.push_back(row);
  }
  rows.begin();
  return found;
}

std::optional<CountedDelivery> Ledger::delivery_of(Sequence seq, const std::string& destination) {
  const auto known = destinations_.find(destination);
  if (known == destinations_.end()) return {};
  const auto found = delivery(seq, known->second);
  return found ? std::optional<CountedDelivery>(found->counted) : std::nullopt;
}

bool Ledger::has_deliveries(Sequence seq) {
  auto& rows = use_->deliveries_of.begin().bind(1, seq);
  const bool some = rows.step();
  rows.begin();
  return some;
}

bool Ledger::is_claimed(Sequence seq, const std::function<bool(const std::string&)>& counts) {
  bool claimed = false;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();) claimed = claimed || counts(rows.text(0));
  rows.begin();
  return claimed || !sql_->status();
}

std::vector<Note> Ledger::standing_orders(const std::string& exam, WallTime time) {
  std::vector<Note> notes;
  const auto name_of = [this](int number) {
    for (const auto& [name, known] : destinations_)
      if (known == number) return name;
    return std::string();
  };
  const auto add = [&](OrderNote::What what, int destination) -> OrderNote& {
    notes.push_back(OrderNote{what, core::Priority::routine, time, exam, destination == 0 ? "" : name_of(destination)});
    return std::get<OrderNote>(notes.back());
  };
  const ExamOrders orders = orders_of(keys_.of(exam));
  for (const auto& [destination, held] : orders.held)  // 0, which stands for all, first
    add(held ? OrderNote::What::hold : OrderNote::What::resume, destination);
  for (const int destination : orders.owed) add(OrderNote::What::owe, destination);
  if (orders.priority) add(OrderNote::What::priority, 0).priority = *orders.priority;
  return notes;
}

bool Ledger::has_damage(std::uint64_t segment) {
  Statement ask(*sql_, "SELECT 1 FROM quarantine WHERE segment=? AND reason<>? LIMIT 1");
  return ask.bind(1, static_cast<std::int64_t>(segment)).bind(2, torn_tail).step() || !sql_->status();
}

// What is known of an image that is gone, by its tombstone alone.
void Ledger::remember_gone(Sequence seq, const TombstoneNote& note) {
  const bool known = !rows_of(note.item).empty();
  if (known || note.sop_key == 0 || note.why != TombstoneReason::reclaimed) return;
  auto& row = use_->item_insert;
  row.bind(1, seq).bind(2, ByteView(note.item.bytes)).bind(3, std::int64_t{0}).bind(4, static_cast<int>(core::Kind::image));
  row.bind(5, static_cast<int>(core::Priority::routine)).bind(6, std::int64_t{0}).bind(7, ByteView(note.sha256));
  row.bind(8, note.time.ms).bind(9, note.sop_key).bind(10, std::int64_t{0}).bind(11, seq).bind(12, std::int64_t{0});
  row.bind(13, static_cast<int>(ItemState::reclaimed)).bind(14, std::string_view()).bind(15, ByteView()).bind(16, std::int64_t{0}).run();
  tallies_.item(ItemState::reclaimed, 1, 0);
  heal_ranges(note.sop_key, note.sha256, note.time);
}

// The image came again: its exam counts it once, and who proved to have it is asked before it is sent there once more. That
// is known here only; a rebuild that meets no more than the tombstone sends it. Until it is answered nobody is known to have
// it (again=2), whatever else is trusted.
void Ledger::follow(const IndexedItem& indexed, Sequence gone) {
  Statement rows(*sql_, "SELECT v.destination, v.level=2 AND v.asked_of=v.destination, v.node, d.name FROM delivery v JOIN destination d "
                        "ON d.number=v.destination WHERE v.seq=? AND v.state=5");
  Statement ask(*sql_, "UPDATE delivery SET node=?1, settled_run_ms=?2, not_before_ms=?3, asked_of=destination, again=2 WHERE seq=?4 AND destination=?5 AND resends=0");
  struct Before {
    int destination;
    bool proven;
    std::string node, name;
  };
  std::vector<Before> all;
  for (rows.bind(1, gone); rows.step();) all.push_back({static_cast<int>(rows.number(0)), rows.number(1) != 0, rows.text(2), rows.text(3)});
  rows.begin();
  for (const Before& one : all) {
    const auto before = delivery(gone, one.destination), now = delivery(indexed.seq, one.destination);
    if (before) remove(*before);
    if (!before || !now) continue;  // it is not owed there any more
    if (now->counted.state != static_cast<int>(core::DeliveryState::waiting) || !one.proven || !can_be_asked_ || !can_be_asked_(one.name)) continue;
    ask.begin().bind(1, std::string_view(one.node)).bind(2, run_ms()).bind(3, indexed.item.received.ms).bind(4, indexed.seq).bind(5, one.destination).run();
    if (sql_->changes() == 0) continue;  // it was said to be lost there since
    move(*now, static_cast<int>(core::DeliveryState::delivered), static_cast<int>(core::Level::accepted), "", indexed.item.received.ms);
  }
  Statement discount(*sql_, "UPDATE exam SET items=items-1, bytes=bytes-(SELECT size FROM item WHERE seq=?1), seq=CASE seq WHEN ?1 THEN ?2 ELSE seq END "
                           "WHERE key<>0 AND key=(SELECT study_key FROM item WHERE seq=?1)");
  discount.bind(1, gone).bind(2, indexed.seq).run();
  Statement leave(*sql_, "UPDATE item SET study_key=0 WHERE seq=?");
  leave.bind(1, gone).run();
}

// In the order of the table, so that each step reads no more rows than it was given.
bool Ledger::send_unasked(Unasked& after, std::size_t rows_max, WallTime now) {
  Statement rows(*sql_, "SELECT rank, study_order, seq, again=2 FROM delivery WHERE destination=?1 AND state=3 AND (rank, study_order, seq)>(?2, ?3, ?4) "
                        "ORDER BY rank, study_order, seq LIMIT ?5");
  for (auto at = destinations_.lower_bound(after.destination); at != destinations_.end(); ++at) {
    if (!can_be_asked_ || can_be_asked_(at->first)) continue;
    if (at->first != after.destination) after = {at->first};
    rows.begin().bind(1, at->second).bind(2, after.rank).bind(3, after.study_order).bind(4, after.seq).bind(5, static_cast<std::int64_t>(rows_max));
    std::vector<Sequence> unasked;
    std::size_t seen = 0;
    for (; rows.step(); ++seen) {
      after = {at->first, rows.number(0), rows.number(1), rows.number(2)};
      if (rows.number(3) != 0) unasked.push_back(after.seq);
    }
    rows.begin();
    for (const Sequence seq : unasked) apply_verdict({Uuid{}, core::DeliveryState::waiting, now, at->first, {}}, seq);
    if (seen == rows_max) return true;
  }
  return false;
}

bool Ledger::settle_orphans(std::size_t notes_max, bool drop_rest) {
  if (orphans_ == 0) return false;
  Statement lowest(*sql_, "SELECT min(seq) FROM item");
  Sequence seq = std::min<Sequence>(lowest.step() ? lowest.number(0) : 0, 0);
  lowest.begin();
  // An item that is here and being compared still wants its notes.
  Statement rows(*sql_, std::string("SELECT number, type, note FROM orphan o WHERE NOT EXISTS(SELECT 1 FROM item i WHERE i.id=o.item) ") +
                            (drop_rest ? "" : "AND type=3 AND sop_key<>0 ") + "ORDER BY number LIMIT ?");
  std::vector<std::int64_t> done;
  for (rows.bind(1, static_cast<std::int64_t>(notes_max)); rows.step();) {
    done.push_back(rows.number(0));
    if (static_cast<Type>(rows.number(1)) != Type::tombstones) continue;
    for (const Note& note : decode_notes(Type::tombstones, rows.blob(2))) remember_gone(--seq, std::get<TombstoneNote>(note));
  }
  rows.begin();
  Statement drop(*sql_, "DELETE FROM orphan WHERE number=?");
  for (const std::int64_t number : done) drop.begin().bind(1, number).run();
  orphans_ -= static_cast<std::int64_t>(done.size());
  return done.size() == notes_max;
}

Ledger::Gone Ledger::gone_after(Sequence& after, std::size_t rows_max) {
  Gone gone;
  Statement rows(*sql_, "SELECT seq, state, sop_key FROM item WHERE seq>? ORDER BY seq LIMIT ?");
  for (rows.bind(1, after).bind(2, static_cast<std::int64_t>(rows_max)); rows.step(); ++gone.rows_seen) {
    after = rows.number(0);
    const auto state = static_cast<ItemState>(rows.number(1));
    if (state != ItemState::reclaimed && state != ItemState::duplicate_gone) continue;
    gone.items.push_back({after, state == ItemState::reclaimed && rows.number(2) != 0});
  }
  return gone;
}

std::uint64_t Ledger::gone_count() {
  Statement ask(*sql_, "SELECT items FROM item_tally WHERE state=?");
  const bool row = ask.bind(1, static_cast<int>(ItemState::reclaimed)).step();
  return row ? static_cast<std::uint64_t>(std::max<std::int64_t>(ask.number(0), 0)) : 0;
}

void Ledger::forget_items(std::span<const Sequence> gone, bool images_too) {
  Statement ask(*sql_, "SELECT study_key, state, sop_key, size FROM item WHERE seq=? AND state IN (2,5)");
  Statement item(*sql_, "DELETE FROM item WHERE seq=?"), deliveries(*sql_, "DELETE FROM delivery WHERE seq=?");
  std::set<std::int64_t> exams;
  for (const Sequence seq : gone) {
    if (!ask.begin().bind(1, seq).step()) continue;
    const auto state = static_cast<ItemState>(ask.number(1));
    const bool remembered = state == ItemState::reclaimed && ask.number(2) != 0;
    if (remembered && !images_too) continue;
    if (ask.number(0) != 0) exams.insert(ask.number(0));
    tallies_.item(state, -1, -ask.number(3));
    item.begin().bind(1, seq).run();
    deliveries.begin().bind(1, seq).run();
  }
  ask.begin();
  for (const std::int64_t exam : exams) forget_exam(exam);
}

// An exam of which nothing is remembered; or another of its images speaks for it from now on.
void Ledger::forget_exam(std::int64_t exam) {
  Statement other(*sql_, "SELECT i.seq FROM item i WHERE i.study_key=?1 AND i.study_key<>0 AND i.state IN (1,2,3) LIMIT 1");
  if (other.bind(1, exam).step()) {
    Statement speak(*sql_, "UPDATE exam SET seq=?2 WHERE key=?1 AND NOT EXISTS(SELECT 1 FROM item i WHERE i.seq=exam.seq)");
    return speak.bind(1, exam).bind(2, other.number(0)).run();
  }
  for (const char* text : {"DELETE FROM exam WHERE key=?", "DELETE FROM alias WHERE exam=?", "DELETE FROM exam_tally WHERE exam=?"})
    Statement(*sql_, text).bind(1, exam).run();
  aliases_.erase(exam);
}

std::int64_t Ledger::notes_left() {
  auto& get = use_->meta_get.begin().bind(1, std::string_view("notes_left"));
  const std::int64_t value = get.step() ? get.number(0) : 0;
  get.begin();
  return value;
}
bool Ledger::rebuilding() {
  auto& get = use_->meta_get.begin().bind(1, std::string_view("rebuilding"));
  const bool value = get.step();
  get.begin();
  return value;
}

void Ledger::forget_rebuilding() { use_->meta_forget.bind(1, std::string_view("rebuilding")).run(); }

void Ledger::set_notes_left(std::int64_t bytes) { use_->meta_set.bind(1, std::string_view("notes_left")).bind(2, bytes).run(); }

}  // namespace sampan::queue
