// SPDX-License-Identifier: Apache-2.0
#include "queue/unproven.h"

#include <algorithm>
#include <cstring>
#include <future>

#include "core/limits.h"
#include "queue/store.h"

namespace sampan::queue {
namespace {

namespace limits = core::limits;

const std::string columns = "SELECT v.seq, v.attempts, i.id, i.sha256, i.size, i.facts ";
// What a fallback took is not with the destination itself, which would deny it.
const std::string unproven = "FROM delivery v JOIN item i ON i.seq=v.seq WHERE v.state=3 AND v.level=1 AND i.state=1 AND i.kind=1 "
                             "AND substr(v.node,1,4)<>'via ' ";

}  // namespace

UnprovenItem Unproven::read(Statement& row) {
  UnprovenItem one;
  one.seq = row.number(0);
  one.asked = static_cast<unsigned>(row.number(1));
  if (row.blob(2).size() == one.item.id.bytes.size()) std::memcpy(one.item.id.bytes.data(), row.blob(2).data(), row.blob(2).size());
  if (row.blob(3).size() == one.item.sha256.size()) std::memcpy(one.item.sha256.data(), row.blob(3).data(), row.blob(3).size());
  one.item.size = static_cast<std::uint64_t>(row.number(4));
  const std::lock_guard lock(facts_mutex_);
  static_cast<void>(facts_.open(row.blob(5), one.item));
  return one;
}

Unproven::Due Unproven::due(const std::string& destination, std::size_t items_max) {
  const std::int64_t now = clock_.wall().ms;
  const std::int64_t jumped = now + Millis(limits::proof_wait_most).count();  // beyond it a clock was set, nobody waits so long
  Due due;
  Question question(view_);
  Statement rows = question.ask(columns + unproven + "AND v.destination=(SELECT number FROM destination WHERE name=?1) AND "
                                "(v.not_before_ms<=?2 OR v.not_before_ms>?3) ORDER BY v.not_before_ms LIMIT ?4");
  rows.bind(1, std::string_view(destination)).bind(2, now).bind(3, jumped).bind(4, static_cast<std::int64_t>(items_max));
  while (rows.step()) due.items.push_back(read(rows));
  if (!due.items.empty()) return due;
  Statement next = question.ask("SELECT min(not_before_ms) FROM delivery WHERE state=3 AND level=1 AND "
                                "destination=(SELECT number FROM destination WHERE name=?1) AND not_before_ms>?2");
  next.bind(1, std::string_view(destination)).bind(2, now);
  if (next.step() && next.number(0) > now) due.due_in = Millis(next.number(0) - now);
  return due;
}

void Unproven::archived(const std::string& destination, const core::Receipt& receipt) {
  store_.note(ReceiptNote{receipt, destination}, nullptr);
}

void Unproven::send_again(const std::string& destination, const UnprovenItem& item, std::string_view reason) {
  VerdictNote verdict{item.item.id, core::DeliveryState::waiting, clock_.wall(), destination, std::string(reason)};
  const WallTime not_before{clock_.wall().ms + Millis(limits::resend_pause).count()};
  store_.note(std::move(verdict), [this, destination, seq = item.seq, not_before, why = std::string(reason)] {
    store_.change([=](Ledger& ledger) { ledger.postpone(seq, destination, 0, not_before, why); });
  });
}

void Unproven::ask_later(const std::string& destination, const UnprovenItem& item, Millis wait) {
  const WallTime not_before{clock_.wall().ms + wait.count()};
  store_.change([destination, seq = item.seq, asked = item.asked + 1, not_before](Ledger& ledger) {
    ledger.ask_later(seq, destination, asked, not_before);
  });
}

Result<std::string> Unproven::begin(const std::string& destination) {
  const Key dice = random_key();
  Uuid number;
  std::copy_n(dice.begin(), number.bytes.size(), number.bytes.begin());
  const std::string uid = to_dicom_uid(number);
  const auto done = std::make_shared<std::promise<void>>();
  auto kept = done->get_future();
  store_.change([uid, destination, now = clock_.wall(), done](Ledger& ledger) {
    ledger.begin_commitment(uid, destination, now);
    done->set_value();
  });
  if (kept.wait_for(limits::order_patience) != std::future_status::ready)
    return fail(Errc::timeout, "the request for storage commitment cannot be remembered just now");
  return uid;
}

std::optional<Unproven::Named> Unproven::named_in(std::string_view transaction_uid, const std::vector<std::string>& sop_instance_uids) {
  store_.catch_up(limits::order_patience);
  Question question(view_);
  Statement begun = question.ask("SELECT d.name, d.number FROM commitment c JOIN destination d ON d.number=c.destination WHERE c.uid=?");
  if (!begun.bind(1, transaction_uid).step()) return {};
  Named named{begun.text(0), {}};
  const std::int64_t destination = begun.number(1);
  Statement rows = question.ask(columns + unproven + "AND v.destination=? AND i.sop_key=? AND i.sop_key<>0");
  for (const auto& uid : sop_instance_uids) {
    for (rows.begin().bind(1, destination).bind(2, keys_.of(uid)); rows.step();) named.items.push_back(read(rows));
  }
  return named;
}

}  // namespace sampan::queue
