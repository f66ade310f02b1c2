// SPDX-License-Identifier: Apache-2.0
// How items and notes change the ledger: admission, deliveries, receipts, tombstones, verdicts.
#include <algorithm>

#include "base/log.h"
#include "queue/ledger.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

using core::DeliveryState;
using core::Fact;

namespace {

constexpr int code(DeliveryState state) { return static_cast<int>(state); }

// Alarms before images; then by priority; what a rebuild found again after what is new.
std::int64_t rank_of(const core::Item& item, bool rebuilt) {
  return (core::traits(item.kind).before_images ? 0 : rank_of_images) + static_cast<int>(item.priority) * 10 + (rebuilt ? 5 : 0);
}

int tallied(int state, std::int64_t rank) { return rank < rank_of_images ? state + tally_of_news : state; }

}  // namespace

Admission Ledger::add(const IndexedItem& indexed, std::span<const std::string> destinations, bool rebuilt) {
  if (knows(indexed)) return Admission::fresh;
  const auto sop_key = keys_.of(indexed.item.facts.get(Fact::sop_instance_uid));
  const Admission admission = compare(indexed, sop_key);
  const auto study_key = keys_.of(indexed.item.facts.get(Fact::study_instance_uid));
  std::int64_t order = indexed.seq;
  if (study_key != 0) {
    auto& study = use_->item_by_study.begin().bind(1, study_key);
    if (study.step() && study.number(0) != 0) order = study.number(0);
    study.begin();
  }
  if (admission == Admission::duplicate) {
    insert_item(indexed, order, ItemState::duplicate, "the same bytes are here already");
    return admission;
  }
  const bool held = admission == Admission::conflict;
  insert_item(indexed, order, ItemState::living, held ? "same SOP Instance UID as an earlier image, other content" : "");
  for (const auto& destination : destinations) insert_delivery(indexed, destination, order, held, rebuilt);
  if (destinations.empty() && !core::traits(indexed.item.kind).before_images)
    insert_delivery(indexed, std::string(nobody), order, held, rebuilt);
  if (orphans_ > 0) apply_orphans(indexed.item.id, run_ms());
  return admission;
}

// The record was read before; what became of it since stands.
bool Ledger::knows(const IndexedItem& indexed) {
  auto& rows = use_->item_by_id;
  bool known = false;
  for (rows.begin().bind(1, ByteView(indexed.item.id.bytes)); rows.step();) known = known || rows.number(0) == indexed.seq;
  rows.begin();
  return known;
}

Admission Ledger::compare(const IndexedItem& indexed, std::int64_t sop_key) {
  bool same = false, other = false;
  const auto equals = [&](ByteView digest) {
    return digest.size() == 32 && std::memcmp(digest.data(), indexed.item.sha256.data(), 32) == 0;
  };
  auto& by_id = use_->item_by_id.begin().bind(1, ByteView(indexed.item.id.bytes));
  while (by_id.step())
    if (const auto state = static_cast<ItemState>(by_id.number(2)); state == ItemState::living || state == ItemState::reclaimed)
      (equals(by_id.blob(1)) ? same : other) = true;
  by_id.begin();
  if (same) return Admission::duplicate;
  if (sop_key == 0) return other ? Admission::conflict : Admission::fresh;
  std::vector<Sequence> differing;
  auto& rows = use_->item_by_sop.begin().bind(1, sop_key).bind(2, indexed.seq);
  while (rows.step()) {
    const bool equal = equals(rows.blob(0));
    (equal ? same : other) = true;
    if (!equal && static_cast<ItemState>(rows.number(2)) == ItemState::living) differing.push_back(rows.number(1));
  }
  rows.begin();
  if (!same && same_content_)
    same = std::any_of(differing.begin(), differing.end(), [&](Sequence seq) { return same_content_(indexed.seq, seq); });
  return same ? Admission::duplicate : other ? Admission::conflict : Admission::fresh;
}

