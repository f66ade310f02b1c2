// SPDX-License-Identifier: Apache-2.0
// Exams in the ledger: what they are known by, what was counted of them, what a person ordered.
#include <functional>

#include "core/limits.h"
#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

using core::DeliveryState;
using core::Fact;

namespace {

constexpr int waiting = static_cast<int>(DeliveryState::waiting);
constexpr int on_hold = static_cast<int>(DeliveryState::on_hold);
constexpr std::size_t aliases_remembered = 256;

}  // namespace

void Ledger::note_exam(const IndexedItem& indexed, std::int64_t exam) {
  const core::Item& item = indexed.item;
  tallies_.exam(exam, indexed.seq, item.received.ms, static_cast<std::int64_t>(item.size));
  note_aliases(item, exam);
}

// The images of an exam come one after the other and are known by the same names: most of them cost a hash only.
void Ledger::note_aliases(const core::Item& item, std::int64_t exam) {
  constexpr std::pair<Fact, AliasKind> names[] = {{Fact::accession_number, AliasKind::accession},
                                                  {Fact::patient_id, AliasKind::patient},
                                                  {Fact::series_instance_uid, AliasKind::series},
                                                  {Fact::name, AliasKind::file}};
  std::string all;
  for (const auto& [fact, kind] : names) all.append(item.facts.get(fact)).push_back('\0');
  const std::size_t hash = std::hash<std::string>()(all);
  if (aliases_.size() >= aliases_remembered) aliases_.clear();
  const auto [known, first] = aliases_.try_emplace(exam, hash);
  if (!first && known->second == hash) return;
  known->second = hash;
  for (const auto& [fact, kind] : names)
    if (const auto key = keys_.of(item.facts.get(fact)); key != 0)
      use_->alias_insert.bind(1, key).bind(2, exam).bind(3, static_cast<int>(kind)).bind(4, static_cast<std::int64_t>(core::limits::exam_names_max)).run();
}

Ledger::ExamOrders Ledger::orders_of(std::int64_t exam) {
  ExamOrders orders;
  if (orders_ == 0 || exam == 0) return orders;
  auto& rows = use_->standing_of;
  for (rows.begin().bind(1, exam); rows.step();) {
    const int destination = static_cast<int>(rows.number(1)), value = static_cast<int>(rows.number(2));
    switch (static_cast<StandingOrder>(rows.number(0))) {
      case StandingOrder::held: orders.held[destination] = value != 0; break;
      case StandingOrder::owed: orders.owed.insert(destination); break;
      case StandingOrder::priority: orders.priority = static_cast<core::Priority>(value); break;
    }
  }
  rows.begin();
  return orders;
}

void Ledger::apply_order(const OrderNote& note) {
  const std::int64_t exam = keys_.of(note.exam);
  if (exam == 0) return;
  const int destination = note.destination.empty() ? 0 : destination_number(note.destination);
  ++orders_;
  switch (note.what) {
    case OrderNote::What::hold: return hold_exam(exam, destination, true, note.time);
    case OrderNote::What::resume: return hold_exam(exam, destination, false, note.time);
    case OrderNote::What::owe: return owe_exam(exam, destination, note.time);
    case OrderNote::What::priority: return rank_exam(exam, note.priority);
  }
}

void Ledger::stand(std::int64_t exam, StandingOrder what, int destination, int value) {
  auto& set = use_->standing_set.bind(1, exam).bind(2, static_cast<int>(what)).bind(3, destination);
  set.bind(4, value).bind(5, ++last_order_).run();
}

std::uint64_t Ledger::forget_orders(std::size_t exams_kept) {
  if (orders_ <= static_cast<std::int64_t>(exams_kept) || orders_ == orders_looked_at_) return 0;
  Statement drop(*sql_, "DELETE FROM standing WHERE exam IN (SELECT exam FROM standing s WHERE NOT EXISTS(SELECT 1 FROM item i WHERE "
                        "i.study_key=s.exam AND i.study_key<>0 AND i.state IN (1,3,4)) GROUP BY exam ORDER BY max(place) DESC LIMIT -1 OFFSET ?)");
  drop.bind(1, static_cast<std::int64_t>(exams_kept)).run();
  const auto dropped = static_cast<std::uint64_t>(sql_->changes());
  orders_looked_at_ = orders_ -= static_cast<std::int64_t>(dropped);
  return dropped;
}

