// SPDX-License-Identifier: Apache-2.0
// How items and notes change the ledger: admission, deliveries, receipts, tombstones, verdicts.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "core/instance_name.h"
#include "core/limits.h"
#include "queue/ledger.h"
#include "queue/ledger_duties.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

using core::DeliveryState;
using core::Fact;

namespace {

constexpr int code(DeliveryState state) { return static_cast<int>(state); }

// "via <name>: <node>", as the scheduler writes it; empty for another node.
std::string_view fallback_of(std::string_view node) {
  constexpr std::string_view via = "via ";
  const auto end = node.find(": ");
  return node.starts_with(via) && end != node.npos ? node.substr(via.size(), end - via.size()) : std::string_view();
}

// Alarms before images; then by priority; what a rebuild found again after what is new.
std::int64_t rank_of(core::Kind kind, core::Priority priority, bool rebuilt) {
  return (core::traits(kind).before_images ? 0 : rank_of_images) + static_cast<int>(priority) * 10 + (rebuilt ? 5 : 0);
}

}  // namespace

Admission Ledger::add(const IndexedItem& indexed, std::span<const std::string> destinations, bool rebuilt) {
  forget_seen_of(indexed);
  if (knows(indexed)) return Admission::fresh;
  const auto sop_key = keys_.of(core::kept_as(indexed.item.facts));
  Earlier earlier;
  const Admission admission = compare(indexed, sop_key, earlier);
  const std::int64_t exam = keys_.of(exam_name(indexed.item));
  std::int64_t order = indexed.seq;
  if (exam != 0) {
    auto& study = use_->item_by_study.begin().bind(1, exam);
    if (study.step() && study.number(0) != 0) order = study.number(0);
    study.begin();
  }
  if (was_spare(indexed.item, sop_key)) {
    insert_item(indexed, exam, order, ItemState::duplicate_gone, "");
    return Admission::duplicate;
  }
  if (admission == Admission::duplicate) {
    insert_item(indexed, exam, order, ItemState::duplicate, "the same bytes are here already");
    if (owes_more(indexed, destinations) && !has_tombstone(indexed.item.id)) keep_owing(indexed.seq);
    return admission;
  }
  if (admission == Admission::undecided) {
    insert_item(indexed, exam, order, ItemState::living, being_compared);
    put_off(indexed.seq, rebuilt);
    return admission;
  }
  const std::string_view differs = admission == Admission::conflict            ? content_differs
                                   : indexed.item.facts.has(core::Fact::unread) ? content_unread
                                                                          : "";
  insert_item(indexed, exam, order, ItemState::living, differs);
  if (earlier.damaged) take_place(indexed, sop_key, differs);
  admit(indexed, exam, order, destinations, differs, rebuilt);
  if (earlier.gone != 0) follow(indexed, earlier.gone);
  heal_ranges(indexed, sop_key);
  return admission;
}

void Ledger::admit(const IndexedItem& indexed, std::int64_t exam, std::int64_t study_order, std::span<const std::string> destinations,
                   std::string_view differs, bool rebuilt) {
  if (exam != 0) note_exam(indexed, exam);
  open_deliveries(indexed, exam, study_order, destinations, differs, rebuilt);
  if (orphans_ > 0) apply_orphans(indexed.item.id, run_ms());
}

// The record was read before; what became of it since stands.
bool Ledger::knows(const IndexedItem& indexed) {
  auto& rows = use_->item_by_id;
  bool known = false;
  for (rows.begin().bind(1, ByteView(indexed.item.id.bytes)); rows.step();) known = known || rows.number(0) == indexed.seq;
  rows.begin();
  return known;
}

