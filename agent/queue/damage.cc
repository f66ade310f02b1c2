// SPDX-License-Identifier: Apache-2.0
#include "queue/damage.h"

#include <algorithm>

#include "core/limits.h"
#include "queue/handed_in.h"
#include "queue/ledger_schema.h"
#include "queue/seen.h"
#include "queue/segment.h"
#include "queue/store.h"

namespace sampan::queue {
namespace {

constexpr std::size_t seen_at_once = core::limits::notes_waiting_max / 4;

}  // namespace

std::string Damage::study_of(const Uuid& id, ByteView sealed) {
  core::Item item;
  item.id = id;
  const std::lock_guard lock(facts_mutex_);
  return facts_.open(sealed, item) ? std::string(item.facts.get(core::Fact::study_instance_uid)) : std::string();
}

// As the header of the segment says.
std::optional<WallTime> Damage::begun(std::uint64_t segment) {
  for (const Stream stream : {Stream::items, Stream::notes}) {
    auto file = folder_.files().open(folder_.path_of(stream, segment), FileSystem::Mode::read);
    Bytes block(block_bytes);
    const auto got = file ? (*file)->read_at(0, block) : Result<std::size_t>(std::size_t{0});
    if (!got || *got != block_bytes) continue;
    if (const auto header = decode_segment_header(block)) return WallTime{header->created_ms};
  }
  return {};
}

std::vector<DamagedPlace> Damage::read(Question& question, std::size_t places_max) {
  std::vector<DamagedPlace> places;
  const auto number = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  Statement items = question.ask("SELECT seq, record_bytes, reason, received_ms, id, facts FROM item WHERE state IN (3, 4) AND state=3 AND " +
                                 std::string(unseen_item) + " ORDER BY seq DESC LIMIT ?");
  for (items.bind(1, static_cast<std::int64_t>(places_max)); items.step();) {
    const Sequence seq = items.number(0);
    DamagedPlace place{segment_of(seq), offset_of(seq), number(items.number(1)), false, items.text(2), {}, WallTime{items.number(3)}};
    Uuid id;
    copy_fixed(items.blob(4), id.bytes);
    place.study = study_of(id, items.blob(5));
    places.push_back(std::move(place));
  }
  Statement before = question.ask("SELECT received_ms FROM item WHERE seq>=? AND seq<? ORDER BY seq DESC LIMIT 1");
  Statement ranges = question.ask("SELECT segment, offset, bytes, reason FROM quarantine WHERE reason NOT IN (?1,?3) AND " + std::string(unseen_range) +
                                  " ORDER BY segment DESC, offset DESC LIMIT ?2");
  for (ranges.bind(1, torn_tail).bind(2, static_cast<std::int64_t>(places_max)).bind(3, came_again); ranges.step();) {
    DamagedPlace place{number(ranges.number(0)), number(ranges.number(1)), number(ranges.number(2)), ranges.text(3) == doubtful_tail, ranges.text(3), {}, {}};
    before.begin().bind(1, sequence_of(place.segment, 0)).bind(2, sequence_of(place.segment, place.offset));
    if (before.step()) place.about = WallTime{before.number(0)};
    places.push_back(std::move(place));
  }
  std::ranges::stable_sort(places, [](const auto& a, const auto& b) { return std::pair(a.segment, a.offset) > std::pair(b.segment, b.offset); });
  if (places.size() > places_max) places.resize(places_max);
  return question.good() ? std::move(places) : std::vector<DamagedPlace>{};
}

std::vector<DamagedPlace> Damage::places(std::size_t places_max) {
  store_.catch_up(Millis(200));
  std::vector<DamagedPlace> places;
  {
    Question question(view_);
    places = read(question, places_max);
  }
  for (auto& place : places)
    if (!place.about) place.about = begun(place.segment);
  return places;
}

Result<std::uint64_t> Damage::seen(const std::string& name) {
  std::uint64_t count = 0;
  for (bool more = true; more;) {
    const std::uint64_t failures = this->failures();
    auto found = places(seen_at_once);
    if (this->failures() != failures) return fail(Errc::io, "the ledger does not answer; order it again");
    more = name.empty() && found.size() == seen_at_once;
    if (!name.empty()) std::erase_if(found, [&](const DamagedPlace& place) { return place.name() != name; });
    if (found.empty() && !name.empty()) return fail(Errc::not_found, "no such place is damaged");
    std::vector<Note> notes;
    for (const auto& place : found) notes.push_back(SeenNote{place.segment, place.offset, place.bytes, clock_.wall()});
    if (Status kept = hand_in(store_, std::move(notes)); !kept) return kept.error();
    count += found.size();
  }
  return count;
}

}  // namespace sampan::queue
