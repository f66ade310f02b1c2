// SPDX-License-Identifier: Apache-2.0
// Items that match no route: they have one delivery, to nobody, until somebody is found.
#include "base/log.h"
#include "core/limits.h"
#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"
#include "queue/store.h"

namespace sampan::queue {

static constexpr std::size_t reroutes_per_step = 128;

std::vector<Sequence> Ledger::unmatched(Unmatched& after, std::size_t items_max) {
  std::vector<Sequence> found;
  // In the order of the table, so that each step reads no more rows than it gives.
  Statement rows(*sql_, "SELECT state, rank, study_order, seq FROM delivery WHERE destination=?1 AND state<=2 AND "
                        "(state, rank, study_order, seq)>(?2, ?3, ?4, ?5) ORDER BY state, rank, study_order, seq LIMIT ?6");
  rows.bind(1, destination_number(std::string(nobody))).bind(2, after.state).bind(3, after.rank).bind(4, after.study_order);
  rows.bind(5, after.seq).bind(6, static_cast<std::int64_t>(items_max));
  while (rows.step()) {
    after = {rows.number(0), rows.number(1), rows.number(2), rows.number(3)};
    found.push_back(after.seq);
  }
  return found;
}

void Ledger::apply_duty(const DutyNote& note, Sequence seq) {
  if (note.priority) raise(seq, *note.priority);
  if (delivery(seq, destination_number(std::string(nobody)))) return give(seq, note.destinations);
  Statement row(*sql_, "SELECT study_key, kind, priority, study_order, class_key, size, received_ms, reason, state FROM item WHERE seq=? AND state IN (1, 4)");
  if (!row.bind(1, seq).step()) return;
  if (static_cast<ItemState>(row.number(8)) == ItemState::duplicate) return owe_by(note, seq);
  const ExamOrders orders = orders_of(row.number(0));
  const Duty duty{seq, row.number(0), static_cast<core::Kind>(row.number(1)),
                  orders.priority.value_or(static_cast<core::Priority>(row.number(2))), row.number(3), row.number(4), row.number(5),
                  row.number(6), why_held(row.text(7)), false};
  for (const auto& name : note.destinations) open_delivery(duty, destination_number(name), orders, note.time);
}

void Ledger::give(Sequence seq, std::span<const std::string> destinations) {
  const int none = destination_number(std::string(nobody));
  const auto found = delivery(seq, none);
  if (!found || destinations.empty()) return;
  Statement open(*sql_, "INSERT OR IGNORE INTO delivery SELECT ?3, state, rank, study_order, seq, class_key, bytes, received_ms, 0, 0, "
                        "0, 0, '', reason, 0, 0, 0, 0 FROM delivery WHERE seq=?1 AND destination=?2");
  for (const auto& name : destinations) {
    CountedDelivery counted = found->counted;
    counted.destination = destination_number(name);
    open.begin().bind(1, seq).bind(2, none).bind(3, counted.destination).run();
    if (sql_->changes() == 0) continue;
    tallies_.enter(counted, counted.received_ms);
    const bool waits = counted.state == static_cast<int>(core::DeliveryState::waiting);
    if (waits && orders_of(counted.exam).holds(counted.destination))  // there, and not to nobody
      move({counted, seq}, static_cast<int>(core::DeliveryState::on_hold), counted.level, exam_held, counted.received_ms);
  }
  remove(*found);
}

void Ledger::remove(const Found& found) {
  Statement remove(*sql_, "DELETE FROM delivery WHERE seq=? AND destination=?");
  remove.bind(1, found.seq).bind(2, found.counted.destination).run();
  tallies_.leave(found.counted);
}

// A slice of them; true when more are left. A duty is durable before the ledger has it.
bool Store::reroute_some() {
  const auto found = ledger_->unmatched(reroute_after_, reroutes_per_step);
  const bool more = found.size() == reroutes_per_step;
  if (!more) reroute_after_ = {};
  bool good = bool(ledger_->status()), all_read = true;  // what was not read may be all that is left
  std::deque<Pending> duties;
  for (const Sequence seq : found) {
    const auto stored = read_stored(seq);
    all_read = all_read && stored;
    if (!stored) continue;  // then it stays where it is
    if (auto owed = parts_.decisions.route(stored->item); !owed.empty())
      duties.push_back({DutyNote{stored->item.id, parts_.clock.wall(), std::move(owed)}, nullptr});
  }
  std::deque<PendingChange> no_changes;
  if (good && !duties.empty()) good = write_and_apply(duties, no_changes);
  if (const std::lock_guard lock(mutex_); !all_read && !reroute_unread_)
    reroute_unread_ = parts_.clock.mono() + Millis(core::limits::back_off_most);
  if (!good) {
    const std::lock_guard lock(mutex_);
    reroute_failed_ = true;  // the next tick begins anew
    reroute_after_ = {};
    return false;
  }
  if (!found.empty()) parts_.changed();
  return more;
}

}  // namespace sampan::queue
