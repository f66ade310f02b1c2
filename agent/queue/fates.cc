// SPDX-License-Identifier: Apache-2.0
#include "queue/fates.h"

#include <algorithm>

namespace sampan::queue {

void Fates::take(const Note& note) {
  if (const auto* receipt = std::get_if<ReceiptNote>(&note)) {
    Said& said = items_[receipt->receipt.item].said[receipt->destination];
    said.refused.reset();
    if (std::ranges::find(said.delivered, receipt->receipt.sha256) == said.delivered.end()) said.delivered.push_back(receipt->receipt.sha256);
  } else if (const auto* verdict = std::get_if<VerdictNote>(&note)) {
    Said& said = items_[verdict->item].said[verdict->destination];
    said.delivered.clear();
    said.refused.reset();
    if (verdict->state != core::DeliveryState::waiting) said.refused = verdict->reason;
  } else if (const auto* duty = std::get_if<DutyNote>(&note)) {
    Known& known = items_[duty->item];
    known.duties.insert(duty->destinations.begin(), duty->destinations.end());
    if (!duty->destinations.empty()) known.released.merge(known.kept);
    for (const auto& destination : duty->destinations) known.released.erase(destination);
  } else if (const auto* release = std::get_if<ReleaseNote>(&note)) {
    Known& known = items_[release->item];
    (release->kept ? known.kept : known.released).insert(release->destination);
    known.said.erase(release->destination);  // of a delivery that ended: who is owed it anew has not answered
  } else if (const auto* stone = std::get_if<TombstoneNote>(&note)) {
    gone_[stone->item].emplace_back(stone->sha256, stone->why == TombstoneReason::duplicate);
    if (stone->why == TombstoneReason::reclaimed && stone->sop_key != 0) reclaimed_[stone->sop_key].emplace_back(stone->sha256, stone->time);
  } else if (const auto* order = std::get_if<OrderNote>(&note)) {
    if (order->what == OrderNote::What::owe) exams_[order->exam].insert(order->destination);
  }
}

void Fates::owe(const Uuid& item, const std::string& destination, bool anew) {
  Known& known = items_[item];
  known.duties.insert(destination);
  if (const auto said = known.said.find(destination); anew && said != known.said.end()) said->second.delivered.clear();
}

bool Fates::is_gone(const core::Item& item, bool as_copy) const {
  const auto found = gone_.find(item.id);
  return found != gone_.end() && std::ranges::find(found->second, std::pair(item.sha256, as_copy)) != found->second.end();
}

bool Fates::was_reclaimed(const core::Item& item, std::int64_t sop_key) const {
  const auto found = reclaimed_.find(sop_key);
  return found != reclaimed_.end() &&
         std::ranges::any_of(found->second, [&](const auto& one) { return one.first == item.sha256 && one.second.ms >= item.received.ms; });
}

Fate Fates::of(const core::Item& item, const Owed& owed, std::int64_t sop_key) const {
  static const Known nothing;
  const auto found = items_.find(item.id);
  const Known& known = found == items_.end() ? nothing : found->second;
  std::set<std::string> duties = known.duties;
  if (owed) duties.insert(owed->begin(), owed->end());
  if (const auto exam = exams_.find(exam_name(item)); exam != exams_.end()) duties.insert(exam->second.begin(), exam->second.end());
  if (!owed)
    for (const auto& [destination, said] : known.said) duties.insert(destination);
  duties.erase("");  // to nobody
  for (const auto& destination : known.released) duties.erase(destination);
  Fate fate;
  if (const auto gone = reclaimed_.find(sop_key); gone != reclaimed_.end())
    fate.differs_from_gone = std::ranges::any_of(gone->second, [&](const auto& one) { return one.first != item.sha256; });
  for (const auto& destination : duties) {
    const auto heard = known.said.find(destination);
    const bool delivered = heard != known.said.end() && std::ranges::find(heard->second.delivered, item.sha256) != heard->second.delivered.end();
    (delivered ? fate.delivered_to : fate.owed_to).insert(destination);
    if (heard != known.said.end() && heard->second.refused) fate.refused_by[destination] = *heard->second.refused;
  }
  // Kept for nobody, also where the duty that ended is written down no more.
  if (std::ranges::any_of(known.kept, [&](const auto& destination) { return !duties.contains(destination); })) fate.owed_to.insert("");
  return fate;
}

}  // namespace sampan::queue
