// SPDX-License-Identifier: Apache-2.0
#include "queue/tallies.h"

#include <algorithm>

#include "core/limits.h"
#include "core/outcome.h"

namespace sampan::queue {
namespace {

constexpr std::int64_t minute_ms = 60'000, hour_ms = 3'600'000;
constexpr int waiting = static_cast<int>(core::DeliveryState::waiting);
constexpr int on_hold = static_cast<int>(core::DeliveryState::on_hold);
constexpr int rejected = static_cast<int>(core::DeliveryState::rejected);

}  // namespace

void Tallies::Sum::at(std::int64_t ms) {
  if (ms == 0) return;
  first_ms = first_ms == 0 ? ms : std::min(first_ms, ms);
  last_ms = std::max(last_ms, ms);
}

Tallies::Tallies(Sql& sql) {
  const auto upsert = [&sql](const char* text) { return Statement(sql, text); };
  add_delivery_ = upsert("INSERT INTO tally VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET items=items+?4, bytes=bytes+?5");
  add_exam_delivery_ = upsert(
      "INSERT INTO exam_tally VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT DO UPDATE SET items=items+?5, bytes=bytes+?6, "
      "first_ms=CASE WHEN first_ms=0 OR (?7<>0 AND ?7<first_ms) THEN ?7 ELSE first_ms END, last_ms=max(last_ms,?8)");
  add_minute_ = upsert("INSERT INTO waiting_minute VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET items=items+?3");
  drop_minute_ = upsert("DELETE FROM waiting_minute WHERE destination=? AND minute=? AND items=0");
  add_reason_ = upsert("INSERT INTO reason_tally VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE SET items=items+?4");
  drop_reason_ = upsert("DELETE FROM reason_tally WHERE destination=? AND state=? AND reason=? AND items=0");
  add_exam_ = upsert(
      "INSERT INTO exam VALUES(?1,?6,?4,?5,?2,?3) ON CONFLICT DO UPDATE SET items=items+?2, bytes=bytes+?3, "
      "first_ms=min(first_ms,?4), last_ms=max(last_ms,?5)");
  add_item_ = upsert("INSERT INTO item_tally VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET items=items+?2, bytes=bytes+?3");
  add_hour_ = upsert("INSERT INTO intake_hour VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET items=items+?2, bytes=bytes+?3");
  // By their distance, not by their age: a clock that was ahead leaves hours behind that never grow old.
  drop_hours_ = upsert("DELETE FROM intake_hour WHERE hour NOT IN (SELECT hour FROM intake_hour ORDER BY abs(hour-?1), hour DESC LIMIT ?2)");
}

void Tallies::count(const CountedDelivery& d, int sign, std::int64_t at_ms) {
  const auto add = [&](Sum& sum) {
    sum.items += sign;
    sum.bytes += sign * d.bytes;
    sum.at(at_ms);
  };
  const bool news = d.rank < rank_of_images;
  add(deliveries_[{d.destination, news ? d.state + tally_of_news : d.state, d.level}]);
  if (news) return;
  if (d.exam != 0) add(exam_deliveries_[{d.exam, d.destination, d.state, d.level}]);
  if (d.state == waiting) minutes_[{d.destination, d.received_ms / minute_ms}].items += sign;
  if (d.state == on_hold || d.state == rejected) reasons_[{{d.destination, d.state}, d.reason}] += sign;
}

void Tallies::item(ItemState state, std::int64_t items, std::int64_t bytes) {
  Sum& sum = items_[{static_cast<int>(state)}];
  sum.items += items;
  sum.bytes += bytes;
}

void Tallies::exam(std::int64_t exam, std::int64_t seq, std::int64_t received_ms, std::int64_t bytes) {
  for (Sum* sum : {&exams_[{exam}], &hours_[{received_ms / hour_ms}]}) {
    ++sum->items;
    sum->bytes += bytes;
    sum->at(received_ms);
    if (sum->seq == 0) sum->seq = seq;
  }
}

void Tallies::write(Statement& into, const Sum& sum, int column) {
  into.bind(column, sum.items);
  into.bind(column + 1, sum.bytes);
}

void Tallies::flush() {
  const auto keyed = [](Statement& into, const auto& key) {
    int column = 0;
    for (const std::int64_t part : key) into.bind(++column, part);
    return column + 1;
  };
  for (const auto& [key, sum] : deliveries_) write(add_delivery_, sum, keyed(add_delivery_, key)), add_delivery_.run();
  for (const auto& [key, sum] : exam_deliveries_) {
    write(add_exam_delivery_, sum, keyed(add_exam_delivery_, key));
    add_exam_delivery_.bind(7, sum.first_ms).bind(8, sum.last_ms).run();
  }
  for (const auto& [key, sum] : minutes_) {
    add_minute_.bind(keyed(add_minute_, key), sum.items).run();
    if (sum.items <= 0) keyed(drop_minute_, key), drop_minute_.run();
  }
  for (const auto& [key, items] : reasons_) {
    for (Statement* one : {&add_reason_, &drop_reason_}) one->bind(keyed(*one, key.first), std::string_view(key.second));
    add_reason_.bind(4, items).run();
    drop_reason_.run();
  }
  for (const auto& [key, sum] : exams_) {
    write(add_exam_, sum, keyed(add_exam_, key));
    add_exam_.bind(4, sum.first_ms).bind(5, sum.last_ms).bind(6, sum.seq).run();
  }
  for (const auto& [key, sum] : items_) write(add_item_, sum, keyed(add_item_, key)), add_item_.run();
  flush_hours();
}

void Tallies::flush_hours() {
  for (const auto& [key, sum] : hours_) {
    write(add_hour_, sum, 2);
    add_hour_.bind(1, key[0]).run();
  }
  if (hours_.empty() || (hours_.size() == 1 && hours_.begin()->first[0] == last_hour_)) return;
  last_hour_ = hours_.rbegin()->first[0];
  drop_hours_.bind(1, last_hour_).bind(2, static_cast<std::int64_t>(core::limits::intake_hours_kept)).run();
}

void Tallies::clear() {
  deliveries_.clear(), exam_deliveries_.clear(), minutes_.clear(), reasons_.clear();
  exams_.clear(), items_.clear(), hours_.clear();
}

}  // namespace sampan::queue
