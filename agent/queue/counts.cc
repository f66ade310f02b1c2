// SPDX-License-Identifier: Apache-2.0
#include "queue/counts.h"

#include <algorithm>

#include "core/limits.h"
#include "core/nodes.h"
#include "queue/ledger_schema.h"
#include "queue/seen.h"

namespace sampan::queue {
namespace {

constexpr std::int64_t waiting_looked_at = 256;
constexpr std::int64_t minute_ms = 60'000, hour_ms = 3'600'000;

std::uint64_t count_of(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

void add_tallies(Question& question, DestinationCount& count, std::int64_t number) {
  Statement rows = question.ask("SELECT state, level, items, bytes FROM tally WHERE destination=?");
  for (rows.bind(1, number); rows.step();) {
    const std::uint64_t items = count_of(rows.number(2));
    const auto state = rows.number(0);
    const bool undelivered = state == 1 || state == 2 || state == 4, unproven = state == 3 && rows.number(1) < 2;
    if (undelivered || state == 3) count.here_bytes += count_of(rows.number(3));
    if (undelivered || unproven) count.unproven_bytes += count_of(rows.number(3));
    if (unproven) count.accepted_here += items;
    switch (rows.number(0)) {
      case 1: count.waiting += items, count.waiting_bytes += count_of(rows.number(3)); break;
      case 2: count.on_hold += items; break;
      case 4: count.rejected += items; break;
      case 3:
      case delivery_closed:
        if (rows.number(1) == 0) break;  // given up with the payload: it never arrived
        count.delivered += items;
        if (rows.number(1) == 2) count.archived += items;
        break;
      case tally_of_news + 1: count.news_waiting += items; break;
      case tally_of_news + 3:
      case tally_of_news + delivery_closed: count.news_delivered += items; break;
      default: break;
    }
  }
}

void add_reasons(Question& question, DestinationCount& count, std::int64_t number) {
  Statement rows = question.ask("SELECT reason, items FROM reason_tally WHERE destination=? AND state=? AND items>0 ORDER BY items DESC, reason LIMIT ?");
  for (const int state : {2, 4}) {
    auto& into = state == 2 ? count.on_hold_reasons : count.rejected_reasons;
    rows.begin().bind(1, number).bind(2, state).bind(3, static_cast<std::int64_t>(core::limits::reasons_shown_max));
    while (rows.step()) into.push_back({rows.text(0), count_of(rows.number(1))});
  }
}

// What was tried stands at the head of those that wait, or was put off and stands there still.
void add_waiting_reasons(Question& question, DestinationCount& count, std::int64_t number) {
  Statement rows = question.ask("SELECT reason, count(*) FROM (SELECT reason, attempts FROM delivery WHERE destination=? AND state=1 AND rank>=? "
                                "ORDER BY rank, study_order, seq LIMIT ?) WHERE attempts>0 AND reason<>'' GROUP BY reason ORDER BY 2 DESC, reason LIMIT ?");
  rows.bind(1, number).bind(2, rank_of_images).bind(3, waiting_looked_at).bind(4, static_cast<std::int64_t>(core::limits::reasons_shown_max));
  while (rows.step()) count.waiting_reasons.push_back({rows.text(0), count_of(rows.number(1))});
}

// The minute of the oldest image leads past telemetry that has waited for longer.
std::optional<WallTime> oldest_waiting(Question& question, std::int64_t number) {
  Statement minute = question.ask("SELECT min(minute) FROM waiting_minute WHERE destination=? AND items>0");
  const std::int64_t from = minute.bind(1, number).step() ? minute.number(0) * minute_ms : 0;
  Statement oldest = question.ask("SELECT received_ms FROM delivery WHERE destination=? AND state=1 AND received_ms>=? AND rank>=? "
                          "ORDER BY received_ms LIMIT 1");
  oldest.bind(1, number).bind(2, from).bind(3, rank_of_images);
  if (!oldest.step()) return {};
  return WallTime{oldest.number(0)};
}

std::optional<WallTime> emergency_waiting(Question& question, std::int64_t number) {
  Statement first = question.ask("SELECT received_ms FROM delivery WHERE destination=? AND state=1 AND rank>=? AND rank<? ORDER BY rank, study_order, seq LIMIT 1");
  if (!first.bind(1, number).bind(2, urgent_rank).bind(3, urgent_rank + 10).step()) return {};
  return WallTime{first.number(0)};
}

std::vector<std::pair<std::int64_t, std::int64_t>> minutes_of(Question& question, std::int64_t number) {
  std::vector<std::pair<std::int64_t, std::int64_t>> minutes;
  Statement rows = question.ask("SELECT minute, items FROM waiting_minute WHERE destination=?");
  for (rows.bind(1, number); rows.step();) minutes.emplace_back(rows.number(0), rows.number(1));
  return minutes;
}

}  // namespace

std::vector<DestinationCount> Counts::destinations() {
  Question question(view_);
  std::vector<DestinationCount> all;
  Statement names = question.ask("SELECT name, number FROM destination ORDER BY number");
  while (names.step()) {
    DestinationCount& count = all.emplace_back();
    count.destination = names.text(0);
    add_tallies(question, count, names.number(1));
    if (count.waiting > 0) count.oldest_waiting = oldest_waiting(question, names.number(1));
    if (count.waiting > 0) add_waiting_reasons(question, count, names.number(1));
    if (count.waiting > 0) count.emergency_waiting = emergency_waiting(question, names.number(1));
    if (count.on_hold + count.rejected > 0) add_reasons(question, count, names.number(1));
  }
  return all;
}

std::vector<Counts::Minute> Counts::waiting_minutes(const std::string& destination) {
  Question question(view_);
  std::vector<Minute> all;
  Statement number = question.ask("SELECT number FROM destination WHERE name=?");
  if (!number.bind(1, std::string_view(destination)).step()) return all;
  for (const auto& [minute, items] : minutes_of(question, number.number(0)))
    if (items > 0) all.push_back({WallTime{minute * minute_ms}, count_of(items)});
  return all;
}

std::vector<std::uint64_t> Counts::waiting_before(const std::string& destination, std::span<const WallTime> borders) {
  Question question(view_);
  std::vector<std::uint64_t> counts(borders.size());
  Statement number = question.ask("SELECT number FROM destination WHERE name=?");
  if (!number.bind(1, std::string_view(destination)).step()) return counts;
  const auto minutes = minutes_of(question, number.number(0));
  Statement rest = question.ask("SELECT count(*) FROM delivery WHERE destination=? AND state=1 AND received_ms>=? AND received_ms<? AND rank>=?");
  for (std::size_t i = 0; i < borders.size(); ++i) {
    const std::int64_t whole = borders[i].ms / minute_ms;
    std::int64_t sum = 0;
    for (const auto& [minute, items] : minutes) sum += minute < whole ? items : 0;
    rest.begin().bind(1, number.number(0)).bind(2, whole * minute_ms).bind(3, borders[i].ms).bind(4, rank_of_images);
    if (rest.step()) sum += rest.number(0);
    counts[i] = count_of(sum);
  }
  return counts;
}

Totals Counts::totals() {
  Question question(view_);
  Totals totals;
  Statement rows = question.ask("SELECT state, items, bytes FROM item_tally");
  while (rows.step()) {
    const auto state = static_cast<ItemState>(rows.number(0));
    if (state == ItemState::living) totals.items = count_of(rows.number(1)), totals.bytes = count_of(rows.number(2));
    if (state == ItemState::quarantined) totals.quarantined += count_of(rows.number(1));
  }
  Statement seen = question.ask("SELECT count(*) FROM item WHERE state IN (3, 4) AND state=3 AND NOT " + std::string(unseen_item));
  if (totals.quarantined > 0 && seen.step()) totals.quarantined -= std::min(totals.quarantined, count_of(seen.number(0)));
  Statement ranges = question.ask("SELECT reason=?2, count(*) FROM quarantine WHERE reason NOT IN (?1,?3) AND " + std::string(unseen_range) + " GROUP BY 1");
  for (ranges.bind(1, torn_tail).bind(2, doubtful_tail).bind(3, came_again); ranges.step();)
    (ranges.number(0) != 0 ? totals.doubtful : totals.quarantined) += count_of(ranges.number(1));
  Statement waited = question.ask("SELECT value FROM meta WHERE name='waited_ms'");
  if (waited.step()) totals.waited_before = Millis(waited.number(0));
  return totals;
}

Result<std::uint64_t> Counts::undelivered(const std::set<std::string>& believed) {
  Question question(view_);
  std::uint64_t count = 0;
  bool counted = false;
  {
    // Settled is 3, delivered, alone: what is on hold or rejected waits for a person. Accepted is level 1; by a node it is
    // proof of nothing (core/nodes.h).
    std::string names = "\n";
    for (const auto& name : believed) names += name + "\n";
    Statement owed = question.ask("SELECT (SELECT count(*) FROM item WHERE state=1 AND kind IN (1,2) AND ("
                                  "EXISTS (SELECT 1 FROM delivery v JOIN destination d ON d.number=v.destination WHERE v.seq=item.seq AND "
                                  "(v.state IN (1,2,4) OR (v.state=3 AND v.level=1 AND (v.again=2 OR v.node LIKE '%'||?4 OR instr(?2, char(10)||d.name||char(10))=0)))) OR "
                                  "NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.seq=item.seq))) + "
                                  "(SELECT count(*) FROM item WHERE state IN (3,4) AND state=3 AND " + std::string(unseen_item) + ") + "
                                  "(SELECT count(*) FROM quarantine WHERE reason NOT IN (?1,?3) AND " + std::string(unseen_range) + ")");
    counted = owed.bind(1, torn_tail).bind(2, std::string_view(names)).bind(3, came_again).bind(4, core::node_mark).step();
    if (counted) count = count_of(owed.number(0));
  }
  if (!counted || !question.good()) return fail(Errc::io, "the ledger does not answer");
  return count;
}

std::vector<HourlyIntake> Counts::intake_since(WallTime from) {
  Question question(view_);
  std::vector<HourlyIntake> all;
  Statement rows = question.ask("SELECT hour, items, bytes FROM intake_hour WHERE hour>=? ORDER BY hour");
  for (rows.bind(1, from.ms / hour_ms); rows.step();)
    all.push_back({WallTime{rows.number(0) * hour_ms}, count_of(rows.number(1)), count_of(rows.number(2))});
  return all;
}

}  // namespace sampan::queue