// One that is gone answers for nothing but its own id: what comes again is kept again.
Admission Ledger::compare(const IndexedItem& indexed, std::int64_t sop_key, Earlier& earlier) {
  bool same = false, other = false;
  const auto equals = [&](ByteView digest) {
    return digest.size() == 32 && std::memcmp(digest.data(), indexed.item.sha256.data(), 32) == 0;
  };
  auto& by_id = use_->item_by_id.begin().bind(1, ByteView(indexed.item.id.bytes));
  while (by_id.step()) {
    const auto state = static_cast<ItemState>(by_id.number(2));
    const bool equal = equals(by_id.blob(1));
    if (state == ItemState::living || state == ItemState::reclaimed) (equal ? same : other) = true;
    earlier.damaged = earlier.damaged || (equal && state == ItemState::quarantined);
  }
  by_id.begin();
  if (same) return Admission::duplicate;
  if (sop_key == 0) return other ? Admission::conflict : Admission::fresh;
  bool comparable = false;
  auto& rows = use_->item_by_sop.begin().bind(1, sop_key).bind(2, indexed.seq);
  while (rows.step()) {
    const bool equal = equals(rows.blob(0));
    const auto state = static_cast<ItemState>(rows.number(2));
    earlier.damaged = earlier.damaged || (equal && state == ItemState::quarantined);
    if (state == ItemState::quarantined) continue;  // nothing can be compared with it
    if (equal && state == ItemState::reclaimed)
      earlier.gone = std::max(earlier.gone, rows.number(1));
    else
      (equal ? same : other) = true;
    comparable = comparable || (!equal && state == ItemState::living);
  }
  rows.begin();
  if (same) return Admission::duplicate;
  if (comparable && tell_undecided_) return Admission::undecided;
  other = other || another_is_buried(sop_key, indexed) || another_was_commanded(indexed);
  if (other) earlier.gone = 0;  // an answer that names the UID proves neither
  return other ? Admission::conflict : Admission::fresh;
}

void Ledger::insert_item(const IndexedItem& indexed, std::int64_t exam, std::int64_t study_order, ItemState state,
                         std::string_view reason) {
  const core::Item& item = indexed.item;
  const std::int64_t sop_key = keys_.of(core::kept_as(item.facts));
  auto& row = use_->item_insert;
  row.bind(1, indexed.seq).bind(2, ByteView(item.id.bytes)).bind(3, static_cast<std::int64_t>(indexed.record_bytes));
  row.bind(4, static_cast<int>(item.kind)).bind(5, static_cast<int>(item.priority)).bind(6, static_cast<std::int64_t>(item.size));
  row.bind(7, ByteView(item.sha256)).bind(8, item.received.ms).bind(9, sop_key);
  row.bind(10, exam).bind(11, study_order);
  row.bind(12, keys_.of_class(item.facts.get(Fact::sop_class_uid), item.facts.get(Fact::transfer_syntax_uid)));
  row.bind(13, static_cast<int>(state)).bind(14, reason).bind(15, ByteView(facts_.seal(item)));
  row.bind(16, keys_.of(core::commanded_as(item.facts))).run();
  tallies_.item(state, 1, static_cast<std::int64_t>(item.size));
}

void Ledger::open_deliveries(const IndexedItem& indexed, std::int64_t exam, std::int64_t study_order,
                             std::span<const std::string> destinations, std::string_view differs, bool rebuilt) {
  const core::Item& item = indexed.item;
  const ExamOrders orders = orders_of(exam);
  std::set<int> owed = orders.owed;
  for (const auto& destination : destinations) owed.insert(destination_number(destination));
  if (owed.empty() && exam != 0) owed.insert(destination_number(std::string(nobody)));
  Duty duty{indexed.seq, exam, item.kind, orders.priority.value_or(item.priority), study_order, 0, static_cast<std::int64_t>(item.size),
            item.received.ms, differs, rebuilt};
  duty.class_key = keys_.of_class(item.facts.get(Fact::sop_class_uid), item.facts.get(Fact::transfer_syntax_uid));
  for (const int destination : owed) open_delivery(duty, destination, orders, item.received);
}

void Ledger::open_delivery(const Duty& duty, int destination, const ExamOrders& orders, WallTime time) {
  const bool held = orders.holds(destination);
  CountedDelivery counted{duty.exam, destination, code(!duty.differs.empty() || held ? DeliveryState::on_hold : DeliveryState::waiting), 0,
                          duty.size, duty.received_ms, rank_of(duty.kind, duty.priority, duty.rebuilt), {}};
  counted.reason = !duty.differs.empty() ? duty.differs : held ? exam_held : "";
  auto& row = use_->delivery_insert;
  row.bind(1, destination).bind(2, counted.state).bind(3, counted.rank).bind(4, duty.study_order).bind(5, duty.seq);
  row.bind(6, duty.class_key).bind(7, duty.size).bind(8, duty.received_ms).bind(9, std::string_view(counted.reason)).run();
  if (sql_->changes() > 0) tallies_.enter(counted, time.ms);
}

