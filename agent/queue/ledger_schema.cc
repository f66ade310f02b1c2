// SPDX-License-Identifier: Apache-2.0
#include "queue/ledger_schema.h"

#include <array>

namespace sampan::queue {
namespace {

constexpr const char* first = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES('rebuilding', 1);
CREATE TABLE segment(number INTEGER PRIMARY KEY, stream INTEGER, indexed INTEGER, bytes INTEGER, sealed INTEGER);
CREATE TABLE item(
  seq INTEGER PRIMARY KEY, id BLOB, record_bytes INTEGER, kind INTEGER, priority INTEGER, size INTEGER, sha256 BLOB,
  received_ms INTEGER, sop_key INTEGER, study_key INTEGER, study_order INTEGER, class_key INTEGER, state INTEGER,
  reason TEXT, facts BLOB);
CREATE INDEX item_id ON item(id);
CREATE INDEX item_sop ON item(sop_key) WHERE sop_key <> 0;
CREATE INDEX item_study ON item(study_key, study_order) WHERE study_key <> 0 AND state = 1;
CREATE INDEX item_odd ON item(state) WHERE state IN (3, 4);
CREATE TABLE destination(number INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE delivery(
  destination INTEGER, state INTEGER, rank INTEGER, study_order INTEGER, seq INTEGER, class_key INTEGER, bytes INTEGER,
  received_ms INTEGER, attempts INTEGER, not_before_ms INTEGER, settled_run_ms INTEGER, level INTEGER, node TEXT, reason TEXT,
  PRIMARY KEY(destination, state, rank, study_order, seq)) WITHOUT ROWID;
CREATE UNIQUE INDEX delivery_item ON delivery(seq, destination);
CREATE INDEX delivery_age ON delivery(destination, state, received_ms);
CREATE INDEX delivery_done ON delivery(seq) WHERE state = 3;
CREATE TABLE tally(destination INTEGER, state INTEGER, items INTEGER, bytes INTEGER, PRIMARY KEY(destination, state)) WITHOUT ROWID;
CREATE TABLE orphan(number INTEGER PRIMARY KEY, item BLOB, type INTEGER, note BLOB);
CREATE INDEX orphan_item ON orphan(item);
CREATE TABLE quarantine(segment INTEGER, offset INTEGER, bytes INTEGER, reason TEXT, PRIMARY KEY(segment, offset)) WITHOUT ROWID;
)sql";

constexpr const char* second = R"sql(
DROP INDEX item_study;
CREATE INDEX item_exam ON item(study_key, state, study_order) WHERE study_key <> 0;
CREATE TABLE exam(key INTEGER PRIMARY KEY, seq INTEGER, first_ms INTEGER, last_ms INTEGER, items INTEGER, bytes INTEGER);
CREATE INDEX exam_last ON exam(last_ms);
CREATE TABLE alias(key INTEGER, exam INTEGER, kind INTEGER, PRIMARY KEY(key, exam)) WITHOUT ROWID;
CREATE TABLE standing(exam INTEGER, what INTEGER, destination INTEGER, value INTEGER, PRIMARY KEY(exam, what, destination)) WITHOUT ROWID;
DROP TABLE tally;
CREATE TABLE tally(
  destination INTEGER, state INTEGER, level INTEGER, items INTEGER, bytes INTEGER,
  PRIMARY KEY(destination, state, level)) WITHOUT ROWID;
CREATE TABLE exam_tally(
  exam INTEGER, destination INTEGER, state INTEGER, level INTEGER, items INTEGER, bytes INTEGER, first_ms INTEGER, last_ms INTEGER,
  PRIMARY KEY(exam, destination, state, level)) WITHOUT ROWID;
CREATE TABLE reason_tally(
  destination INTEGER, state INTEGER, reason TEXT, items INTEGER, PRIMARY KEY(destination, state, reason)) WITHOUT ROWID;
CREATE TABLE waiting_minute(destination INTEGER, minute INTEGER, items INTEGER, PRIMARY KEY(destination, minute)) WITHOUT ROWID;
CREATE TABLE item_tally(state INTEGER PRIMARY KEY, items INTEGER, bytes INTEGER);
CREATE TABLE intake_hour(hour INTEGER PRIMARY KEY, items INTEGER, bytes INTEGER);
CREATE TRIGGER item_moves AFTER UPDATE OF state ON item WHEN old.state <> new.state BEGIN
  INSERT INTO item_tally VALUES(old.state, -1, -old.size) ON CONFLICT DO UPDATE SET items=items-1, bytes=bytes-old.size;
  INSERT INTO item_tally VALUES(new.state, 1, new.size) ON CONFLICT DO UPDATE SET items=items+1, bytes=bytes+new.size;
END;
INSERT INTO meta SELECT 'exams missing', 1 WHERE EXISTS(SELECT 1 FROM item);
)sql";

constexpr const char* third = R"sql(
CREATE INDEX delivery_unproven ON delivery(destination, not_before_ms) WHERE state=3 AND level=1;
CREATE TABLE commitment(uid TEXT PRIMARY KEY, destination INTEGER, begun_ms INTEGER) WITHOUT ROWID;
)sql";