void Ledger::insert_item(const IndexedItem& indexed, std::int64_t study_order, ItemState state, std::string_view reason) {
  const core::Item& item = indexed.item;
  auto& row = use_->item_insert;
  row.bind(1, indexed.seq).bind(2, ByteView(item.id.bytes)).bind(3, static_cast<std::int64_t>(indexed.record_bytes));
  row.bind(4, static_cast<int>(item.kind)).bind(5, static_cast<int>(item.priority)).bind(6, static_cast<std::int64_t>(item.size));
  row.bind(7, ByteView(item.sha256)).bind(8, item.received.ms).bind(9, keys_.of(item.facts.get(Fact::sop_instance_uid)));
  row.bind(10, keys_.of(item.facts.get(Fact::study_instance_uid))).bind(11, study_order);
  row.bind(12, keys_.of_class(item.facts.get(Fact::sop_class_uid), item.facts.get(Fact::transfer_syntax_uid)));
  row.bind(13, static_cast<int>(state)).bind(14, reason).bind(15, ByteView(seal_facts(item))).run();
}

void Ledger::insert_delivery(const IndexedItem& indexed, const std::string& destination, std::int64_t study_order, bool held,
                             bool rebuilt) {
  const core::Item& item = indexed.item;
  const int number = destination_number(destination);
  const int state = code(held ? DeliveryState::on_hold : DeliveryState::waiting);
  auto& row = use_->delivery_insert;
  row.bind(1, number).bind(2, state).bind(3, rank_of(item, rebuilt)).bind(4, study_order).bind(5, indexed.seq);
  row.bind(6, keys_.of_class(item.facts.get(Fact::sop_class_uid), item.facts.get(Fact::transfer_syntax_uid)));
  row.bind(7, static_cast<std::int64_t>(item.size)).bind(8, item.received.ms);
  row.bind(9, std::string_view(held ? "same SOP Instance UID as an earlier image, other content" : "")).run();
  if (sql_->changes() > 0) count(number, tallied(state, rank_of(item, rebuilt)), 1, static_cast<std::int64_t>(item.size));
}

Sequence Ledger::find(const Uuid& item, const Digest* sha256) {
  auto& rows = use_->item_by_id.begin().bind(1, ByteView(item.bytes));
  Sequence found = 0;
  while (found == 0 && rows.step()) {
    const ByteView digest = rows.blob(1);
    if (sha256 == nullptr || (digest.size() == 32 && std::memcmp(digest.data(), sha256->data(), 32) == 0)) found = rows.number(0);
  }
  rows.begin();
  return found;
}

void Ledger::apply(const Note& note, std::int64_t run_ms) {
  const Uuid item = std::visit(
      [](const auto& n) {
        if constexpr (requires { n.item; })
          return n.item;
        else
          return n.receipt.item;
      },
      note);
  const auto* receipt = std::get_if<ReceiptNote>(&note);
  const Sequence seq = find(item, receipt != nullptr ? &receipt->receipt.sha256 : nullptr);
  if (seq == 0) {
    Bytes encoded;
    encode(note, encoded);
    use_->orphan_insert.bind(1, ByteView(item.bytes)).bind(2, static_cast<int>(type_of(note))).bind(3, ByteView(encoded)).run();
    ++orphans_;
  } else if (receipt != nullptr) {
    apply_receipt(*receipt, seq, run_ms);
  } else if (const auto* tombstone = std::get_if<TombstoneNote>(&note)) {
    apply_tombstone(*tombstone, seq);
  } else {
    apply_verdict(std::get<VerdictNote>(note), seq);
  }
}

void Ledger::apply_orphans(const Uuid& item, std::int64_t run_ms) {
  std::vector<Note> notes;
  auto& rows = use_->orphan_of;
  for (rows.begin().bind(1, ByteView(item.bytes)); rows.step();)
    for (auto& note : decode_notes(static_cast<Type>(rows.number(0)), rows.blob(1))) notes.push_back(std::move(note));
  rows.begin();
  if (notes.empty()) return;
  use_->orphan_delete.bind(1, ByteView(item.bytes)).run();
  orphans_ -= static_cast<std::int64_t>(notes.size());
  for (const auto& note : notes) apply(note, run_ms);
}

bool Ledger::has_tombstone(const Uuid& item) {
  auto& rows = use_->orphan_of;
  bool found = false;
  for (rows.begin().bind(1, ByteView(item.bytes)); rows.step();) found = found || rows.number(0) == static_cast<int>(Type::tombstones);
  rows.begin();
  auto& known = use_->item_by_id;
  for (known.begin().bind(1, ByteView(item.bytes)); known.step();) {
    const auto state = static_cast<ItemState>(known.number(2));
    found = found || state == ItemState::reclaimed || state == ItemState::duplicate_gone;
  }
  known.begin();
  return found;
}

