// SPDX-License-Identifier: Apache-2.0
#include "queue/dropping.h"

#include "core/limits.h"
#include "queue/handed_in.h"
#include "queue/ledger_schema.h"
#include "queue/store.h"

namespace sampan::queue {
namespace {

constexpr std::int64_t items_a_page = core::limits::notes_waiting_max / 4;

// Of one row: is it owed to, or with, any of these; the names with line feeds around each.
constexpr std::string_view to_another =
    "EXISTS(SELECT 1 FROM delivery o JOIN destination d ON d.number=o.destination WHERE o.seq=v.seq AND o.destination<>v.destination AND d.name<>''";

std::string lines(const std::set<std::string>& names) {
  std::string text = "\n";
  for (const auto& name : names) text += name + "\n";
  return text;
}

bool is_given_up(const auto& debt, bool give_up) {
  if (debt.state != ItemState::living) return false;
  return debt.telemetry ? !debt.anywhere : give_up && !debt.elsewhere;
}

void add(Dropped& dropped, const auto& debt, bool give_up) {
  if (debt.telemetry)
    ++dropped.telemetry;
  else if (debt.state != ItemState::living)
    ++dropped.damaged;
  else if (debt.elsewhere)
    ++dropped.elsewhere;
  else
    ++(give_up ? dropped.given_up : dropped.kept);
}

}  // namespace

// In the order of the table; what it proved, and what went to its fallback, which proves it, is passed over.
Result<Dropping::Page> Dropping::next(const Order& order, Place& after) {
  Question question(view_);
  Page page;
  Statement rows = question.ask(
      "SELECT v.state, v.rank, v.study_order, v.seq, i.id, i.sha256, i.sop_key, i.kind, i.state, " + std::string(to_another) +
      " AND instr(?7, char(10)||d.name||char(10))>0), " + std::string(to_another) + "), v.state<>3 OR (v.level=1 AND v.asked_of=v.destination), i.study_key "
      "FROM delivery v JOIN item i ON i.seq=v.seq WHERE v.destination=(SELECT number FROM destination WHERE name=?1) AND v.state<=4 AND "
      "(v.state, v.rank, v.study_order, v.seq)>(?2, ?3, ?4, ?5) ORDER BY v.state, v.rank, v.study_order, v.seq LIMIT ?6");
  rows.bind(1, std::string_view(order.destination)).bind(2, after.state).bind(3, after.rank).bind(4, after.study_order).bind(5, after.seq);
  const std::string names = lines(order.required);
  std::int64_t seen = 0;
  for (rows.bind(6, items_a_page).bind(7, std::string_view(names)); rows.step(); ++seen) {
    after = {rows.number(0), rows.number(1), rows.number(2), rows.number(3)};
    if (rows.number(11) == 0) continue;
    Debt debt;
    debt.item.seq = after.seq;
    copy_fixed(rows.blob(4), debt.item.id.bytes);
    copy_fixed(rows.blob(5), debt.item.sha256);
    debt.item.kind = static_cast<core::Kind>(rows.number(7));
    debt.state = static_cast<ItemState>(rows.number(8));
    debt.elsewhere = rows.number(9) != 0;
    debt.anywhere = rows.number(10) != 0;
    debt.telemetry = rows.number(12) == 0;
    page.debts.push_back(std::move(debt));
  }
  page.last = seen < items_a_page;
  if (!question.good()) return fail(Errc::io, "the ledger does not answer; order it again");
  return page;
}

Note Dropping::release(const Order& order, const Debt& debt) {
  return ReleaseNote{debt.item.id, clock_.wall(), order.destination, debt.state == ItemState::living && !debt.telemetry && !debt.elsewhere};
}

Status Dropping::carry_out(const Order& order, std::vector<Debt>& debts) {
  std::vector<Note> notes;
  std::vector<Ledger::Candidate> gone;
  for (const Debt& debt : debts) {
    if (is_given_up(debt, order.give_up))
      gone.push_back(debt.item);
    else
      notes.push_back(release(order, debt));
  }
  if (Status kept = hand_in(store_, std::move(notes)); !kept) return kept;
  const auto claimed = store_.give_up(std::move(gone), [order](core::Kind kind, const std::string& to) {
    return to != nobody && to != order.destination && (core::traits(kind).before_images || order.required.contains(to));
  });
  if (!claimed) return claimed.error();
  notes.clear();
  for (Debt& debt : debts) {
    if (!claimed->contains(debt.item.seq)) continue;
    debt.elsewhere = debt.anywhere = true;
    notes.push_back(release(order, debt));
  }
  return hand_in(store_, std::move(notes));
}

Result<Dropped> Dropping::walk(const Order& order, bool carry) {
  if (order.give_up && store_.progress().notes_unread)
    return fail(Errc::refused, "some of what was noted does not read, and may say who else is owed these images");
  store_.catch_up(Millis(200));
  const MonoTime begun = clock_.mono();
  Dropped dropped;
  Place after;
  for (bool more = true; more;) {
    auto page = next(order, after);
    if (!page) return page.error();
    if (carry)
      if (Status done = carry_out(order, page->debts); !done)
        return dropped.all() == 0 && page->last ? done.error() : fail(Errc::limit, "only part of it is written, the disk does not take it; order it again when it does");
    for (const Debt& debt : page->debts) add(dropped, debt, order.give_up);
    more = !page->last;
    if (more && clock_.mono() - begun >= order.patience && dropped.all() > 0) return dropped.more = true, dropped;
  }
  return dropped;
}

Result<Dropped> Dropping::count(const Order& order) { return walk(order, false); }
Result<Dropped> Dropping::drop(const Order& order) { return walk(order, true); }

}  // namespace sampan::queue
