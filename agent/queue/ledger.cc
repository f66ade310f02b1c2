// SPDX-License-Identifier: Apache-2.0
#include "queue/ledger.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "core/limits.h"
#include "core/nodes.h"
#include "queue/ledger_statements.h"

namespace sampan::queue {

using core::DeliveryState;

Result<std::unique_ptr<Ledger>> Ledger::open_sound(const std::string& path, const Keyring& keys) {
  auto sql = Sql::open(path, false);
  if (!sql) return sql.error();
  if (Status ready = migrate(**sql); !ready) return ready.error();
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(*sql), keys));
  if (!ledger->status()) return ledger->status().error();
  if (Status ours = ledger->belongs_to(keys.node()); !ours) return ours.error();
  if (Status filled = ledger->fill_exams(); !filled) return filled.error();
  if (Status filled = ledger->fill_names(); !filled) return filled.error();
  return ledger;
}

// Its places are those of other records: believed here, what this node has acknowledged would count as what another one delivered.
Status Ledger::belongs_to(const Uuid& node) {
  const std::string name = to_string(node);
  auto& get = use_->meta_get.begin().bind(1, std::string_view("node"));
  const std::string found = get.step() ? get.text(0) : std::string();
  get.begin();
  if (!sql_->status()) return sql_->status();
  if (!found.empty()) return found == name ? Status() : Status(fail(Errc::damaged, "ledger: of another node"));
  use_->meta_set.bind(1, std::string_view("node")).bind(2, std::string_view(name)).run();  // it is new, or of an earlier version
  sql_->clear();  // a disk that is full takes it another time
  return {};
}

// One that is damaged again and again must not fill the disk.
static void forget_old(FileSystem& files, const std::string& prefix) {
  const std::string folder = prefix.substr(0, prefix.find_last_of('/'));
  const auto names = files.list(folder);
  std::vector<std::string> aside;
  for (const auto& name : names ? *names : std::vector<std::string>{})
    if (const std::string path = folder + "/" + name; path.starts_with(prefix) && !path.ends_with("-wal") && !path.ends_with("-shm"))
      aside.push_back(path);
  for (std::size_t i = 0; i + core::limits::damaged_ledgers_kept < aside.size(); ++i)
    for (const char* part : {"", "-wal", "-shm"}) static_cast<void>(files.unlink(aside[i] + part));
}

Status Ledger::set_aside(FileSystem& files, const std::string& path, const Clock& clock) {
  const std::string aside = path + ".damaged-" + std::to_string(clock.wall().ms);
  for (const char* part : {"", "-wal", "-shm"})
    if (Status moved = files.rename(path + part, aside + part); !moved && moved.error().code != Errc::not_found) return moved;
  forget_old(files, path + ".damaged-");
  return {};
}

Result<Ledger::Opened> Ledger::open(FileSystem& files, const std::string& path, const Keyring& keys, const Clock& clock) {
  Opened opened;
  const auto there = files.open(path, FileSystem::Mode::read);
  // One that somebody else's start left here, and that we may not open, is in the way as a damaged one is; and so is what is no file.
  const bool is_in_the_way = there.ok() || there.error().code != Errc::not_found;
  auto ledger = open_sound(path, keys);
  // A disk that is full says nothing of the ledger on it.
  if (!ledger && (ledger.error().code == Errc::full || (ledger.error().code != Errc::damaged && !is_in_the_way))) return ledger.error();
  if (!ledger) {
    opened.set_aside = ledger.error().message;
    if (Status moved = set_aside(files, path, clock); !moved) return moved.error();
    ledger = open_sound(path, keys);
    if (!ledger) return ledger.error();
  }
  opened.ledger = std::move(*ledger);
  return opened;
}

Ledger::Ledger(std::unique_ptr<Sql> sql, const Keyring& keys)
    : sql_(std::move(sql)), keys_(keys), facts_(keys), tallies_(*sql_), lacking_(*sql_), use_(std::make_shared<Statements>()) {
  prepare();
  remember();
}

