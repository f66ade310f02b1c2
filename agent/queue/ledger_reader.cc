// SPDX-License-Identifier: Apache-2.0
#include "queue/ledger_reader.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/instance_name.h"
#include "core/limits.h"

namespace sampan::queue {
namespace {

constexpr std::string_view due_text =
    "SELECT seq, attempts, class_key, rank, bytes FROM delivery WHERE destination=?1 AND state=1 AND (not_before_ms<=?2 OR not_before_ms>?3) ";
constexpr Millis ask_again_after = std::chrono::seconds(10);  // a ledger that did not answer
constexpr std::string_view order_text = "ORDER BY rank, study_order, seq";

core::Priority priority_of(std::int64_t rank) { return static_cast<core::Priority>(std::min<std::int64_t>(rank % rank_of_images / 10, 3)); }

}  // namespace

Result<std::unique_ptr<LedgerReader>> LedgerReader::open(const std::string& path, const Keyring& keys) {
  auto sql = Sql::open(path, true);
  if (!sql) return sql.error();
  (*sql)->execute("PRAGMA cache_size=-2048; PRAGMA mmap_size=0");
  std::unique_ptr<LedgerReader> reader(new LedgerReader(std::move(*sql), keys));
  if (!reader->sql_->status()) return reader->sql_->status().error();
  return reader;
}

LedgerReader::LedgerReader(std::unique_ptr<Sql> sql, const Keyring& keys) : sql_(std::move(sql)), keys_(keys) {
  due_first_ = Statement(*sql_, std::string(due_text) + "AND rank<?4 " + std::string(order_text));
  due_ = Statement(*sql_, std::string(due_text) + "AND rank>=?4 " + std::string(order_text));
  due_urgent_ = Statement(*sql_, std::string(due_text) + "AND rank>=?4 AND rank<?4+10 " + std::string(order_text));
  due_class_ = Statement(*sql_, std::string(due_text) + "AND class_key=?4 " + std::string(order_text));
  due_item_ = Statement(*sql_, std::string(due_text) + "AND seq IN (SELECT seq FROM item WHERE id=?4)");
  waits_ = Statement(*sql_, "SELECT 1 FROM delivery WHERE destination=? AND state=1 LIMIT 1");
  next_ = Statement(*sql_, "SELECT min(not_before_ms) FROM delivery WHERE destination=? AND state=1 AND not_before_ms>? "
                           "AND (?3=0 OR class_key=?3)");
  next_urgent_ = Statement(*sql_, "SELECT min(not_before_ms) FROM delivery WHERE destination=? AND state=1 AND not_before_ms>? "
                                  "AND (?3=0 OR class_key=?3) AND rank>=?4 AND rank<?4+10");
  same_ = Statement(*sql_, "SELECT id, sha256, seq, state, label_key FROM item WHERE sop_key=? AND sop_key<>0 AND state IN (1,2) ORDER BY state");
  number_ = Statement(*sql_, "SELECT number FROM destination WHERE name=?");
  lacking_ = Lacking(*sql_);
}

std::unique_lock<std::mutex> LedgerReader::ask() {
  std::unique_lock lock(mutex_);
  sql_->clear();
  return lock;
}

void LedgerReader::complain() {
  if (sql_->status()) return;
  log::warn(sql_->status().error().message);
  if (sql_->status().error().code == Errc::damaged) found_damage_ = true;
  unanswered_ = true;
  sql_->clear();
}

int LedgerReader::number_of(const std::string& destination) {
  if (const auto known = destinations_.find(destination); known != destinations_.end()) return known->second;
  number_.begin().bind(1, std::string_view(destination));
  const int number = number_.step() ? static_cast<int>(number_.number(0)) : 0;
  number_.begin();
  if (number != 0) destinations_[destination] = number;
  return number;
}

void LedgerReader::take_due(Statement& rows, const DueQuery& query, const std::unordered_set<Sequence>& leased,
                            std::size_t items_max, std::vector<DueDelivery>& found) {
  const auto& blocked = query.blocked_classes;
  while (found.size() < items_max && rows.step()) {
    if (std::find(blocked.begin(), blocked.end(), rows.number(2)) != blocked.end()) continue;
    if (query.only_emergencies && rows.number(3) >= urgent_rank + 10) break;  // in their order, so nothing urgent follows
    if (query.only_emergencies && rows.number(3) < urgent_rank) continue;
    if (!leased.contains(rows.number(0)))
      found.push_back({rows.number(0), static_cast<unsigned>(rows.number(1)), priority_of(rows.number(3)),
                     static_cast<std::uint64_t>(rows.number(4))});
  }
  rows.begin();
}

std::vector<DueDelivery> LedgerReader::due(const DueQuery& query, const std::unordered_set<Sequence>& leased) {
  const auto lock = ask();
  std::vector<DueDelivery> found;
  const auto bind = [&](Statement& rows) -> Statement& {
    return rows.begin().bind(1, number_of(query.destination)).bind(2, query.now.ms).bind(3, query.now.ms + query.back_off_most.count());
  };
  if (!query.only_items.empty()) {
    for (const auto& item : query.only_items) take_due(bind(due_item_).bind(4, ByteView(item.bytes)), query, leased, query.items_max, found);
  } else if (query.only_class) {
    take_due(bind(due_class_).bind(4, *query.only_class), query, leased, query.items_max, found);
  } else if (query.only_emergencies) {
    take_due(bind(due_urgent_).bind(4, urgent_rank), query, leased, query.items_max, found);
  } else {
    take_due(bind(due_first_).bind(4, rank_of_images), query, leased, query.items_max, found);
    std::vector<DueDelivery> news = std::exchange(found, {});
    take_due(bind(due_).bind(4, rank_of_images), query, leased, query.items_max, found);
    const std::size_t share = std::max<std::size_t>(query.items_max / core::limits::news_share, 1);
    const std::size_t room = query.items_max - std::min(found.size(), query.items_max);
    news.resize(std::min(news.size(), std::max(share, room)));
    found.insert(found.begin(), news.begin(), news.end());
    found.resize(std::min(found.size(), query.items_max));
  }
  complain();
  return found;
}

bool LedgerReader::waits(const std::string& destination) {
  const auto lock = ask();
  waits_.begin().bind(1, number_of(destination));
  const bool some = waits_.step();
  waits_.begin();
  return some;
}

std::optional<Millis> LedgerReader::next_due(const DueQuery& query) {
  const auto lock = ask();
  Statement& next = query.only_emergencies ? next_urgent_ : next_;
  next.begin().bind(1, number_of(query.destination)).bind(2, query.now.ms).bind(3, query.only_class.value_or(0));
  if (query.only_emergencies) next.bind(4, urgent_rank);
  const std::int64_t at = next.step() ? next.number(0) : 0;
  next.begin();
  complain();
  if (std::exchange(unanswered_, false)) return ask_again_after;
  return at == 0 ? std::nullopt : std::optional<Millis>(at - query.now.ms);
}

std::optional<LedgerReader::Known> LedgerReader::same_instance(const core::Facts& facts, const Digest& sha256) {
  const auto key = keys_.of(core::kept_as(facts)), label = keys_.of(core::commanded_as(facts));
  if (key == 0) return {};
  const auto lock = ask();
  std::optional<Known> found;
  for (same_.begin().bind(1, key); !found && same_.step();) {
    const ByteView id = same_.blob(0), digest = same_.blob(1);
    if (id.size() != 16 || digest.size() != 32 || std::memcmp(digest.data(), sha256.data(), 32) != 0) continue;
    if (label != 0 && same_.number(4) != label) continue;  // it is to be found by that one as well
    found.emplace(Known{{}, same_.number(2), static_cast<ItemState>(same_.number(3)) == ItemState::reclaimed});
    std::memcpy(found->id.bytes.data(), id.data(), 16);
  }
  same_.begin();
  complain();
  return found;
}

Lack LedgerReader::lack(Sequence item, std::span<const std::string> owed, core::Priority priority) {
  const auto lock = ask();
  const Lack lack = lacking_.of(item, owed, priority);
  complain();
  return lack;
}

}  // namespace sampan::queue
