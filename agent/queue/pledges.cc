// SPDX-License-Identifier: Apache-2.0
#include "queue/pledges.h"

#include <algorithm>
#include <set>

#include "core/limits.h"
#include "core/nodes.h"
#include "queue/awaited.h"
#include "queue/handed_in.h"
#include "queue/ledger_schema.h"
#include "queue/store.h"

namespace sampan::queue {
namespace {

namespace limits = core::limits;
using What = PromiseNote::What;
using Where = PledgedInstance::Where;

constexpr std::size_t instances_per_note = 30;
// What went from here is promised on a proof no older than that: whoever had it may have lost it since.
constexpr Millis proof_counts_for = std::chrono::hours(24);
const std::string open_promise = "FROM promise WHERE instances>0 ";
const std::string pledge_columns = "SELECT uid, asked_run_ms, calling, called, address, attempts, said ";

std::vector<Note> notes_of(const core::PromiseRequest& request, WallTime now) {
  std::vector<Note> notes;
  const auto& all = request.instances;
  for (std::size_t at = 0; at < all.size(); at += instances_per_note) {
    const auto end = std::min(all.size(), at + instances_per_note);
    PromiseNote part{What::instances, now, request.transaction_uid};
    part.instances.assign(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end));
    notes.push_back(std::move(part));
  }
  PromiseNote asked{What::asked, now, request.transaction_uid};
  asked.calling_ae = request.calling_ae;
  asked.called_ae = request.called_ae;
  asked.peer_address = request.peer_address;
  asked.instances_in_all = static_cast<std::uint32_t>(all.size());
  notes.push_back(std::move(asked));
  return notes;
}

std::vector<DeliveryStanding> deliveries_of(Question& question, std::int64_t seq) {
  Statement rows = question.ask("SELECT d.name, CASE v.again WHEN 2 THEN 1 ELSE v.state END, CASE v.again WHEN 1 THEN 1 ELSE v.level END, v.node FROM delivery v "
                                "JOIN destination d ON d.number=v.destination WHERE v.seq=?");
  std::vector<DeliveryStanding> deliveries;
  for (rows.bind(1, seq); rows.step();) {
    deliveries.push_back({rows.text(0), static_cast<core::DeliveryState>(rows.number(1)),
                          rows.number(2) == 2 ? core::Level::archived : core::Level::accepted});
    deliveries.back().by_node = core::said_by_node(rows.text(3));
  }
  return deliveries;
}

// Neither a node that was off nor a clock that was set makes an old one young.
std::vector<DeliveryStanding> late_proofs_of(Question& question, std::int64_t seq, Millis run_now, WallTime now) {
  Statement rows = question.ask("SELECT d.name, v.level, v.settled_run_ms, v.not_before_ms, v.node FROM delivery v "
                                "JOIN destination d ON d.number=v.destination WHERE v.seq=? AND v.state=5");
  std::vector<DeliveryStanding> deliveries;
  for (rows.bind(1, seq); rows.step();) {
    const Millis ran(run_now.count() - rows.number(2)), passed(now.ms + Millis(limits::proof_wait_least).count() - rows.number(3));
    const bool late = rows.number(1) > 0 && ran <= proof_counts_for && passed >= Millis(0) && passed <= proof_counts_for;
    deliveries.push_back({rows.text(0), late ? core::DeliveryState::delivered : core::DeliveryState::waiting,
                          rows.number(1) == 2 ? core::Level::archived : core::Level::accepted, ran});
    deliveries.back().by_node = core::said_by_node(rows.text(4));
  }
  return deliveries;
}

// By what its deliveries were when it went. Of one of which only a tombstone is left nobody knows: it is asked for again, and kept.
bool rested(Question& question, std::int64_t seq) {
  Statement rows = question.ask("SELECT level, node FROM delivery WHERE seq=?");
  bool good = false;
  for (rows.bind(1, seq); rows.step();)
    good = good || rows.number(0) == 2 || (rows.number(0) == 1 && !core::said_by_node(rows.text(1)));
  return good;
}

}  // namespace