constexpr const char* fourth = R"sql(
CREATE TABLE promise(
  number INTEGER PRIMARY KEY, uid TEXT UNIQUE, asked_ms INTEGER, instances INTEGER, calling TEXT, called TEXT, address TEXT,
  attempts INTEGER, not_before_ms INTEGER, said TEXT);
CREATE TABLE promised(promise INTEGER, part INTEGER, instances INTEGER, sealed BLOB, PRIMARY KEY(promise, part)) WITHOUT ROWID;
ALTER TABLE orphan ADD COLUMN sop_key INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orphan_sop ON orphan(sop_key) WHERE sop_key <> 0;
)sql";

constexpr const char* fifth = R"sql(
ALTER TABLE delivery ADD COLUMN asked_of INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN resent_ms INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET asked_of=destination, not_before_ms=CASE substr(node,1,4) WHEN 'via ' THEN 0 ELSE not_before_ms END WHERE state=3;
DROP INDEX delivery_unproven;
CREATE INDEX delivery_unproven ON delivery(asked_of, not_before_ms) WHERE state=3 AND (level=1 OR again=1);
CREATE TABLE round(asked_of INTEGER PRIMARY KEY, before INTEGER, begun_run_ms INTEGER);
)sql";

constexpr const char* sixth = R"sql(
ALTER TABLE standing ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
CREATE INDEX alias_exam ON alias(exam);
CREATE INDEX commitment_begun ON commitment(begun_ms);
DELETE FROM waiting_minute WHERE items=0;
)sql";

constexpr const char* seventh = R"sql(
ALTER TABLE promise ADD COLUMN asked_run_ms INTEGER NOT NULL DEFAULT 0;
UPDATE promise SET asked_run_ms=coalesce((SELECT value FROM meta WHERE name='run_ms'),0);
)sql";

constexpr const char* eighth = R"sql(
ALTER TABLE quarantine ADD COLUMN sop_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN sha256 BLOB;
CREATE INDEX quarantine_sop ON quarantine(sop_key) WHERE sop_key <> 0;
UPDATE item SET state=6, study_key=0 WHERE state IN (3, 4) AND state=3 AND NOT EXISTS(SELECT 1 FROM delivery v WHERE v.seq=item.seq)
  AND sop_key<>0 AND EXISTS(SELECT 1 FROM item o WHERE o.sop_key=item.sop_key AND o.sop_key<>0 AND o.sha256=item.sha256 AND o.state IN (1,2));
DELETE FROM item_tally WHERE EXISTS(SELECT 1 FROM meta WHERE name='exams missing');
)sql";

constexpr const char* ninth = R"sql(
ALTER TABLE item ADD COLUMN label_key INTEGER NOT NULL DEFAULT 0;
CREATE INDEX item_label ON item(label_key) WHERE label_key <> 0;
INSERT INTO meta SELECT 'names missing', 1 WHERE EXISTS(SELECT 1 FROM item);
)sql";

constexpr const char* tenth = R"sql(
ALTER TABLE quarantine ADD COLUMN received_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN owed TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::array migrations{first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth};
static_assert(migrations.size() == ledger_version);

}  // namespace

Status migrate(Sql& sql) {
  sql.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-4096; PRAGMA mmap_size=0;"
              "PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=16777216; PRAGMA temp_store=FILE");
  if (!sql.status()) return sql.status();
  Statement ask(sql, "PRAGMA user_version");
  const bool row = ask.step();
  if (!row) return sql.status().ok() ? Status(fail(Errc::damaged, "ledger: no version")) : sql.status();
  const auto version = ask.number(0);
  ask.begin();
  if (version > ledger_version)
    return fail(Errc::damaged, "ledger: written by a newer version (" + std::to_string(version) + ")");
  for (auto v = version; v < ledger_version; ++v) {
    sql.execute("BEGIN");
    sql.execute(migrations[static_cast<std::size_t>(v)]);
    sql.execute(("PRAGMA user_version=" + std::to_string(v + 1)).c_str());
    sql.execute("COMMIT");
  }
  sql.execute("PRAGMA temp_store=MEMORY");  // an index of millions of rows is not sorted in it
  return sql.status();
}

}  // namespace sampan::queue