void Ledger::hold_exam(std::int64_t exam, int destination, bool held, WallTime time) {
  const int what = static_cast<int>(StandingOrder::held);
  if (destination == 0) use_->standing_clear.bind(1, exam).bind(2, what).run();
  if (held || destination != 0)
    stand(exam, StandingOrder::held, destination, held ? 1 : 0);
  each_unsettled(exam, destination, [&](const Found& found) {
    if (found.item != ItemState::living) return;
    if (held && found.counted.state == waiting) move(found, on_hold, found.counted.level, exam_held, time.ms);
    if (!held && found.counted.state == on_hold && found.counted.reason == exam_held)
      move(found, waiting, found.counted.level, "", time.ms);
  });
}

void Ledger::owe_exam(std::int64_t exam, int destination, WallTime time) {
  if (destination == 0) return;
  stand(exam, StandingOrder::owed, destination, 1);
  const ExamOrders orders = orders_of(exam);
  auto& rows = use_->exam_not_owed;
  for (rows.begin().bind(1, exam).bind(2, destination); rows.step();)
    open_delivery({rows.number(0), exam, static_cast<core::Kind>(rows.number(1)),
                   orders.priority.value_or(static_cast<core::Priority>(rows.number(2))), rows.number(5), rows.number(6),
                   rows.number(3), rows.number(4), why_held(rows.text(7)), false},
                  destination, orders, time);
  rows.begin();
  // What matched no route has somebody now.
  each_unsettled(exam, destination_number(std::string(nobody)), [this](const Found& found) { remove(found); });
}

void Ledger::rank_exam(std::int64_t exam, core::Priority priority) {
  stand(exam, StandingOrder::priority, 0, static_cast<int>(priority));
  each_unsettled(exam, 0, [&](const Found& found) {
    const std::int64_t rank = rank_of_images + static_cast<int>(priority) * 10 + found.counted.rank % 10;
    if (rank != found.counted.rank) use_->delivery_rank.bind(1, rank).bind(2, found.seq).bind(3, found.counted.destination).run();
  });
}

// What version 2 of the ledger counts and finds exams by, from the rows of version 1.
Status Ledger::fill_exams() {
  Statement missing(*sql_, "SELECT 1 FROM meta WHERE name=?");
  missing.bind(1, exams_missing);
  if (!missing.step()) return sql_->status();
  missing.begin();
  begin();
  Statement items(*sql_, "SELECT seq, id, size, state, study_key, facts FROM item");
  Statement set_exam(*sql_, "UPDATE item SET study_key=? WHERE seq=?");
  while (items.step()) {
    IndexedItem indexed;
    indexed.seq = items.number(0);
    copy_fixed(items.blob(1), indexed.item.id.bytes);
    indexed.item.size = static_cast<std::uint64_t>(items.number(2));
    const auto state = static_cast<ItemState>(items.number(3));
    tallies_.item(state, 1, items.number(2));
    const bool read = facts_.open(items.blob(5), indexed.item).ok();
    const std::int64_t exam = read ? keys_.of(exam_name(indexed.item)) : items.number(4);
    if (state == ItemState::replaced) continue;
    if (exam != items.number(4)) set_exam.bind(1, exam).bind(2, indexed.seq).run();
    const bool counts = state != ItemState::duplicate && state != ItemState::duplicate_gone;
    if (read && exam != 0 && counts) note_exam(indexed, exam);
  }
  Statement rows(*sql_, "SELECT i.study_key, v.destination, v.state, v.level, v.bytes, v.received_ms, v.rank, v.reason, v.seq, i.state "
                        "FROM item i JOIN delivery v ON v.seq=i.seq");
  while (rows.step()) {
    const CountedDelivery counted = read_found(rows).counted;
    tallies_.enter(counted, counted.state == waiting ? counted.received_ms : 0);
  }
  Statement done(*sql_, "DELETE FROM meta WHERE name=?");
  done.bind(1, exams_missing).run();
  items.begin(), rows.begin();
  return commit();
}

}  // namespace sampan::queue