void Ledger::remember() {
  destinations_.clear();
  aliases_.clear();
  Statement names(*sql_, "SELECT name, number FROM destination");
  while (names.step()) destinations_[names.text(0)] = static_cast<int>(names.number(1));
  Statement orphans(*sql_, "SELECT count(*) FROM orphan");
  if (orphans.step()) orphans_ = orphans.number(0);
  Statement orders(*sql_, "SELECT count(*), coalesce(max(place),0) FROM standing");
  if (orders.step()) orders_ = orders.number(0), last_order_ = orders.number(1);
  Statement owing(*sql_, "SELECT count(*) FROM meta WHERE name>'owing ' AND name<'owing!'");
  if (owing.step()) owing_ = owing.number(0);
  Statement ranges(*sql_, "SELECT count(*) FROM quarantine WHERE sop_key<>0");
  if (ranges.step()) ranges_ = ranges.number(0);
  Statement seen(*sql_, "SELECT count(*) FROM meta WHERE name>'seen ' AND name<'seen!'");
  if (seen.step()) seen_ = seen.number(0);
  less_damaged_.clear();
  Statement waited(*sql_, "SELECT value FROM meta WHERE name='waited_ms'");
  waited_ms_ = waited.step() ? waited.number(0) : 0;
}

void Ledger::prepare() {
  Sql& s = *sql_;
  Statements& u = *use_;
  u.item_insert = Statement(s, "INSERT OR REPLACE INTO item VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  u.item_by_id = Statement(s, "SELECT seq, sha256, state FROM item WHERE id=? ORDER BY state IN (4,6), seq");
  u.item_by_sop = Statement(s, "SELECT sha256, seq, state, received_ms FROM item WHERE sop_key=? AND sop_key<>0 AND state IN (1,2,3) AND seq<>?");
  u.item_by_study = Statement(s, "SELECT min(study_order) FROM item WHERE study_key=? AND study_key<>0 AND state=1");
  u.item_state = Statement(s, "UPDATE item SET state=?, reason=? WHERE seq=?");
  u.item_close = Statement(s, "UPDATE item SET state=CASE state WHEN 4 THEN 5 ELSE 2 END WHERE seq=?");
  u.item_quarantine = Statement(s, "UPDATE item SET state=3, reason=? WHERE seq=? AND state IN (1,4)");
  u.delivery_hand_over = Statement(s, "UPDATE OR IGNORE delivery SET seq=?1, class_key=(SELECT class_key FROM item WHERE seq=?1) WHERE seq=?2");
  u.originals_of = Statement(s, "SELECT CASE o.state WHEN 1 THEN o.seq ELSE 0 END FROM item i JOIN item o ON o.state IN (1,2) AND "
                                "(o.id=i.id OR (o.sop_key=i.sop_key AND o.sop_key<>0)) WHERE i.seq=? AND (NOT EXISTS(SELECT 1 FROM item d WHERE "
                                "d.sop_key=i.sop_key AND d.sop_key<>0 AND d.state=3) OR EXISTS(SELECT 1 FROM item s WHERE s.state IN (1,2) AND "
                                "s.sha256=i.sha256 AND (s.id=i.id OR (s.sop_key=i.sop_key AND s.sop_key<>0))))");
  u.delivery_insert = Statement(s, "INSERT OR IGNORE INTO delivery VALUES(?,?,?,?,?,?,?,?,0,0,0,0,'',?,0,0,0,0)");
  const std::string found = "SELECT i.study_key, v.destination, v.state, v.level, v.bytes, v.received_ms, v.rank, v.reason, v.seq, "
                            "i.state FROM item i JOIN delivery v ON v.seq=i.seq WHERE ";
  u.delivery_get = Statement(s, found + "i.seq=? AND v.destination=?");
  u.item_of_exam = Statement(s, "SELECT seq FROM item WHERE study_key=?1 AND study_key<>0");
  u.delivery_unsettled = Statement(s, found + "i.seq=?1 AND v.state IN (1,2) AND (?2=0 OR v.destination=?2)");
  u.delivery_move = Statement(s, "UPDATE delivery SET state=?, level=?, reason=? WHERE seq=? AND destination=?");
  u.delivery_rank = Statement(s, "UPDATE delivery SET rank=? WHERE seq=? AND destination=?");
  u.delivery_receipt = Statement(s, "UPDATE delivery SET node=?1, settled_run_ms=?2, attempts=0, not_before_ms=?3, again=0, asked_of=?6 WHERE seq=?4 AND destination=?5");
  u.delivery_anew = Statement(s, "UPDATE delivery SET not_before_ms=CASE WHEN ?1=0 THEN 0 WHEN ?2>resent_ms THEN ?2+?1*(1<<min(resends,8)) ELSE "
                                 "?2+?1*(1<<max(min(resends,9)-1,0)) END, attempts=0, again=0, resends=CASE WHEN ?1=0 THEN 0 ELSE "
                                 "resends+(?2>resent_ms) END, resent_ms=max(resent_ms,?2) WHERE seq=?3 AND destination=?4");
  u.delivery_postpone = Statement(s, "UPDATE delivery SET attempts=?, not_before_ms=?, reason=? WHERE seq=? AND destination=? AND state=1");
  u.delivery_ask_later =
      Statement(s, "UPDATE delivery SET attempts=?, not_before_ms=? WHERE seq=? AND destination=? AND state=3 AND (level=1 OR again=1)");
  u.delivery_held_again = Statement(s, "UPDATE delivery SET attempts=0, again=0 WHERE seq=? AND destination=? AND state=3 AND level=2");
  u.delivery_ask_again = Statement(s, "UPDATE delivery SET attempts=0, again=1, not_before_ms=? WHERE seq=? AND destination=? AND state=3 AND level=2");
  u.commitment_begin = Statement(s, "INSERT OR IGNORE INTO commitment VALUES(?,?,?)");
  u.commitment_forget = Statement(s, "DELETE FROM commitment WHERE begun_ms<?1 OR begun_ms>?3 OR begun_ms<(SELECT begun_ms FROM commitment ORDER BY begun_ms DESC LIMIT 1 OFFSET ?2)");
  u.deliveries_of = Statement(s, "SELECT d.name, CASE v.again WHEN 2 THEN 1 ELSE v.state END, CASE v.again WHEN 1 THEN 1 ELSE v.level END, v.settled_run_ms, v.destination, v.bytes, v.node FROM delivery v "
                                 "JOIN destination d ON d.number=v.destination WHERE v.seq=?");
  u.exam_not_owed = Statement(s, "SELECT seq, kind, priority, size, received_ms, study_order, class_key, reason FROM item i WHERE "
                                 "study_key=?1 AND study_key<>0 AND state=1 AND reason<>'" + std::string(being_compared) + "' AND NOT EXISTS(SELECT 1 FROM delivery v WHERE v.seq=i.seq "
                                 "AND v.destination=?2)");
  u.alias_insert = Statement(s, "INSERT OR IGNORE INTO alias SELECT ?1,?2,?3 WHERE (SELECT count(*) FROM alias WHERE exam=?2)<?4");
  u.standing_of = Statement(s, "SELECT what, destination, value FROM standing WHERE exam=?");
  u.standing_set = Statement(s, "INSERT OR REPLACE INTO standing VALUES(?,?,?,?,?)");
  u.standing_clear = Statement(s, "DELETE FROM standing WHERE exam=? AND what=?");
  u.orphan_insert = Statement(s, "INSERT INTO orphan(item, type, note, sop_key) VALUES(?,?,?,?)");
  u.buried = Statement(s, "SELECT item, note FROM orphan WHERE sop_key=? AND sop_key<>0 AND type=3");
  u.orphan_of = Statement(s, "SELECT type, note FROM orphan WHERE item=? ORDER BY number");
  u.orphan_delete = Statement(s, "DELETE FROM orphan WHERE item=?");
  u.quarantine_insert = Statement(s, "INSERT OR REPLACE INTO quarantine VALUES(?,?,?,?,?,?,?,?,?)");
  u.quarantine_in = Statement(s, "SELECT 1 FROM quarantine WHERE segment=? LIMIT 1");
  u.segment_get = Statement(s, "SELECT indexed FROM segment WHERE number=?");
  u.segment_set = Statement(s, "INSERT OR REPLACE INTO segment VALUES(?,?,?,?,0)");
  u.segment_forget = Statement(s, "DELETE FROM segment WHERE number=?");
  u.quarantine_forget = Statement(s, "DELETE FROM quarantine WHERE segment=? AND offset>=?");
  u.meta_get = Statement(s, "SELECT value FROM meta WHERE name=?");
  u.meta_set = Statement(s, "INSERT OR REPLACE INTO meta VALUES(?,?)");
  u.undecided_first = Statement(s, "SELECT value, name FROM meta WHERE name>'undecided ' AND name<'undecided!' ORDER BY name LIMIT 1");
  u.meta_forget = Statement(s, "DELETE FROM meta WHERE name=?");
  u.item_get = Statement(s, "SELECT id, size, sha256, study_key, study_order, facts, record_bytes, sop_key FROM item WHERE seq=?");
  u.destination_insert = Statement(s, "INSERT INTO destination(name) VALUES(?)");
  u.candidates = Statement(s, "SELECT i.seq, i.id, i.sha256, i.sop_key, i.kind FROM (SELECT DISTINCT seq FROM delivery WHERE "
                              "state=3 AND seq>? ORDER BY seq LIMIT ?) v JOIN item i ON i.seq=v.seq WHERE i.state=1 ORDER BY i.seq");
  u.duplicates = Statement(s, "SELECT seq, id, sha256, sop_key, EXISTS(SELECT 1 FROM item o WHERE o.id=i.id AND "
                               "o.seq<>i.seq) FROM item i WHERE state IN (3, 4) AND state=4 AND seq>? ORDER BY seq LIMIT ?");
  const std::string undelivered = "FROM delivery v JOIN item i ON i.seq=v.seq WHERE v.destination=?1 AND v.state IN (1,2,4) "
                                  "AND v.rank<?2 AND i.kind=?3 AND i.state=1";
  u.undelivered_count = Statement(s, "SELECT count(*) " + undelivered);
  u.undelivered = Statement(s, "SELECT i.seq, i.id, i.sha256, i.sop_key, i.kind " + undelivered + " ORDER BY i.seq LIMIT ?4");
  u.living = Statement(s, "SELECT count(*) FROM item WHERE seq>=? AND seq<? AND state IN (1,3,4)");
}

void Ledger::begin() {
  sql_->clear();
  sql_->execute("BEGIN IMMEDIATE");
}

Status Ledger::commit() {
  tallies_.flush();
  if (sql_->status()) sql_->execute("COMMIT");
  const Status done = sql_->status();
  if (!done) {
    sql_->clear();
    sql_->execute("ROLLBACK");
    sql_->clear();
    remember();  // what the batch changed of it is gone
    sql_->clear();
  }
  tallies_.clear();
  return done;
}

int Ledger::destination_number(const std::string& name) {
  if (const auto known = destinations_.find(name); known != destinations_.end()) return known->second;
  use_->destination_insert.bind(1, std::string_view(name)).run();
  Statement number(*sql_, "SELECT number FROM destination WHERE name=?");
  number.bind(1, std::string_view(name));
  return destinations_[name] = number.step() ? static_cast<int>(number.number(0)) : 0;
}

std::uint64_t Ledger::indexed(std::uint64_t segment) {
  auto& get = use_->segment_get.begin().bind(1, static_cast<std::int64_t>(segment));
  const std::uint64_t value = get.step() ? static_cast<std::uint64_t>(get.number(0)) : 0;
  get.begin();  // an open row would keep the WAL from ever being taken in
  return value;
}

std::uint64_t Ledger::last_segment() {
  Statement last(*sql_, "SELECT coalesce((SELECT max(number) FROM segment),0), coalesce((SELECT max(segment) FROM quarantine),0), coalesce((SELECT max(seq) FROM item),0)");
  if (!last.step()) return 0;
  return std::max({static_cast<std::uint64_t>(last.number(0)), static_cast<std::uint64_t>(last.number(1)), segment_of(std::max<Sequence>(last.number(2), 0))});
}

void Ledger::checkpoint(Stream stream, std::uint64_t segment, std::uint64_t indexed, std::uint64_t bytes) {
  use_->segment_set.bind(1, static_cast<std::int64_t>(segment)).bind(2, static_cast<std::int64_t>(static_cast<char>(stream)));
  use_->segment_set.bind(3, static_cast<std::int64_t>(indexed)).bind(4, static_cast<std::int64_t>(bytes)).run();
}

void Ledger::forget_segment(std::uint64_t segment) {
  use_->segment_forget.bind(1, static_cast<std::int64_t>(segment)).run();
  forget_quarantine(segment, 0);
  forget_replaced(segment);
  forget_seen(segment);
}

void Ledger::forget_quarantine(std::uint64_t segment, std::uint64_t from) {
  use_->quarantine_forget.bind(1, static_cast<std::int64_t>(segment)).bind(2, static_cast<std::int64_t>(from)).run();
}

std::int64_t Ledger::run_ms() {
  auto& get = use_->meta_get.begin().bind(1, std::string_view("run_ms"));
  const std::int64_t value = get.step() ? get.number(0) : 0;
  get.begin();
  return value;
}
void Ledger::set_run_ms(std::int64_t value) { use_->meta_set.bind(1, std::string_view("run_ms")).bind(2, value).run(); }

void Ledger::waited(Millis before) {
  if (before.count() <= waited_ms_) return;
  waited_ms_ = before.count();
  use_->meta_set.bind(1, std::string_view("waited_ms")).bind(2, waited_ms_).run();
}

Ledger::Candidate Ledger::read_candidate(Statement& row, bool duplicate) {
  Candidate candidate;
  candidate.seq = row.number(0);
  copy_fixed(row.blob(1), candidate.id.bytes);
  copy_fixed(row.blob(2), candidate.sha256);
  candidate.sop_key = row.number(3);
  candidate.duplicate = duplicate;
  if (duplicate)
    candidate.shares_id = row.number(4) != 0;
  else
    candidate.kind = static_cast<core::Kind>(row.number(4));
  return candidate;
}

std::vector<Ledger::Candidate> Ledger::candidates(Sequence duplicates_after, Sequence after, std::size_t items_max) {
  std::vector<Candidate> found;
  const auto read = [&found](Statement& row, bool duplicate) { found.push_back(read_candidate(row, duplicate)); };
  const auto limit = static_cast<std::int64_t>(items_max);
  for (use_->duplicates.begin().bind(1, duplicates_after).bind(2, limit); use_->duplicates.step();) read(use_->duplicates, true);
  use_->duplicates.begin();
  for (use_->candidates.begin().bind(1, after).bind(2, limit); use_->candidates.step();) read(use_->candidates, false);
  use_->candidates.begin();
  for (auto& candidate : found) {
    auto& rows = use_->deliveries_of;
    for (rows.begin().bind(1, candidate.seq); rows.step();)
      candidate.standings.push_back({rows.text(0), static_cast<DeliveryState>(rows.number(1)),
                                     rows.number(2) == 2 ? core::Level::archived : core::Level::accepted, rows.number(3),
                                     core::said_by_node(rows.text(6))});
    rows.begin();
  }
  if (sql_->status()) return found;
  log::error("reclaim: " + sql_->status().error().message);
  return {};  // a standing that was not read may be one that is still owed
}

std::vector<Ledger::Candidate> Ledger::copies_of(std::span<const Candidate> items) {
  std::set<Sequence> here, found;
  for (const Candidate& item : items) here.insert(item.seq);
  std::vector<Candidate> copies;
  Statement rows(*sql_, "SELECT c.seq, c.id, c.sha256, c.sop_key, c.id=i.id FROM item i JOIN item c ON c.state=4 AND (c.id=i.id OR (c.sop_key=i.sop_key AND "
                        "c.sop_key<>0)) WHERE i.seq=?");
  for (const Candidate& item : items)
    for (rows.begin().bind(1, item.seq); rows.step();)
      if (found.insert(rows.number(0)).second) copies.push_back(read_candidate(rows, true));
  rows.begin();
  std::erase_if(copies, [&](const Candidate& copy) {
    const auto originals = originals_of(copy.seq);
    return is_owing(copy.seq) || originals.empty() || !std::ranges::all_of(originals, [&](Sequence original) { return here.contains(original); });
  });
  return copies;
}

std::vector<Ledger::Candidate> Ledger::surplus(core::Kind kind, std::size_t kept, std::size_t items_max) {
  std::vector<Candidate> oldest;
  const auto bound = [&](Statement& rows, int destination) -> Statement& {
    return rows.begin().bind(1, destination).bind(2, rank_of_images).bind(3, static_cast<int>(kind));
  };
  for (const auto& [name, number] : destinations_) {
    auto& ask = bound(use_->undelivered_count, number);
    const std::int64_t over = ask.step() ? ask.number(0) - static_cast<std::int64_t>(kept) : 0;
    ask.begin();
    if (over <= 0) continue;
    auto& rows = bound(use_->undelivered, number).bind(4, std::min(over, static_cast<std::int64_t>(items_max)));
    while (rows.step()) oldest.push_back(read_candidate(rows, false));
    rows.begin();
    break;  // what is dropped is dropped for all; another destination comes next time
  }
  if (!sql_->status()) oldest.clear();
  return oldest;
}

std::uint64_t Ledger::living_in(std::uint64_t segment) {
  auto& ask = use_->living.begin().bind(1, sequence_of(segment, 0)).bind(2, sequence_of(segment + 1, 0));
  const std::uint64_t living = ask.step() ? static_cast<std::uint64_t>(ask.number(0)) : 1;
  ask.begin();
  return living;
}

void Ledger::check() {
  Statement ask(*sql_, "PRAGMA quick_check(1)");
  if (ask.step() && ask.text(0) != "ok") sql_->refuse(fail(Errc::damaged, "ledger: " + ask.text(0)));
}

bool Ledger::has_quarantine(std::uint64_t segment) {
  auto& ask = use_->quarantine_in.begin().bind(1, static_cast<std::int64_t>(segment));
  const bool some = ask.step() || !sql_->status();
  ask.begin();
  return some;
}

}  // namespace sampan::queue