void Ledger::move(Sequence seq, int destination, int state) {
  auto& get = use_->delivery_get.begin().bind(1, seq).bind(2, destination);
  const bool here = get.step();
  const int before = here ? static_cast<int>(get.number(0)) : 0;
  const std::int64_t bytes = here ? get.number(1) : 0;
  const std::int64_t rank = here ? get.number(3) : 0;
  get.begin();
  if (!here || before == state) return;
  use_->delivery_move.bind(1, state).bind(2, seq).bind(3, destination).run();
  count(destination, tallied(before, rank), -1, -bytes);
  count(destination, tallied(state, rank), 1, bytes);
}

void Ledger::apply_receipt(const ReceiptNote& note, Sequence seq, std::int64_t run_ms) {
  const int destination = destination_number(note.destination);
  auto& get = use_->delivery_get.begin().bind(1, seq).bind(2, destination);
  const bool here = get.step();
  const auto level = here ? get.number(2) : 0;
  const bool done = here && get.number(0) >= code(DeliveryState::delivered) && get.number(0) != code(DeliveryState::rejected);
  get.begin();
  if (!here || (done && level >= static_cast<int>(note.receipt.level))) return;
  auto& set = use_->delivery_receipt;
  set.bind(1, static_cast<int>(note.receipt.level)).bind(2, std::string_view(note.receipt.node)).bind(3, run_ms);
  set.bind(4, seq).bind(5, destination).run();
  if (!done) move(seq, destination, code(DeliveryState::delivered));
}

void Ledger::apply_tombstone(const TombstoneNote& note, Sequence seq) {
  static_cast<void>(note);
  use_->item_close.bind(1, seq).run();
  std::vector<int> destinations;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();) destinations.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : destinations) move(seq, destination, delivery_closed);
}

void Ledger::apply_verdict(const VerdictNote& note, Sequence seq) {
  const int destination = destination_number(note.destination);
  use_->delivery_verdict.bind(1, std::string_view(note.reason)).bind(2, seq).bind(3, destination).run();
  move(seq, destination, code(note.state));
}

void Ledger::postpone(Sequence seq, const std::string& destination, unsigned attempts, WallTime not_before,
                      std::string_view reason) {
  auto& set = use_->delivery_postpone;
  set.bind(1, static_cast<std::int64_t>(attempts)).bind(2, not_before.ms).bind(3, reason).bind(4, seq);
  set.bind(5, destination_number(destination)).run();
}

void Ledger::quarantine_item(Sequence seq, std::string_view reason) {
  use_->item_quarantine.bind(1, reason).bind(2, seq).run();
  if (sql_->changes() == 0) return;  // its payload was not needed any more
  if (const Sequence copy = copy_of(seq); copy != 0) {
    use_->item_state.bind(1, static_cast<int>(ItemState::living)).bind(2, std::string_view()).bind(3, copy).run();
    use_->delivery_hand_over.bind(1, copy).bind(2, seq).run();
    return;
  }
  std::vector<int> waiting;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();)
    if (rows.number(1) == code(DeliveryState::waiting)) waiting.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : waiting) {
    use_->delivery_verdict.bind(1, reason).bind(2, seq).bind(3, destination).run();
    move(seq, destination, code(DeliveryState::on_hold));
  }
}

// A duplicate that can take the place of the item; 0 when there is none.
Sequence Ledger::copy_of(Sequence seq) {
  auto& ask = use_->copy_of.begin().bind(1, seq);
  const Sequence copy = ask.step() ? ask.number(0) : 0;
  ask.begin();
  return copy;
}

std::vector<Sequence> Ledger::originals_of(Sequence duplicate) {
  std::vector<Sequence> found;
  auto& rows = use_->originals_of;
  for (rows.begin().bind(1, duplicate); rows.step();) found.push_back(rows.number(0));
  rows.begin();
  return found;
}

void Ledger::close(Sequence seq) { use_->item_close.bind(1, seq).run(); }

}  // namespace sampan::queue
