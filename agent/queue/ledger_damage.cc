// SPDX-License-Identifier: Apache-2.0
// What becomes of an item whose stored copy does not verify any more, and who takes its place.
#include <algorithm>
#include <cstring>

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
  if (const Sequence copy = copy_of(seq); copy != 0) {
    use_->item_state.bind(1, static_cast<int>(ItemState::living)).bind(2, rebuilt ? being_compared : "").bind(3, copy).run();
    if (rebuilt) return put_off(copy, *rebuilt);
    hand_over(seq, copy);
    return;
  }
  std::vector<int> waiting;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();)
    if (rows.number(1) == code(core::DeliveryState::waiting)) waiting.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : waiting)
    if (const auto found = delivery(seq, destination))
      move(*found, code(core::DeliveryState::on_hold), found->counted.level, reason, 0);
}

// A duplicate that can take the place of the item; 0 when there is none.
Sequence Ledger::copy_of(Sequence seq) {
  auto& ask = use_->copy_of.begin().bind(1, seq);
  const Sequence copy = ask.step() ? ask.number(0) : 0;
  ask.begin();
  return copy;
}

// One image is counted once, whichever of its copies is good.
void Ledger::hand_over(Sequence from, Sequence to) {
  use_->delivery_hand_over.bind(1, to).bind(2, from).run();
  Statement leave(*sql_, "UPDATE item SET study_key=0 WHERE seq=?");
  leave.bind(1, from).run();
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
