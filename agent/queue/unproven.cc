// SPDX-License-Identifier: Apache-2.0
#include "queue/unproven.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "core/limits.h"
#include "core/nodes.h"
#include "queue/store.h"
#include "queue/taken_rows.h"

namespace sampan::queue {
namespace {

namespace limits = core::limits;

const std::string columns = "SELECT v.seq, v.attempts, i.id, i.sha256, i.size, i.facts, d.name, v.node, v.resends, v.again ";
// Where two items of one SOP Instance UID differ, an answer that names the UID proves neither: a person decides.
const std::string unproven =
    "FROM delivery v JOIN item i ON i.seq=v.seq JOIN destination d ON d.number=v.destination WHERE v.state=3 AND (v.level=1 OR v.again=1) "
    "AND i.state=1 AND i.kind=1 "
    "AND NOT EXISTS(SELECT 1 FROM item o WHERE o.sop_key=i.sop_key AND o.sop_key<>0 AND o.seq<>i.seq AND o.state IN (1,2,3) "
    "AND o.sha256<>i.sha256) ";
const std::string asked_of = "v.asked_of=(SELECT number FROM destination WHERE name=?1) ";

const std::string round_of = "SELECT r.before, r.begun_run_ms FROM round r JOIN destination d ON d.number=r.asked_of WHERE d.name=?";

constexpr std::int64_t looked_at_most = 2000;
constexpr auto begun_looked_for_every = std::chrono::milliseconds(10);

}  // namespace

UnprovenItem Unproven::read(Statement& row) {
  UnprovenItem one;
  one.seq = row.number(0);
  one.asked = static_cast<unsigned>(row.number(1));
  copy_fixed(row.blob(2), one.item.id.bytes);
  copy_fixed(row.blob(3), one.item.sha256);
  one.item.size = static_cast<std::uint64_t>(row.number(4));
  one.owed_to = row.text(6);
  one.node = row.text(7);
  one.resends = static_cast<unsigned>(row.number(8));
  one.again = row.number(9) == 1;
  const std::lock_guard lock(facts_mutex_);
  static_cast<void>(facts_.open(row.blob(5), one.item));
  return one;
}

Unproven::Due Unproven::due(const std::string& destination, std::size_t items_max) {
  const std::int64_t now = clock_.wall().ms;
  const std::int64_t jumped = now + Millis(limits::proof_wait_most).count();  // beyond it a clock was set, nobody waits so long
  Due due;
  if (store_.waiting() > limits::notes_waiting_max) {
    due.due_in = limits::proof_wait_least;
    return due;
  }
  const std::lock_guard lock(asked_->mutex);
  Question question(view_);
  const auto take = [&](const char* range, std::int64_t from) {
    Statement rows = question.ask(columns + unproven + "AND " + asked_of + "AND " + range + " ORDER BY v.not_before_ms LIMIT ?3");
    rows.bind(1, std::string_view(destination)).bind(2, from).bind(3, static_cast<std::int64_t>(items_max + asked_->all.size()));
    while (due.items.size() < items_max && rows.step()) {
      if (asked_->all.contains({rows.text(6), rows.number(0)})) continue;
      due.items.push_back(read(rows));
    }
  };
  take("v.not_before_ms<=?2", now);
  if (due.items.empty()) take("v.not_before_ms>?2", jumped);
  for (const auto& one : due.items) asked_->all.emplace(one.owed_to, one.seq);
  if (!due.items.empty()) return due;
  if (!question.good()) {  // it did not answer, and nobody may take that for "nothing"
    due.due_in = limits::proof_wait_least;
    return due;
  }
  Statement next = question.ask("SELECT min(not_before_ms) FROM delivery v WHERE state=3 AND (level=1 OR again=1) AND " + asked_of + "AND not_before_ms>?2");
  next.bind(1, std::string_view(destination)).bind(2, now);
  if (next.step() && next.number(0) > now) due.due_in = Millis(next.number(0) - now);
  if (!question.good()) due.due_in = limits::proof_wait_least;
  return due;
}

// When what was learnt of them stands: asked about before that, they would be asked about again and again.
void Unproven::done(const std::vector<UnprovenItem>& items) {
  std::vector<std::pair<std::string, Sequence>> answered;
  for (const auto& one : items) answered.emplace_back(one.owed_to, one.seq);
  store_.change([](Ledger&) {}, [asked = asked_, answered] {
    const std::lock_guard lock(asked->mutex);
    for (const auto& one : answered) asked->all.erase(one);
  });
}

void Unproven::archived(const UnprovenItem& item, const core::Receipt& receipt) {
  if (!item.again) {
    ReceiptNote note{receipt, item.owed_to};
    const auto said = item.node.find(": ");  // in whose place it stands is kept
    if (item.node.starts_with("via ") && said != item.node.npos) note.receipt.node = item.node.substr(0, said + 2) + receipt.node;
    return store_.note(std::move(note), nullptr);
  }
  store_.change([seq = item.seq, owed_to = item.owed_to](Ledger& ledger) { ledger.held_again(seq, owed_to); });
}

void Unproven::send_again(const UnprovenItem& item, std::string_view reason) {
  store_.note(VerdictNote{item.item.id, core::DeliveryState::waiting, clock_.wall(), item.owed_to, std::string(reason)}, nullptr);
}

void Unproven::ask_later(const UnprovenItem& item, Millis wait) {
  const WallTime now = clock_.wall(), not_before{now.ms + wait.count()};
  store_.change([owed_to = item.owed_to, seq = item.seq, asked = item.asked + 1, not_before, now](Ledger& ledger) {
    ledger.ask_later(seq, owed_to, asked, not_before, now);
  });
}

void Unproven::ask_newest_again(const std::string& destination) {
  store_.change([destination, now = clock_.wall()](Ledger& ledger) {
    ledger.ask_again(destination, INT64_MAX, limits::recheck_newest, now);
  });
}

void Unproven::begin_round(const std::string& destination) {
  store_.change([destination, run_ms = store_.run_ms_now()](Ledger& ledger) { ledger.set_round(destination, INT64_MAX, run_ms); });
}

std::size_t Unproven::asked_again(Question& question, const std::string& destination) {
  Statement count = question.ask("SELECT count(*) FROM delivery v WHERE state=3 AND (level=1 OR again=1) AND again=1 AND " + asked_of);
  return count.bind(1, std::string_view(destination)).step() ? static_cast<std::size_t>(count.number(0)) : 0;
}

void Unproven::go_on(const std::string& destination) {
  Question question(view_);
  if (asked_again(question, destination) >= limits::proof_batch_items_max / 2) return;
  Statement row = question.ask(round_of);
  if (!row.bind(1, std::string_view(destination)).step() || row.number(0) == 0) return;
  store_.change([destination, before = row.number(0), begun = row.number(1), now = clock_.wall()](Ledger& ledger) {
    ledger.set_round(destination, ledger.ask_again(destination, before, limits::proof_batch_items_max, now), begun);
  });
}

Unproven::Round Unproven::round(const std::string& destination) {
  Question question(view_);
  Statement row = question.ask(round_of);
  if (!row.bind(1, std::string_view(destination)).step()) return {};
  return {row.number(0) != 0, Millis(store_.run_ms_now() - row.number(1))};
}

bool Unproven::longer_than(const std::string& destination, Millis time) {
  Question question(glance_);
  Statement old = question.ask("SELECT 1 FROM (SELECT level, settled_run_ms FROM delivery v WHERE state=3 AND (level=1 OR again=1) AND " + asked_of +
                               "ORDER BY not_before_ms DESC LIMIT ?3) WHERE level=1 AND settled_run_ms<=?2 LIMIT 1");
  old.bind(1, std::string_view(destination)).bind(2, store_.run_ms_now() - time.count()).bind(3, looked_at_most);
  return old.step();
}

bool Unproven::with_node(const std::string& destination) {
  Question question(glance_);
  Statement some = question.ask("SELECT 1 FROM (SELECT level, node FROM delivery v WHERE state=3 AND (level=1 OR again=1) AND " + asked_of +
                                "ORDER BY not_before_ms DESC LIMIT ?3) WHERE level=1 AND node LIKE '%'||?2 LIMIT 1");
  some.bind(1, std::string_view(destination)).bind(2, core::node_mark).bind(3, looked_at_most);
  return some.step();
}

std::vector<std::string> Unproven::others(const std::string& destination) {
  Question question(view_);
  Statement rows = question.ask("SELECT name FROM destination WHERE name NOT IN (?1,'') ORDER BY number");
  std::vector<std::string> names;
  for (rows.bind(1, std::string_view(destination)); rows.step();) names.push_back(rows.text(0));
  return names;
}

Unproven::Taken Unproven::taken_by(const std::string& other, const std::string& destination, std::size_t items_max, Place& after) {
  Question question(view_);
  Taken taken;
  Statement known = question.ask("SELECT number FROM destination WHERE name=?");
  if (!known.bind(1, std::string_view(destination)).step()) return taken;
  const std::int64_t number = known.number(0);
  known.begin();
  Statement rows = question.ask(std::string(taken_rows)), item = question.ask(columns + unproven + "AND v.level=1 AND v.seq=? AND v.destination=?");
  rows.bind(1, std::string_view(other)).bind(2, after.not_before_ms).bind(3, after.destination).bind(4, after.state).bind(5, after.rank);
  rows.bind(6, after.study_order).bind(7, after.seq).bind(8, looked_at_most);
  for (std::int64_t seen = 0; taken.items.size() < items_max && rows.step();) {
    after = {rows.number(0), rows.number(1), rows.number(2), rows.number(3), rows.number(4), rows.number(5)};
    taken.more = ++seen == looked_at_most;
    if (after.destination != number) continue;
    if (item.begin().bind(1, after.seq).bind(2, number).step()) taken.items.push_back(read(item));
    item.begin();
  }
  taken.more = taken.more || taken.items.size() == items_max;
  return taken;
}

Result<std::string> Unproven::begin(const std::string& destination) {
  const Key dice = random_key();
  std::uint64_t number = 0;
  std::memcpy(&number, dice.data(), sizeof number);
  const std::string uid = core::node_transaction(number);
  store_.change([uid, destination, now = clock_.wall()](Ledger& ledger) { ledger.begin_commitment(uid, destination, now); });
  // The report may be quicker than the ledger: it is asked for only once everybody sees that it was.
  const auto end = std::chrono::steady_clock::now() + limits::order_patience;
  while (!named_in(uid, {})) {
    if (store_.by_hand() || std::chrono::steady_clock::now() >= end)
      return fail(Errc::timeout, "the request for storage commitment cannot be remembered just now");
    std::this_thread::sleep_for(begun_looked_for_every);
  }
  return uid;
}

std::optional<Unproven::Named> Unproven::named_in(std::string_view transaction_uid, const std::vector<std::string>& sop_instance_uids) {
  store_.catch_up(limits::order_patience);
  Question question(view_);
  Statement begun = question.ask("SELECT d.name, d.number, c.begun_ms FROM commitment c JOIN destination d ON d.number=c.destination WHERE c.uid=?");
  if (!begun.bind(1, transaction_uid).step()) return {};
  Named named{begun.text(0), {}};
  const std::int64_t destination = begun.number(1), begun_ms = begun.number(2);
  // By the UID first: it names few, and unproven may be many. What was sent again since is another sending; by a clock that was set it
  // was sent again later than now, and nobody knows when.
  Statement rows = question.ask(columns + unproven + "AND +v.asked_of=?1 AND i.sop_key=?2 AND i.sop_key<>0 AND (v.resent_ms<=?3 OR v.resent_ms>?4)");
  for (const auto& uid : sop_instance_uids) {
    rows.begin().bind(1, destination).bind(2, keys_.of(uid)).bind(3, begun_ms).bind(4, clock_.wall().ms);
    while (rows.step()) named.items.push_back(read(rows));
  }
  return named;
}

}  // namespace sampan::queue
