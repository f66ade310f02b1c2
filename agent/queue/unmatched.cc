// SPDX-License-Identifier: Apache-2.0
// Items that match no route: they have one delivery, to nobody, until somebody is found.
#include "base/log.h"
#include "queue/ledger.h"
#include "queue/ledger_statements.h"
#include "queue/payload.h"
#include "queue/store.h"

namespace sampan::queue {

static constexpr std::size_t reroutes_per_step = 128;

std::vector<Sequence> Ledger::unmatched(Sequence after, std::size_t items_max) {
  std::vector<Sequence> found;
  Statement rows(*sql_, "SELECT seq FROM delivery WHERE destination=? AND state IN (1,2) AND seq>? ORDER BY seq LIMIT ?");
  rows.bind(1, destination_number(std::string(nobody))).bind(2, after).bind(3, static_cast<std::int64_t>(items_max));
  while (rows.step()) found.push_back(rows.number(0));
  return found;
}

void Ledger::give(Sequence seq, std::span<const std::string> destinations) {
  const int none = destination_number(std::string(nobody));
  const auto found = delivery(seq, none);
  if (!found || destinations.empty()) return;
  Statement open(*sql_, "INSERT OR IGNORE INTO delivery SELECT ?3, state, rank, study_order, seq, class_key, bytes, received_ms, 0, 0, "
                        "0, 0, '', reason FROM delivery WHERE seq=?1 AND destination=?2");
  for (const auto& name : destinations) {
    CountedDelivery counted = found->counted;
    counted.destination = destination_number(name);
    open.begin().bind(1, seq).bind(2, none).bind(3, counted.destination).run();
    if (sql_->changes() > 0) tallies_.enter(counted, counted.received_ms);
  }
  remove(*found);
}

void Ledger::remove(const Found& found) {
  Statement remove(*sql_, "DELETE FROM delivery WHERE seq=? AND destination=?");
  remove.bind(1, found.seq).bind(2, found.counted.destination).run();
  tallies_.leave(found.counted);
}

// What its record says of it, or nothing: then it stays where it is.
static std::optional<core::Item> read_stored(SpoolFolder& folder, const Keyring& keys, Sequence seq) {
  auto file = folder.files().open(folder.path_of(Stream::items, segment_of(seq)), FileSystem::Mode::read);
  if (!file) return {};
  const auto frame = read_frame(**file, segment_of(seq), offset_of(seq));
  core::Item item;
  if (!frame || !read_item(**file, offset_of(seq), *frame, keys, item)) return {};
  return item;
}

// A slice of them; true when more are left.
bool Store::reroute_some() {
  const auto found = ledger_->unmatched(reroute_cursor_, reroutes_per_step);
  reroute_cursor_ = found.size() < reroutes_per_step ? 0 : found.back();
  if (found.empty()) return false;
  ledger_->begin();
  for (const Sequence seq : found)
    if (const auto item = read_stored(parts_.folder, parts_.keys, seq)) ledger_->give(seq, parts_.decisions.route(*item));
  if (Status done = ledger_->commit(); !done) log::error("routes: " + done.error().message);
  parts_.changed();
  return reroute_cursor_ != 0;
}

}  // namespace sampan::queue
