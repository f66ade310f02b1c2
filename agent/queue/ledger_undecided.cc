// SPDX-License-Identifier: Apache-2.0
// Items that share a SOP Instance UID with another and not its bytes, until they were compared (FORMAT.md, Ledger).
#include <algorithm>
#include <cstdlib>

#include "queue/ledger.h"
#include "queue/ledger_statements.h"
#include "queue/twenty_digits.h"

namespace sampan::queue {

using core::Fact;

namespace {

std::string name_of(Sequence seq) { return "undecided " + twenty_digits(static_cast<std::uint64_t>(seq)); }

}  // namespace

void Ledger::put_off(Sequence seq, bool rebuilt) {
  use_->meta_set.bind(1, std::string_view(name_of(seq))).bind(2, rebuilt ? 1 : 0).run();
  if (tell_undecided_) tell_undecided_();
}

// Whether it was found by a rebuild; nothing when it is not undecided.
std::optional<bool> Ledger::undecided_mark(Sequence seq) {
  const std::string name = name_of(seq);
  auto& get = use_->meta_get.begin().bind(1, std::string_view(name));
  const auto rebuilt = get.step() ? std::optional(get.number(0) != 0) : std::nullopt;
  get.begin();
  return rebuilt;
}
std::optional<bool> Ledger::forget_undecided(Sequence seq) {
  const auto rebuilt = undecided_mark(seq);
  if (rebuilt) use_->meta_forget.bind(1, std::string_view(name_of(seq))).run();
  return rebuilt;
}

std::optional<Ledger::Undecided> Ledger::undecided() {
  auto& first = use_->undecided_first.begin();
  const std::string name = first.step() ? first.text(1) : std::string();
  first.begin();
  if (name.empty()) return {};
  Undecided found{std::strtoll(name.c_str() + name.find(' '), nullptr, 10), {}};
  if (name_of(found.seq) != name) sql_->refuse(fail(Errc::damaged, "ledger: a line of meta says nothing"));
  auto& get = use_->item_get.begin().bind(1, found.seq);
  const std::int64_t sop_key = get.step() ? get.number(7) : 0;
  get.begin();
  for (const auto& [other, state] : decided_with(sop_key, found.seq))
    if (state == ItemState::living) found.others.push_back(other);
  return found;
}

// The others of the SOP Instance UID; two that are undecided would wait for each other.
std::vector<std::pair<Sequence, ItemState>> Ledger::decided_with(std::int64_t sop_key, Sequence seq) {
  std::vector<std::pair<Sequence, ItemState>> found;
  auto& rows = use_->item_by_sop.begin().bind(1, sop_key).bind(2, seq);
  while (rows.step())
    if (const auto state = static_cast<ItemState>(rows.number(2)); state != ItemState::quarantined) found.emplace_back(rows.number(1), state);
  rows.begin();
  std::erase_if(found, [this](const auto& other) { return undecided_mark(other.first).has_value(); });
  return found;
}

Admission Ledger::decide(Sequence seq, std::string_view reason, const std::function<std::vector<std::string>(const core::Item&)>& route) {
  const auto rebuilt = forget_undecided(seq);
  if (!rebuilt) return Admission::fresh;  // it was quarantined meanwhile
  const auto become = [&](ItemState state, std::string_view why) {
    use_->item_state.bind(1, static_cast<int>(state)).bind(2, why).bind(3, seq).run();
  };
  if (reason.empty()) {
    become(ItemState::duplicate, "the same data set is here already, encoded in another way");
    keep_owing(seq);
  }
  IndexedItem indexed;
  indexed.seq = seq;
  auto& get = use_->item_get.begin().bind(1, seq);
  if (!get.step()) return get.begin(), Admission::fresh;
  copy_fixed(get.blob(0), indexed.item.id.bytes);
  indexed.item.size = static_cast<std::uint64_t>(get.number(1));
  copy_fixed(get.blob(2), indexed.item.sha256);
  const std::int64_t exam = get.number(3), study_order = get.number(4), sop_key = get.number(7);
  const Bytes facts(get.blob(5).begin(), get.blob(5).end());
  get.begin();
  if (reason.empty()) {
    std::vector<Sequence> heirs;
    for (const auto& heir : heirs_of(seq).items) heirs.push_back(heir.seq);
    return heal_ranges(sop_key, indexed.item.sha256, heirs), Admission::duplicate;
  }
  if (Status read = facts_.open(facts, indexed.item); !read) sql_->refuse(read.error());
  const bool alone = decided_with(sop_key, seq).empty();  // what it was to be compared with was quarantined meanwhile
  const std::string_view held = !alone ? reason : indexed.item.facts.has(core::Fact::unread) ? content_unread : "";
  become(ItemState::living, held);
  take_place(indexed, sop_key, held);
  admit(indexed, exam, study_order, route(indexed.item), held, *rebuilt);
  heal_ranges(indexed, sop_key);
  return alone ? Admission::fresh : Admission::conflict;
}

}  // namespace sampan::queue
