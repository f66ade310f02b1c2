// SPDX-License-Identifier: Apache-2.0
// Copies of an image that is here, which are owed to more than it is, or sooner: that is handed over before they go.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>

#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"
#include "queue/store.h"
#include "queue/twenty_digits.h"

namespace sampan::queue {

static constexpr std::size_t copies_per_step = 128;

static std::string owing_name(Sequence copy) { return "owing " + twenty_digits(static_cast<std::uint64_t>(copy)); }

void Ledger::keep_owing(Sequence copy) {
  const std::string name = owing_name(copy);
  use_->meta_set.bind(1, std::string_view(name)).bind(2, 1).run();
  ++owing_;
}

bool Ledger::is_owing(Sequence copy) {
  if (owing_ == 0) return false;
  const std::string name = owing_name(copy);
  auto& get = use_->meta_get.begin().bind(1, std::string_view(name));
  const bool owing = get.step() || !sql_->status();
  get.begin();
  return owing;
}

void Ledger::forget_owing(Sequence copy) {
  const std::string name = owing_name(copy);
  use_->meta_forget.bind(1, std::string_view(name)).run();
  owing_ -= sql_->changes();
}

std::vector<Sequence> Ledger::owing(Sequence after, std::size_t copies_max) {
  std::vector<Sequence> found;
  if (owing_ == 0) return found;
  const std::string name = owing_name(after);
  Statement rows(*sql_, "SELECT name FROM meta WHERE name>?1 AND name<'owing!' ORDER BY name LIMIT ?2");
  for (rows.bind(1, std::string_view(name)).bind(2, static_cast<std::int64_t>(copies_max)); rows.step();)
    found.push_back(std::strtoll(rows.text(0).c_str() + std::strlen("owing "), nullptr, 10));
  return found;
}

Ledger::Heirs Ledger::heirs_of(Sequence copy) {
  Statement self(*sql_, "SELECT state, reason=?2, id FROM item WHERE seq=?1");
  Statement others(*sql_, "SELECT o.seq, o.reason=?2, o.id, o.sha256=i.sha256 FROM item i JOIN item o ON o.state=1 AND "
                          "(o.id=i.id OR (o.sop_key=i.sop_key AND o.sop_key<>0)) WHERE i.seq=?1 ORDER BY o.sha256<>i.sha256, o.seq");
  Heirs heirs;
  bool undecided = false;
  const auto take = [&](Sequence seq, Statement& row) {
    if (row.number(1) != 0) return void(undecided = true);
    Heirs::Heir& heir = heirs.items.emplace_back(Heirs::Heir{seq, {}});
    copy_fixed(row.blob(2), heir.id.bytes);
  };
  const auto state = self.bind(1, copy).bind(2, being_compared).step() ? static_cast<ItemState>(self.number(0)) : ItemState::duplicate_gone;
  heirs.over = state != ItemState::living && state != ItemState::duplicate;
  if (state == ItemState::living) take(copy, self);
  bool equal = false;  // they come first, and then no other counts
  others.bind(1, copy).bind(2, being_compared);
  while (state == ItemState::duplicate && others.step() && (!equal || others.number(3) != 0)) {
    equal = others.number(3) != 0;
    take(others.number(0), others);
  }
  heirs.later = heirs.items.empty() && undecided;
  return heirs;
}

static bool lets_go(const Note& note, const core::Item& item) {
  const auto* stone = std::get_if<TombstoneNote>(&note);
  return stone != nullptr && stone->why == TombstoneReason::duplicate && stone->sha256 == item.sha256;
}

// It is an image like any other again; what else was said of it stands.
void Ledger::forget_let_go(const core::Item& item) {
  std::vector<std::int64_t> numbers;
  Statement rows(*sql_, "SELECT number, note FROM orphan WHERE item=? AND type=3");
  for (rows.bind(1, ByteView(item.id.bytes)); rows.step();)
    if (std::ranges::any_of(decode_notes(Type::tombstones, rows.blob(1)), [&](const Note& note) { return lets_go(note, item); })) numbers.push_back(rows.number(0));
  rows.begin();
  Statement drop(*sql_, "DELETE FROM orphan WHERE number=?");
  for (const std::int64_t number : numbers) drop.begin().bind(1, number).run();
  orphans_ -= static_cast<std::int64_t>(numbers.size());
}

// A copy that was let go and is still on the disk: what it owed was handed over, whatever became of what it was a copy of. Where
// that is damaged, or may be what did not read, and nothing else has these bytes, they are all that is left of the image.
bool Ledger::was_spare(const core::Item& item, std::int64_t sop_key) {
  const auto notes = orphans_of(item.id);
  if (std::ranges::none_of(notes, [&](const Note& note) { return lets_go(note, item); })) return false;
  const bool may_be_missing = sop_key != 0 && misses_nameless() && !is_stood_for(sop_key, item);
  if (may_be_missing || is_missing(sop_key, item.sha256)) return forget_let_go(item), false;
  use_->orphan_delete.bind(1, ByteView(item.id.bytes)).run();
  orphans_ -= static_cast<std::int64_t>(notes.size());
  return true;
}

// Read behind the copy, in a segment of notes that an earlier start could not read.
void Ledger::owe_by(const DutyNote& note, Sequence copy) {
  keep_orphan(note, 0);
  keep_owing(copy);
}

// The notes in their order: the last one stands. What took the place of a damaged one has its deliveries in the ledger alone.
Ledger::Debt Ledger::owed_by(const core::Item& copy, std::span<const std::string> recorded) {
  std::set<std::string> owed(recorded.begin(), recorded.end());
  core::Priority priority = copy.priority;
  for (const Note& note : orphans_of(copy.id)) {
    if (const auto* duty = std::get_if<DutyNote>(&note)) {
      owed.insert(duty->destinations.begin(), duty->destinations.end());
      priority = std::min(priority, duty->priority.value_or(priority));
    } else if (const auto* release = std::get_if<ReleaseNote>(&note)) {
      owed.erase(release->destination);
    }
  }
  Statement took(*sql_, "SELECT d.name FROM item i JOIN delivery v ON v.seq=i.seq JOIN destination d ON d.number=v.destination WHERE i.id=? AND i.state=1 AND d.name<>''");
  for (took.bind(1, ByteView(copy.id.bytes)); took.step();) owed.insert(took.text(0));
  return {{owed.begin(), owed.end()}, priority};
}

bool Ledger::owes_more(const IndexedItem& indexed, std::span<const std::string> destinations) {
  const Heirs heirs = heirs_of(indexed.seq);
  const Debt debt = owed_by(indexed.item, destinations);
  return heirs.later || std::ranges::any_of(heirs.items, [&](const Heirs::Heir& heir) { return bool(lack(heir.seq, debt.owed, debt.priority)); });
}

void Ledger::stand_alone(Sequence copy, const core::Item& item, std::span<const std::string> destinations) {
  const IndexedItem indexed{copy, record_bytes_of(copy), item};
  Statement leave(*sql_, "DELETE FROM item WHERE seq=?");
  leave.bind(1, copy).run();
  tallies_.item(ItemState::duplicate, -1, -static_cast<std::int64_t>(item.size));
  add(indexed, destinations, false);
}

// Only ever to a higher class, and not where a person ordered one for the exam.
void Ledger::raise(Sequence seq, core::Priority priority) {
  Statement row(*sql_, "SELECT id, facts, study_key, priority FROM item WHERE seq=? AND state=1");
  if (!row.bind(1, seq).step() || orders_of(row.number(2)).priority) return;
  const int value = static_cast<int>(priority);
  Statement rank(*sql_, "UPDATE delivery SET rank=?2+10*?3+rank%10 WHERE seq=?1 AND state IN (1,2) AND rank>=?4");
  rank.bind(1, seq).bind(2, rank_of_images).bind(3, value).bind(4, rank_above(priority)).run();
  core::Item item;
  copy_fixed(row.blob(0), item.id.bytes);
  if (row.number(3) <= value || !facts_.open(row.blob(1), item)) return;
  row.begin();
  item.priority = priority;
  Statement set(*sql_, "UPDATE item SET priority=?2, facts=?3 WHERE seq=?1");
  set.bind(1, seq).bind(2, value).bind(3, ByteView(facts_.seal(item))).run();
}

// A rebuild would know nothing of these.
static void add_unrecorded(std::vector<std::string>& noted, std::span<const std::string> owed, std::span<const std::string> recorded) {
  const auto among = [](std::span<const std::string> names, const std::string& name) { return std::ranges::find(names, name) != names.end(); };
  for (const std::string& name : owed)
    if (!among(recorded, name) && !among(noted, name)) noted.push_back(name);
}

void Store::hand_over(Sequence copy, std::deque<Pending>& duties, std::deque<PendingChange>& done) {
  const auto heirs = ledger_->heirs_of(copy);
  if (heirs.later) return;
  const auto stored = heirs.over ? std::nullopt : read_stored(copy);
  if (!stored && !heirs.over) return;  // the disk does not read; asked again at the next tick
  const auto recorded = !stored ? std::vector<std::string>{} : stored->owed ? *stored->owed : parts_.decisions.route(stored->item);
  const auto debt = stored ? ledger_->owed_by(stored->item, recorded) : Ledger::Debt{};
  std::deque<Pending> found;
  for (const auto& heir : heirs.items) {
    auto lack = ledger_->lack(heir.seq, debt.owed, debt.priority);
    if (heir.seq == copy) add_unrecorded(lack.destinations, debt.owed, recorded);
    if (lack) found.push_back({DutyNote{heir.id, parts_.clock.wall(), std::move(lack.destinations), debt.priority}, nullptr});
  }
  if (!ledger_->status()) return;  // what it did not answer reads as if the copy were gone and owed nothing
  std::ranges::move(found, std::back_inserter(duties));
  const bool alone = stored && heirs.items.empty();
  done.push_back({[=](Ledger& ledger) {
    ledger.forget_owing(copy);
    if (alone) ledger.stand_alone(copy, stored->item, recorded);
  }, nullptr});
}

// False when some of it could not be written: then nothing is buried.
bool Store::hand_over_all() {
  copies_came_ = false;
  Sequence after = 0;
  for (auto copies = ledger_->owing(after, copies_per_step); !copies.empty(); copies = ledger_->owing(after, copies_per_step)) {
    after = copies.back();
    std::deque<Pending> duties;
    std::deque<PendingChange> done;
    for (const Sequence copy : copies) hand_over(copy, duties, done);
    if (!write_and_apply(duties, done)) return false;
    if (!done.empty()) parts_.changed();
  }
  return true;
}

}  // namespace sampan::queue