Pledge Pledges::read(Statement& row) const {
  const Millis asked_for(std::max<std::int64_t>(store_.run_ms_now() - row.number(1), 0));
  return {row.text(0), asked_for, row.text(2), row.text(3), row.text(4), static_cast<unsigned>(row.number(5)), row.text(6)};
}

std::optional<std::vector<core::InstanceReference>> Pledges::instances_of(Question& question, const std::string& transaction_uid) {
  std::vector<core::InstanceReference> all;
  Statement rows = question.ask("SELECT d.sealed FROM promise p JOIN promised d ON d.promise=p.number WHERE p.uid=? ORDER BY d.part");
  const std::lock_guard lock(mutex_);
  for (rows.bind(1, std::string_view(transaction_uid)); rows.step();) {
    const auto plain = facts_.open(rows.blob(0), Uuid{});
    if (!plain) return std::nullopt;
    for (auto& instance : decode_instances(*plain)) all.push_back(std::move(instance));
  }
  return all;
}

// known: this very request is open already.
Status Pledges::room_for(const core::PromiseRequest& request, bool& known) {
  Question question(view_);
  Statement same = question.ask("SELECT 1 " + open_promise + "AND uid=?");
  if (same.bind(1, std::string_view(request.transaction_uid)).step()) {
    same.begin();
    known = instances_of(question, request.transaction_uid) == request.instances;
    return known ? Status() : fail(Errc::refused, "the Transaction UID is in use for another request");
  }
  Statement count = question.ask("SELECT count(*) " + open_promise);
  if (!count.step()) return fail(Errc::io, "what was asked for is not known just now");
  if (count.number(0) >= static_cast<std::int64_t>(limits::promises_open_max))
    return fail(Errc::limit, "too many requests that were not told yet");
  return {};
}

Status Pledges::keep(const core::PromiseRequest& request) {
  if (request.instances.size() > limits::promised_instances_max) return fail(Errc::limit, "too many images in one request");
  if (store_.waiting() > limits::notes_waiting_max) return fail(Errc::full, "the request cannot be written just now");
  bool known = false;
  if (Status room = room_for(request, known); !room || known) return room;
  Awaited written;
  auto notes = notes_of(request, clock_.wall());
  {
    const std::lock_guard lock(asking_mutex_);  // of two under one name, one after the other
    note_together(store_, std::move(notes), written.then());
  }
  return written.wait(limits::order_patience, "the request");
}

Pledges::Due Pledges::due(std::size_t pledges_max) {
  Due due;
  if (store_.progress().running) {
    due.due_in = limits::promise_call_pause;
    return due;
  }
  const std::int64_t now = clock_.wall().ms;
  Question question(view_);
  // Beyond the longest pause a clock was set, nobody waits so long.
  Statement rows = question.ask(pledge_columns + open_promise + "AND (not_before_ms<=?1 OR not_before_ms>?2) ORDER BY number LIMIT ?3");
  rows.bind(1, now).bind(2, now + Millis(limits::promise_back_off_most).count()).bind(3, static_cast<std::int64_t>(pledges_max));
  while (rows.step()) due.pledges.push_back(read(rows));
  Statement next = question.ask("SELECT min(not_before_ms) " + open_promise + "AND not_before_ms>?");
  if (next.bind(1, now).step() && next.number(0) > now) due.due_in = Millis(next.number(0) - now);
  if (!question.good()) due.due_in = limits::promise_call_pause;  // it did not answer: asked again soon
  return due;
}

