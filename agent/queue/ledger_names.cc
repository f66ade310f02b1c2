// SPDX-License-Identifier: Apache-2.0
// What a ledger of an earlier version learns of images that have another name in their data set than their command had.
#include "core/instance_name.h"
#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

// In the order of the spool, and not of the index that it changes.
Status Ledger::fill_names() {
  Statement missing(*sql_, "SELECT 1 FROM meta WHERE name=?");
  missing.bind(1, names_missing);
  if (!missing.step()) return sql_->status();
  missing.begin();
  begin();
  Statement items(*sql_, "SELECT seq, id, sha256, state, facts FROM item NOT INDEXED WHERE sop_key<>0 ORDER BY seq");
  Statement set(*sql_, "UPDATE item SET sop_key=?, label_key=? WHERE seq=?");
  while (items.step()) {
    core::Item item;
    copy_fixed(items.blob(1), item.id.bytes);
    if (!facts_.open(items.blob(4), item)) continue;  // only its tombstone is known
    const std::int64_t label = keys_.of(core::commanded_as(item.facts));
    if (label == 0) continue;
    Candidate one;
    one.seq = items.number(0);
    one.sop_key = keys_.of(core::kept_as(item.facts));
    copy_fixed(items.blob(2), one.sha256);
    set.begin().bind(1, one.sop_key).bind(2, label).bind(3, one.seq).run();
    if (static_cast<ItemState>(items.number(3)) == ItemState::living) hold_rival(one);
  }
  items.begin();
  use_->meta_forget.bind(1, names_missing).run();
  return commit();
}

// A tombstone of an earlier version names the command of what is gone, and may be all that is known of it.
bool Ledger::another_was_commanded(const IndexedItem& indexed) {
  const std::int64_t label = keys_.of(core::commanded_as(indexed.item.facts));
  if (label == 0) return false;
  if (another_is_buried(label, indexed)) return true;
  Statement gone(*sql_, "SELECT 1 FROM item WHERE sop_key=?1 AND sop_key<>0 AND state=2 AND coalesce(length(facts),0)=0 AND sha256<>?2 LIMIT 1");
  return gone.bind(1, label).bind(2, ByteView(indexed.item.sha256)).step();
}

// An archive keeps one image of a name, and may answer success for every other.
void Ledger::hold_rival(const Candidate& candidate) {
  if (!has_rival(candidate)) return;
  std::vector<int> destinations;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, candidate.seq); rows.step();) destinations.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : destinations) {
    const auto found = delivery(candidate.seq, destination);
    if (found && found->counted.state == static_cast<int>(core::DeliveryState::waiting))
      move(*found, static_cast<int>(core::DeliveryState::on_hold), found->counted.level, content_differs, found->counted.received_ms);
  }
}

}  // namespace sampan::queue
