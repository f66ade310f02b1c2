// SPDX-License-Identifier: Apache-2.0
#include "queue/unproven.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "core/limits.h"
#include "queue/store.h"

namespace sampan::queue {
namespace {

namespace limits = core::limits;

const std::string columns = "SELECT v.seq, v.attempts, i.id, i.sha256, i.size, i.facts ";
// What a fallback took is not with the destination itself, which would deny it. Where two items of one SOP Instance UID differ,
// an answer that names the UID proves neither: a person decides.
const std::string unproven =
    "FROM delivery v JOIN item i ON i.seq=v.seq WHERE v.state=3 AND v.level=1 AND i.state=1 AND i.kind=1 AND substr(v.node,1,4)<>'via ' "
    "AND NOT EXISTS(SELECT 1 FROM item o WHERE o.sop_key=i.sop_key AND o.sop_key<>0 AND o.seq<>i.seq AND o.state IN (1,2,3) "
    "AND o.sha256<>i.sha256) ";

constexpr auto begun_looked_for_every = std::chrono::milliseconds(10);
constexpr std::size_t changes_waiting_max = 2000;  // of the ledger; beyond it nobody is asked

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
  if (store_.waiting() > changes_waiting_max) {
    due.due_in = limits::proof_wait_least;
    return due;
  }
  Question question(view_);
  const auto take = [&](const char* range, std::int64_t from) {
    Statement rows = question.ask(columns + unproven + "AND v.destination=(SELECT number FROM destination WHERE name=?1) AND " + range +
                                  " ORDER BY v.not_before_ms LIMIT ?3");
    rows.bind(1, std::string_view(destination)).bind(2, from).bind(3, static_cast<std::int64_t>(items_max));
    while (rows.step()) due.items.push_back(read(rows));
  };
  take("v.not_before_ms<=?2", now);
  if (due.items.empty()) take("v.not_before_ms>?2 AND v.not_before_ms<9223372036854775807", jumped);
  if (!due.items.empty()) return due;
  if (!question.good()) {  // it did not answer, and nobody may take that for "nothing"
    due.due_in = limits::proof_wait_least;
    return due;
  }
  Statement next = question.ask("SELECT min(not_before_ms) FROM delivery WHERE state=3 AND level=1 AND "
                                "destination=(SELECT number FROM destination WHERE name=?1) AND not_before_ms>?2 "
                                  "AND not_before_ms<9223372036854775807");
  next.bind(1, std::string_view(destination)).bind(2, now);
  if (next.step() && next.number(0) > now) due.due_in = Millis(next.number(0) - now);
  if (!question.good()) due.due_in = limits::proof_wait_least;
  return due;
}

void Unproven::archived(const std::string& destination, const core::Receipt& receipt) {
  store_.note(ReceiptNote{receipt, destination}, nullptr);
}

void Unproven::send_again(const std::string& destination, const UnprovenItem& item, std::string_view reason) {
  VerdictNote verdict{item.item.id, core::DeliveryState::waiting, clock_.wall(), destination, std::string(reason)};
  store_.note(std::move(verdict), nullptr);
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