// What there is of a SOP Instance UID: one content here, or gone by proof; anything else is no custody.
PledgedInstance Pledges::look(Question& question, core::InstanceReference reference) {
  PledgedInstance found{std::move(reference), Where::nowhere, 0, {}, {}};
  const std::int64_t key = keys_.of(found.reference.sop_instance_uid);
  Statement rows = question.ask("SELECT seq, state, id, sha256, facts FROM item WHERE sop_key IN " + std::string(names_meant) +
                               " AND sop_key<>0 AND state IN (1,2,3) ORDER BY state DESC, seq");
  std::set<std::vector<std::uint8_t>> contents;
  Sequence last = 0;
  for (rows.bind(1, key); rows.step();) {
    const auto state = static_cast<ItemState>(rows.number(1));
    const ByteView digest = rows.blob(3), id = rows.blob(2);
    contents.emplace(digest.begin(), digest.end());
    if (state == ItemState::quarantined) {
      found.where = Where::damaged;
      continue;
    }
    found.where = state == ItemState::living ? Where::here : Where::let_go;
    last = rows.number(0);
    core::Item item;
    copy_fixed(id, item.id.bytes);
    const std::lock_guard lock(mutex_);
    if (facts_.open(rows.blob(4), item)) found.sop_class_uid = item.facts.get(core::Fact::sop_class_uid);
  }
  if (contents.size() > 1) found.where = Where::differing;
  if (found.where == Where::nowhere && key != 0) {
    Statement gone = question.ask("SELECT 1 FROM orphan WHERE sop_key=? AND sop_key<>0 LIMIT 1");
    if (gone.bind(1, key).step()) found.where = Where::let_go;
  }
  if (found.where == Where::here) found.seq = last, found.deliveries = deliveries_of(question, last);
  if (found.where == Where::let_go) found.deliveries = late_proofs_of(question, last, Millis(store_.run_ms_now()), clock_.wall());
  if (found.where == Where::let_go) found.rested = rested(question, last);
  return found;
}

std::optional<Pledges::Standing> Pledges::standing(const std::string& transaction_uid) {
  if (store_.progress().running) return std::nullopt;
  store_.catch_up(limits::order_patience);
  Question question(view_);
  Statement row = question.ask(pledge_columns + open_promise + "AND uid=?");
  if (!row.bind(1, std::string_view(transaction_uid)).step()) return std::nullopt;
  Standing standing{read(row), {}};
  row.begin();
  auto instances = instances_of(question, transaction_uid);
  if (!instances) return std::nullopt;
  for (auto& one : *instances) standing.instances.push_back(look(question, std::move(one)));
  if (!question.good()) return std::nullopt;  // what was not read may be here
  return standing;
}

void Pledges::end(const std::string& transaction_uid, What what) {
  store_.note(PromiseNote{what, clock_.wall(), transaction_uid}, nullptr);
}
void Pledges::answered(const std::string& transaction_uid) { end(transaction_uid, What::answered); }
void Pledges::give_up(const std::string& transaction_uid) { end(transaction_uid, What::given_up); }

void Pledges::tell_later(const std::string& transaction_uid, unsigned attempts, Millis wait, std::string_view said) {
  const WallTime not_before{clock_.wall().ms + wait.count()};
  store_.change([transaction_uid, attempts, not_before, why = std::string(said)](Ledger& ledger) {
    ledger.tell_later(transaction_uid, attempts, not_before, why);
  });
}

void Pledges::tell_all_now() {
  store_.change([](Ledger& ledger) { ledger.tell_all_now(); });
}

Pledges::Summary Pledges::summary() {
  Question question(glance_);
  Summary summary;
  Statement open = question.ask("SELECT count(*), min(asked_run_ms), sum(attempts>0) " + open_promise);
  if (open.step()) {
    summary.open = static_cast<std::uint64_t>(open.number(0));
    summary.untold = static_cast<std::uint64_t>(open.number(2));
    if (summary.open > 0) summary.oldest = Millis(std::max<std::int64_t>(store_.run_ms_now() - open.number(1), 0));
  }
  Statement said = question.ask("SELECT said " + open_promise + "AND attempts>0 ORDER BY number LIMIT 1");
  if (said.step()) summary.said = said.text(0);
  return summary;
}

}  // namespace sampan::queue
