// SPDX-License-Identifier: Apache-2.0
// What a person ends: damage that was looked at, and duties to a destination that does not come back.
#include <algorithm>
#include <cstdlib>

#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"
#include "queue/seen.h"

namespace sampan::queue {

namespace {

constexpr int code(core::DeliveryState state) { return static_cast<int>(state); }

}  // namespace

bool Ledger::is_seen(std::uint64_t segment, std::uint64_t offset, std::uint64_t bytes) {
  const std::string name = seen_name(segment, offset);
  auto& get = use_->meta_get.begin().bind(1, std::string_view(name));
  const bool seen = get.step() && static_cast<std::uint64_t>(get.number(0)) >= bytes;
  get.begin();
  return seen;
}

std::uint64_t Ledger::record_bytes_of(Sequence seq) {
  auto& get = use_->item_get.begin().bind(1, seq);
  const auto bytes = get.step() ? static_cast<std::uint64_t>(get.number(6)) : ~0ull;
  get.begin();
  return bytes;
}

// Also of a place that is read later: a rebuild meets the notes first.
void Ledger::apply_seen(const SeenNote& note) {
  const std::string name = seen_name(note.segment, note.offset);
  if (note.bytes == 0) return use_->meta_forget.bind(1, std::string_view(name)).run();
  ++seen_;
  use_->meta_set.bind(1, std::string_view(name)).bind(2, static_cast<std::int64_t>(note.bytes)).run();
  const Sequence seq = sequence_of(note.segment, note.offset);
  if (offset_of(seq) != note.offset || record_bytes_of(seq) > note.bytes) return;
  Statement damaged(*sql_, "SELECT 1 FROM item WHERE seq=? AND state=3");
  if (damaged.bind(1, seq).step()) give_up_unsettled(seq);
}

void Ledger::forget_seen(std::uint64_t segment) {
  const std::string first = seen_name(segment, 0), behind = seen_name(segment + 1, 0);
  Statement forget(*sql_, "DELETE FROM meta WHERE name>=? AND name<?");
  forget.bind(1, std::string_view(first)).bind(2, std::string_view(behind)).run();
}

// A record that verifies is no damage: what is damaged there later was looked at by nobody. What is set aside stays so.
void Ledger::forget_seen_of(const IndexedItem& sound) {
  if (seen_ == 0) return;
  Statement aside(*sql_, "SELECT 1 FROM item WHERE seq=? AND state=3");
  if (aside.bind(1, sound.seq).step()) return;
  const std::uint64_t segment = segment_of(sound.seq), begin = offset_of(sound.seq);
  const std::string first = seen_name(segment, 0), behind = seen_name(segment, begin + sound.record_bytes);
  Statement rows(*sql_, "SELECT substr(name, 27), value FROM meta WHERE name>=? AND name<?");
  std::vector<SeenNote> less;
  for (rows.bind(1, std::string_view(first)).bind(2, std::string_view(behind)); rows.step();) {
    const std::uint64_t offset = std::strtoull(rows.text(0).c_str(), nullptr, 10), bytes = static_cast<std::uint64_t>(rows.number(1));
    if (offset + bytes > begin) less.push_back({segment, offset, begin - std::min(begin, offset), {}});
  }
  rows.begin();
  for (const SeenNote& note : less) apply_seen(note);
  less_damaged_.insert(less_damaged_.end(), less.begin(), less.end());
}

// Nothing of it can be sent. What was delivered stays known; the same image, when it comes again, is owed as any other.
void Ledger::give_up_unsettled(Sequence seq) {
  std::vector<int> unsettled;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();)
    if (const auto state = rows.number(1); state != code(core::DeliveryState::delivered) && state != delivery_closed)
      unsettled.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : unsettled)
    if (const auto found = delivery(seq, destination)) remove(*found);
}

void Ledger::apply_release(const ReleaseNote& note, Sequence seq) {
  const auto found = delivery(seq, destination_number(note.destination));
  if (found && found->counted.state == delivery_closed) return;
  if (found) remove(*found);
  auto& rest = use_->deliveries_of.begin().bind(1, seq);
  const bool owed = rest.step();
  rest.begin();
  if (note.kept || !owed) keep_for_nobody(seq, note.time);
}

// Telemetry does not wait for a route, and what is damaged for nothing.
void Ledger::keep_for_nobody(Sequence seq, WallTime time) {
  Statement row(*sql_, "SELECT study_key, kind, priority, study_order, class_key, size, received_ms, reason FROM item WHERE seq=? AND state=1 AND study_key<>0");
  if (!row.bind(1, seq).step()) return;
  const ExamOrders orders = orders_of(row.number(0));
  const Duty duty{seq, row.number(0), static_cast<core::Kind>(row.number(1)),
                  orders.priority.value_or(static_cast<core::Priority>(row.number(2))), row.number(3), row.number(4), row.number(5),
                  row.number(6), why_held(row.text(7)), false};
  open_delivery(duty, destination_number(std::string(nobody)), orders, time);
}

// What was given up is not here: when it comes again it is new.
void Ledger::forget_name(Sequence seq) {
  Statement forget(*sql_, "UPDATE item SET sop_key=0, label_key=0 WHERE seq=?");
  forget.bind(1, seq).run();
}

}  // namespace sampan::queue
