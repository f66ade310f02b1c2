// SPDX-License-Identifier: Apache-2.0
// Requests for storage commitment in the ledger: what modalities asked for and were not told about yet.
#include "core/limits.h"
#include "queue/ledger.h"

namespace sampan::queue {

namespace {

using What = PromiseNote::What;

constexpr Uuid nobodys{};

}  // namespace

void Ledger::apply_promise(const PromiseNote& note, std::int64_t run_ms) {
  const auto with_uid = [&](const char* text) {
    Statement statement(*sql_, text);
    statement.bind(1, std::string_view(note.transaction_uid));
    return statement;
  };
  if (note.what == What::answered || note.what == What::given_up) {
    with_uid("DELETE FROM promised WHERE promise=(SELECT number FROM promise WHERE uid=?)").run();
    return with_uid("DELETE FROM promise WHERE uid=?").run();
  }
  with_uid("INSERT OR IGNORE INTO promise VALUES(NULL,?1,?2,0,'','','',0,0,'',?3)").bind(2, note.time.ms).bind(3, run_ms).run();
  if (note.what == What::instances) {
    Bytes plain;
    encode(note.instances, plain);
    const Bytes sealed = facts_.seal(plain, nobodys);
    auto insert = with_uid("INSERT INTO promised SELECT number, (SELECT coalesce(max(part)+1,0) FROM promised WHERE promise=number), ?2, ?3 "
                           "FROM promise WHERE uid=?1");
    return insert.bind(2, static_cast<std::int64_t>(note.instances.size())).bind(3, ByteView(sealed)).run();
  }
  // Parts before those it speaks of are of an attempt that did not end, or were read a second time after a start.
  with_uid("DELETE FROM promised WHERE promise=(SELECT number FROM promise WHERE uid=?1) AND (SELECT sum(p.instances) FROM promised p "
           "WHERE p.promise=promised.promise AND p.part>promised.part)>=?2")
      .bind(2, static_cast<std::int64_t>(note.instances_in_all))
      .run();
  auto asked = with_uid("UPDATE promise SET asked_ms=?2, instances=?3, calling=?4, called=?5, address=?6, not_before_ms=?7, asked_run_ms=?8 WHERE uid=?1 AND instances=0");
  asked.bind(2, note.time.ms).bind(3, static_cast<std::int64_t>(note.instances_in_all));
  asked.bind(4, std::string_view(note.calling_ae)).bind(5, std::string_view(note.called_ae)).bind(6, std::string_view(note.peer_address));
  asked.bind(7, note.time.ms + Millis(core::limits::promise_call_pause).count()).bind(8, run_ms).run();
  for (const char* text : {"DELETE FROM promised WHERE promise IN (SELECT number FROM promise WHERE instances=0 AND asked_ms<?)",
                           "DELETE FROM promise WHERE instances=0 AND asked_ms<?"}) {
    Statement forget(*sql_, text);
    forget.bind(1, note.time.ms - Millis(core::limits::promise_whole_in).count()).run();
  }
}

void Ledger::tell_later(std::string_view transaction_uid, unsigned attempts, WallTime not_before, std::string_view said) {
  Statement set(*sql_, "UPDATE promise SET attempts=?2, not_before_ms=?3, said=?4 WHERE uid=?1");
  set.bind(1, transaction_uid).bind(2, static_cast<std::int64_t>(attempts)).bind(3, not_before.ms).bind(4, said).run();
}

bool Ledger::promise_is_open(std::string_view transaction_uid) {
  Statement ask(*sql_, "SELECT 1 FROM promise WHERE uid=?");
  return ask.bind(1, transaction_uid).step();
}

void Ledger::tell_all_now() { sql_->execute("UPDATE promise SET not_before_ms=0"); }

}  // namespace sampan::queue
