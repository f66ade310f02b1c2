// SPDX-License-Identifier: Apache-2.0
#include "queue/lookup.h"

#include <algorithm>
#include <map>

#include "queue/ledger_schema.h"
#include "queue/seen.h"

namespace sampan::queue {
namespace {

using core::DeliveryState;

constexpr std::size_t quarantined_looked_at = 64;
constexpr std::int64_t deliveries_looked_at = 512;
constexpr std::string_view exam_columns = "SELECT key, seq, first_ms, last_ms, items, bytes FROM exam ";

std::uint64_t count_of(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

std::optional<WallTime> later(const std::optional<WallTime>& one, std::int64_t ms) {
  return ms == 0 || (one && one->ms >= ms) ? one : std::optional<WallTime>(WallTime{ms});
}
std::optional<WallTime> earlier(const std::optional<WallTime>& one, std::int64_t ms) {
  return ms == 0 || (one && one->ms <= ms) ? one : std::optional<WallTime>(WallTime{ms});
}

Match::What what_of(std::int64_t alias_kind) {
  switch (static_cast<AliasKind>(alias_kind)) {
    case AliasKind::accession: return Match::What::accession;
    case AliasKind::patient: return Match::What::patient;
    case AliasKind::series: return Match::What::series;
    case AliasKind::file: return Match::What::file;
  }
  return Match::What::study;
}

// state, level, items, first, last of exam_tally
void add(ExamDelivery& delivery, Statement& row, int at) {
  const std::uint64_t items = count_of(row.number(at + 2));
  const std::int64_t first = row.number(at + 3), last = row.number(at + 4);
  switch (const auto state = row.number(at); state) {
    case 1: delivery.waiting += items; break;
    case 2: delivery.on_hold += items; break;
    case 4: delivery.rejected += items; break;
    case 3:
    case delivery_closed: {
      if (row.number(at + 1) == 0) break;  // given up with the payload: it never arrived
      const bool archived = row.number(at + 1) == 2;
      delivery.delivered += items;
      if (archived) delivery.archived += items;
      if (state == delivery_closed) break;  // its times are those of the reclaiming
      delivery.first_accepted = earlier(delivery.first_accepted, first);
      if (archived)
        delivery.last_archived = later(delivery.last_archived, last);
      else
        delivery.last_accepted = later(delivery.last_accepted, last);
      break;
    }
    default: break;
  }
}

void add_tallies(Question& question, Exam& exam) {
  Statement rows = question.ask("SELECT d.name, t.state, t.level, t.items, t.first_ms, t.last_ms FROM exam_tally t "
                                "JOIN destination d ON d.number=t.destination WHERE t.exam=? ORDER BY d.name, t.state, t.level");
  for (rows.bind(1, exam.key); rows.step();) {
    if (exam.deliveries.empty() || exam.deliveries.back().destination != rows.text(0))
      exam.deliveries.push_back({.destination = rows.text(0)});
    add(exam.deliveries.back(), rows, 1);
  }
  for (auto& delivery : exam.deliveries)  // proven at once: accepted and archived are one moment
    if (!delivery.last_accepted) delivery.last_accepted = delivery.last_archived;
}

void add_orders(Question& question, Exam& exam) {
  Statement rows = question.ask("SELECT s.what, coalesce(d.name,''), s.value FROM standing s LEFT JOIN destination d "
                                "ON d.number=s.destination WHERE s.exam=? ORDER BY s.destination");
  for (rows.bind(1, exam.key); rows.step();) {
    const auto what = static_cast<StandingOrder>(rows.number(0));
    if (what == StandingOrder::priority) exam.priority = static_cast<core::Priority>(rows.number(2));
    for (auto& delivery : exam.deliveries) {
      if (!rows.text(1).empty() && rows.text(1) != delivery.destination) continue;
      if (what == StandingOrder::held) delivery.held = rows.number(2) != 0;
      if (what == StandingOrder::owed) delivery.added = true;
    }
  }
}

}  // namespace

Exam Lookup::read(Question& question, Statement& row) {
  Exam exam;
  exam.key = row.number(0);
  exam.first.ms = row.number(2);
  exam.last.ms = row.number(3);
  exam.items = count_of(row.number(4));
  exam.bytes = count_of(row.number(5));
  Statement item = question.ask("SELECT id, facts FROM item WHERE seq=?");
  if (item.bind(1, row.number(1)).step()) {
    copy_fixed(item.blob(0), exam.sample.id.bytes);
    const std::lock_guard lock(facts_mutex_);
    static_cast<void>(facts_.open(item.blob(1), exam.sample));
  }
  add_tallies(question, exam);
  add_orders(question, exam);
  return exam;
}

std::vector<Match> Lookup::find(std::string_view name, std::size_t matches_max) {
  std::vector<Match> found;
  const std::int64_t key = keys_.of(name);
  if (key == 0) return found;
  Question question(view_);
  const auto add = [&](Match match) {
    const bool known = std::any_of(found.begin(), found.end(), [&](const Match& one) { return one.exam == match.exam && one.item == match.item; });
    if (!known && found.size() < matches_max) found.push_back(match);
  };
  Statement study = question.ask("SELECT key FROM exam WHERE key=?");
  if (study.bind(1, key).step()) add({Match::What::study, key});
  // By the place of their first image in the spool: a clock that was set would put those of a wrong year before the newest, for ever.
  Statement aliases = question.ask("SELECT a.kind, a.exam FROM alias a JOIN exam e ON e.key=a.exam WHERE a.key=? ORDER BY e.seq DESC LIMIT ?");
  for (aliases.bind(1, key).bind(2, static_cast<std::int64_t>(matches_max)); aliases.step();) add({what_of(aliases.number(0)), aliases.number(1)});
  const Uuid id = uuid_from(name);
  Statement images = question.ask(!id.is_nil() ? "SELECT id, study_key FROM item WHERE id=?1 AND study_key<>0"
                                     : "SELECT id, study_key FROM item WHERE sop_key=?1 AND sop_key<>0 AND study_key<>0 UNION ALL "
                                       "SELECT id, study_key FROM item WHERE label_key=?1 AND label_key<>0 AND study_key<>0");
  for (id.is_nil() ? images.bind(1, key) : images.bind(1, ByteView(id.bytes)); images.step();) {
    Match match{Match::What::image, images.number(1), Uuid{}};
    copy_fixed(images.blob(0), match.item->bytes);
    add(match);
  }
  return found;
}

std::optional<Exam> Lookup::exam(std::int64_t key) {
  Question question(view_);
  Statement row = question.ask(std::string(exam_columns) + "WHERE key=?");
  if (!row.bind(1, key).step()) return {};
  return read(question, row);
}

bool Lookup::is_contested(const Uuid& item) {
  Question question(view_);
  Statement row = question.ask("SELECT 1 FROM item i JOIN item o ON o.sop_key=i.sop_key AND o.sop_key<>0 AND o.seq<>i.seq "
                               "AND o.state IN (1,2,3) AND o.sha256<>i.sha256 WHERE i.id=? LIMIT 1");
  const bool found = row.bind(1, ByteView(item.bytes)).step();
  return found || !question.good();
}

std::vector<Exam> Lookup::received_between(WallTime from, WallTime to, std::size_t exams_max) {
  Question question(view_);
  std::vector<Exam> all;
  Statement rows = question.ask(std::string(exam_columns) + "WHERE last_ms>=? AND last_ms<=? ORDER BY last_ms DESC LIMIT ?");
  for (rows.bind(1, from.ms).bind(2, to.ms).bind(3, static_cast<std::int64_t>(exams_max)); rows.step();) all.push_back(read(question, rows));
  return all;
}

std::vector<Unsettled> Lookup::unsettled(std::int64_t exam) {
  Question question(view_);
  std::vector<Unsettled> all;
  Statement rows = question.ask(
      "SELECT d.name, v.state, v.reason, count(*), max(v.attempts), min(v.received_ms), min(v.not_before_ms) FROM item i "
      "JOIN delivery v ON v.seq=i.seq JOIN destination d ON d.number=v.destination WHERE i.study_key=? AND i.study_key<>0 "
      "AND v.state IN (1,2,4) GROUP BY d.name, v.state, v.reason ORDER BY d.name, v.state, count(*) DESC");
  for (rows.bind(1, exam); rows.step();) {
    Unsettled one{rows.text(0), static_cast<DeliveryState>(rows.number(1)), rows.text(2), count_of(rows.number(3)),
                  static_cast<unsigned>(rows.number(4)), WallTime{rows.number(5)}};
    if (one.state == DeliveryState::waiting && rows.number(6) > 0) one.not_before = WallTime{rows.number(6)};
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> Lookup::quarantined(std::size_t exams_max) {
  Question question(view_);
  std::vector<std::string> exams;
  // In the words of the index on what is odd: without them all items would be read.
  Statement rows = question.ask("SELECT id, facts FROM item WHERE state IN (3, 4) AND state=? AND " +
                                std::string(unseen_item) + " ORDER BY seq DESC LIMIT ?");
  for (rows.bind(1, static_cast<int>(ItemState::quarantined)).bind(2, static_cast<std::int64_t>(quarantined_looked_at)); rows.step();) {
    core::Item item;
    copy_fixed(rows.blob(0), item.id.bytes);
    const std::lock_guard lock(facts_mutex_);
    if (exams.size() >= exams_max || !facts_.open(rows.blob(1), item)) continue;
    const std::string_view study = item.facts.get(core::Fact::study_instance_uid);
    if (!study.empty() && std::ranges::find(exams, study) == exams.end()) exams.emplace_back(study);
  }
  return exams;
}

std::vector<std::string> Lookup::exams_in(const std::string& destination, core::DeliveryState state, std::size_t exams_max) {
  Question question(view_);
  std::vector<std::string> exams;
  std::vector<std::int64_t> seen;
  Statement rows = question.ask("SELECT i.study_key, i.id, i.facts FROM (SELECT seq FROM delivery WHERE destination=(SELECT number FROM destination WHERE name=?) AND state=? "
                                "AND reason NOT LIKE 'the stored copy does not verify%' ORDER BY received_ms DESC LIMIT ?) v CROSS JOIN item i ON i.seq=v.seq");
  rows.bind(1, std::string_view(destination)).bind(2, static_cast<int>(state)).bind(3, deliveries_looked_at);
  while (exams.size() < exams_max && rows.step()) {
    if (std::ranges::find(seen, rows.number(0)) != seen.end()) continue;
    seen.push_back(rows.number(0));
    core::Item item;
    copy_fixed(rows.blob(1), item.id.bytes);
    const std::lock_guard lock(facts_mutex_);
    if (!facts_.open(rows.blob(2), item)) continue;
    const std::string_view study = item.facts.get(core::Fact::study_instance_uid);
    if (!study.empty() && std::ranges::find(exams, study) == exams.end()) exams.emplace_back(study);
  }
  return exams;
}

}  // namespace sampan::queue