// An item whose stored copy was damaged and that came again is here twice, under one id: what is said of it is about the
// living one.
Sequence Ledger::find(const Uuid& item, const Digest* sha256) {
  auto& rows = use_->item_by_id.begin().bind(1, ByteView(item.bytes));
  Sequence found = 0;
  for (bool living = false; !living && rows.step();) {
    const ByteView digest = rows.blob(1);
    if (sha256 != nullptr && (digest.size() != 32 || std::memcmp(digest.data(), sha256->data(), 32) != 0)) continue;
    living = static_cast<ItemState>(rows.number(2)) == ItemState::living;
    if (found == 0 || living) found = rows.number(0);
  }
  rows.begin();
  return found;
}

// The content it speaks of, where it says so: another one under the same id is not meant.
static const Digest* content_of(const Note& note) {
  if (const auto* receipt = std::get_if<ReceiptNote>(&note)) return &receipt->receipt.sha256;
  const auto* tombstone = std::get_if<TombstoneNote>(&note);
  return tombstone != nullptr ? &tombstone->sha256 : nullptr;
}

void Ledger::keep_orphan(const Note& note, std::int64_t sop_key) {
  Bytes encoded;
  encode(note, encoded);
  auto& insert = use_->orphan_insert.bind(1, ByteView(item_of(note).bytes)).bind(2, static_cast<int>(type_of(note)));
  insert.bind(3, ByteView(encoded)).bind(4, sop_key).run();
  ++orphans_;
}

void Ledger::apply(const Note& note, std::int64_t run_ms) {
  if (const auto* order = std::get_if<OrderNote>(&note)) return apply_order(*order);
  if (const auto* promise = std::get_if<PromiseNote>(&note)) return apply_promise(*promise, run_ms);
  if (const auto* seen = std::get_if<SeenNote>(&note)) return apply_seen(*seen);
  const Uuid item = item_of(note);
  const auto* tombstone = std::get_if<TombstoneNote>(&note);
  const Sequence seq = find(item, content_of(note));
  if (seq == 0) {
    keep_orphan(note, tombstone != nullptr && tombstone->why == TombstoneReason::reclaimed ? tombstone->sop_key : 0);
  } else if (const auto* receipt = std::get_if<ReceiptNote>(&note)) {
    apply_receipt(*receipt, seq, run_ms);
  } else if (tombstone != nullptr) {
    apply_tombstone(*tombstone, seq);
  } else if (const auto* duty = std::get_if<DutyNote>(&note)) {
    apply_duty(*duty, seq);
  } else if (const auto* release = std::get_if<ReleaseNote>(&note)) {
    apply_release(*release, seq);
  } else {
    apply_verdict(std::get<VerdictNote>(note), seq);
  }
}

// Whose delivery a receipt or a verdict speaks of.
static const std::string* settled_by(const Note& note) {
  if (const auto* receipt = std::get_if<ReceiptNote>(&note)) return &receipt->destination;
  const auto* verdict = std::get_if<VerdictNote>(&note);
  return verdict != nullptr ? &verdict->destination : nullptr;
}

// A duty that was given later takes back a release of the same destination, and is somebody for what another one kept. What
// was said before that release is of a delivery that ended with it: the duty began another.
static void without_taken_back(std::vector<Note>& notes) {
  std::set<std::string> given, begun_anew;
  bool some = false;
  for (auto note = notes.end(); note != notes.begin();) {
    --note;
    if (const auto* duty = std::get_if<DutyNote>(&*note)) {
      given.insert(duty->destinations.begin(), duty->destinations.end());
      some = some || !duty->destinations.empty();
    } else if (auto* release = std::get_if<ReleaseNote>(&*note)) {
      release->kept = release->kept && !some;
      if (!given.contains(release->destination)) continue;
      begun_anew.insert(release->destination);
      note = notes.erase(note);
    } else if (const auto* destination = settled_by(*note); destination != nullptr && begun_anew.contains(*destination)) {
      note = notes.erase(note);
    }
  }
}

void Ledger::apply_orphans(const Uuid& item, std::int64_t run_ms) {
  std::vector<Note> notes = orphans_of(item);
  if (notes.empty()) return;
  use_->orphan_delete.bind(1, ByteView(item.bytes)).run();
  orphans_ -= static_cast<std::int64_t>(notes.size());
  without_taken_back(notes);
  // What was written anew stands behind what speaks of the delivery it opens.
  std::stable_partition(notes.begin(), notes.end(), [](const Note& note) { return std::holds_alternative<DutyNote>(note); });
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

Ledger::Found Ledger::read_found(Statement& row) {
  Ledger::Found found;
  CountedDelivery& counted = found.counted;
  counted.exam = row.number(0);
  counted.destination = static_cast<int>(row.number(1));
  counted.state = static_cast<int>(row.number(2));
  counted.level = static_cast<int>(row.number(3));
  counted.bytes = row.number(4);
  counted.received_ms = row.number(5);
  counted.rank = row.number(6);
  counted.reason = row.text(7);
  found.seq = row.number(8);
  found.item = static_cast<ItemState>(row.number(9));
  return found;
}

std::optional<Ledger::Found> Ledger::delivery(Sequence seq, int destination) {
  auto& row = use_->delivery_get.begin().bind(1, seq).bind(2, destination);
  std::optional<Found> found;
  if (row.step()) found = read_found(row);
  row.begin();
  return found;
}

void Ledger::each_unsettled(std::int64_t exam, int destination, const std::function<void(const Found&)>& each) {
  auto& items = use_->item_of_exam;
  std::vector<Found> found;  // of one item, so that no row is changed while rows are read
  for (items.begin().bind(1, exam); items.step();) {
    auto& rows = use_->delivery_unsettled;
    for (rows.begin().bind(1, items.number(0)).bind(2, destination); rows.step();) found.push_back(read_found(rows));
    rows.begin();
    for (const Found& one : found) each(one);
    found.clear();
  }
  items.begin();
}

void Ledger::move(const Found& found, int state, int level, std::string_view reason, std::int64_t at_ms) {
  auto& set = use_->delivery_move;
  set.bind(1, state).bind(2, level).bind(3, reason).bind(4, found.seq).bind(5, found.counted.destination).run();
  CountedDelivery after = found.counted;
  after.state = state;
  after.level = level;
  after.reason = reason;
  tallies_.leave(found.counted);
  tallies_.enter(after, at_ms);
}

void Ledger::apply_receipt(const ReceiptNote& note, Sequence seq, std::int64_t run_ms) {
  const int destination = destination_number(note.destination);
  const auto found = delivery(seq, destination);
  if (!found) return;
  const int state = found->counted.state, level = static_cast<int>(note.receipt.level);
  const bool done = state == code(DeliveryState::delivered) || state == delivery_closed;
  if (done && found->counted.level >= level) return;
  auto& set = use_->delivery_receipt;
  const std::int64_t first_question = note.receipt.time.ms + Millis(core::limits::proof_wait_least).count();
  const std::string_view fallback = fallback_of(note.receipt.node);
  set.bind(1, std::string_view(note.receipt.node)).bind(2, run_ms).bind(3, first_question).bind(4, seq).bind(5, destination);
  set.bind(6, fallback.empty() ? destination : destination_number(std::string(fallback))).run();
  move(*found, done ? state : code(DeliveryState::delivered), level, "", note.receipt.time.ms);
}

void Ledger::apply_tombstone(const TombstoneNote& note, Sequence seq) {
  // A ledger that a power cut took back may still have it to be compared with what it was found to repeat since.
  if (forget_undecided(seq) && note.why == TombstoneReason::duplicate)
    use_->item_state.bind(1, static_cast<int>(ItemState::duplicate_gone)).bind(2, "").bind(3, seq).run();
  else
    use_->item_close.bind(1, seq).run();
  if (note.why == TombstoneReason::shed) forget_name(seq);
  if (note.why == TombstoneReason::reclaimed) heal_ranges(note.sop_key, note.sha256, note.time);
  std::vector<int> destinations;
  auto& rows = use_->deliveries_of;
  for (rows.begin().bind(1, seq); rows.step();) destinations.push_back(static_cast<int>(rows.number(4)));
  rows.begin();
  for (const int destination : destinations)
    if (const auto found = delivery(seq, destination); found && found->counted.state != delivery_closed)
      move(*found, delivery_closed, found->counted.level, found->counted.reason, note.time.ms);
}

void Ledger::apply_verdict(const VerdictNote& note, Sequence seq) {
  const int destination = destination_number(note.destination);
  const auto found = delivery(seq, destination);
  if (!found || found->counted.state == delivery_closed) return;
  const bool anew = note.state == DeliveryState::waiting;
  if (anew && found->item != ItemState::living) return;  // there is nothing to send
  // What is sent again because the next hop lost it waits a while, longer each time, so that one who loses everything is not
  // fed without end. A person's word begins the count anew. A note that is read again after a start is not counted twice.
  const std::int64_t pause = anew && !note.reason.empty() ? Millis(core::limits::resend_pause).count() : 0;
  use_->delivery_anew.bind(1, pause).bind(2, note.time.ms).bind(3, seq).bind(4, destination).run();
  if (anew && orders_of(found->counted.exam).holds(destination))
    return move(*found, code(DeliveryState::on_hold), 0, exam_held, note.time.ms);
  move(*found, code(note.state), anew ? 0 : found->counted.level, note.reason, note.time.ms);
}

void Ledger::postpone(Sequence seq, const std::string& destination, unsigned attempts, WallTime not_before,
                      std::string_view reason) {
  auto& set = use_->delivery_postpone;
  set.bind(1, static_cast<std::int64_t>(attempts)).bind(2, not_before.ms).bind(3, reason).bind(4, seq);
  set.bind(5, destination_number(destination)).run();
}

bool Ledger::is_unanswered_again(Sequence seq, const std::string& destination) {
  Statement ask(*sql_, "SELECT 1 FROM delivery WHERE seq=? AND destination=? AND state=3 AND again=2");
  return ask.bind(1, seq).bind(2, destination_number(destination)).step();
}

void Ledger::ask_later(Sequence seq, const std::string& destination, unsigned asked, WallTime not_before, WallTime now) {
  auto& set = use_->delivery_ask_later;
  set.bind(1, static_cast<std::int64_t>(asked)).bind(2, not_before.ms).bind(3, seq).bind(4, destination_number(destination)).run();
  // What came again is told by nobody to be there: sent once too often it does no harm, asked about for ever it would.
  if (asked >= core::limits::missing_answers_max && is_unanswered_again(seq, destination))
    apply_verdict({Uuid{}, DeliveryState::waiting, now, destination, {}}, seq);
}

void Ledger::held_again(Sequence seq, const std::string& destination) {
  use_->delivery_held_again.bind(1, seq).bind(2, destination_number(destination)).run();
}

// The newest of what is archived there, and of that the next ones below a place; gives the place of the last.
Sequence Ledger::ask_again(const std::string& asked_of, Sequence before, std::size_t items_max, WallTime now) {
  Statement rows(*sql_, "SELECT seq, destination FROM delivery WHERE state=3 AND level=2 AND again=0 AND asked_of=?1 AND seq<?2 ORDER BY seq DESC LIMIT ?3");
  rows.bind(1, destination_number(asked_of)).bind(2, before).bind(3, static_cast<std::int64_t>(items_max));
  std::vector<std::pair<Sequence, std::int64_t>> found;
  while (rows.step()) found.emplace_back(rows.number(0), rows.number(1));
  rows.begin();
  for (const auto& [seq, destination] : found) use_->delivery_ask_again.bind(1, now.ms).bind(2, seq).bind(3, destination).run();
  return found.size() < items_max ? 0 : found.back().first;
}

void Ledger::set_round(const std::string& asked_of, Sequence before, std::int64_t begun_run_ms) {
  Statement set(*sql_, "INSERT OR REPLACE INTO round VALUES(?,?,?)");
  set.bind(1, destination_number(asked_of)).bind(2, before).bind(3, begun_run_ms).run();
}

void Ledger::begin_commitment(std::string_view transaction_uid, const std::string& destination, WallTime now) {
  // What is far ahead was begun by a clock that was wrong, and would outlive everything.
  constexpr std::int64_t kept_ms = Millis(core::limits::commitment_kept).count();
  auto& forget = use_->commitment_forget.bind(1, now.ms - kept_ms).bind(3, now.ms + kept_ms);
  forget.bind(2, static_cast<std::int64_t>(core::limits::commitments_kept) - 2).run();
  use_->commitment_begin.bind(1, transaction_uid).bind(2, destination_number(destination)).bind(3, now.ms).run();
}

// None where nothing has its bytes and one of its name is damaged: that may be the one.
std::vector<Sequence> Ledger::originals_of(Sequence duplicate) {
  std::vector<Sequence> found;
  auto& rows = use_->originals_of;
  for (rows.begin().bind(1, duplicate); rows.step();) found.push_back(rows.number(0));
  rows.begin();
  return found;
}

void Ledger::close(Sequence seq) { use_->item_close.bind(1, seq).run(); }

}  // namespace sampan::queue
