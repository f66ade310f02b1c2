// SPDX-License-Identifier: Apache-2.0
#include "queue/notes_kept.h"

#include <algorithm>

#include "queue/payload.h"

namespace sampan::queue {

using core::DeliveryState;

namespace {

constexpr int code(DeliveryState state) { return static_cast<int>(state); }
// One that was replaced owes nothing, and what stands in its place has notes of its own.
constexpr bool is_gone(ItemState state) {
  return state == ItemState::reclaimed || state == ItemState::duplicate_gone || state == ItemState::replaced;
}

}  // namespace

void NotesKept::forget() {
  exams_done_.clear();
  file_.reset();
}

bool NotesKept::record_is_there(Sequence seq) {
  if (seq <= 0) return false;
  if (!file_ || file_number_ != segment_of(seq)) {
    file_number_ = segment_of(seq);
    auto opened = folder_.files().open(folder_.path_of(Stream::items, file_number_), FileSystem::Mode::read);
    if (!opened) return file_.reset(), opened.error().code != Errc::not_found;
    file_ = std::move(*opened);
  }
  std::uint8_t room[header_bytes];
  const auto got = file_->read_at(offset_of(seq), room);
  if (!got) return true;
  const auto header = *got == header_bytes ? decode_header(room) : std::nullopt;
  return header && header->sequence == seq;
}

bool NotesKept::still_says(const ReceiptNote& note, Ledger& ledger) {
  const auto rows = ledger.rows_of(note.receipt.item);
  return std::ranges::any_of(rows, [&](const Ledger::Row& row) {
    if (row.sha256 != note.receipt.sha256) return false;
    const auto delivery = ledger.delivery_of(row.seq, note.destination);
    if (!delivery || delivery->level != static_cast<int>(note.receipt.level)) return false;
    return !is_gone(row.state) || record_is_there(row.seq);
  });
}

bool NotesKept::still_says(const TombstoneNote& note, Ledger& ledger) {
  const auto rows = ledger.rows_of(note.item);
  return std::ranges::any_of(rows, [&](const Ledger::Row& row) {
    if (!is_gone(row.state)) return false;
    return (row.state == ItemState::reclaimed && note.sop_key != 0) || record_is_there(row.seq);
  });
}

bool NotesKept::still_says(const VerdictNote& note, Ledger& ledger, bool older_remain) {
  const auto rows = ledger.rows_of(note.item);
  return std::ranges::any_of(rows, [&](const Ledger::Row& row) {
    if (is_gone(row.state)) return false;
    const auto delivery = ledger.delivery_of(row.seq, note.destination);
    // It may release what a rebuild would hold again by the item alone: other content of one name, or content that nobody read.
    if (note.state == DeliveryState::waiting) return older_remain || (delivery && delivery->state == code(DeliveryState::waiting));
    return delivery && delivery->state == code(note.state) && delivery->reason == note.reason;
  });
}

// Without those that were released since: what is written anew stands behind the note that says so. One that has no delivery
// at all is still being compared, and nothing was released from it.
bool NotesKept::still_says(DutyNote& note, Ledger& ledger) {
  bool here = false, decided = false;
  std::set<std::string> owed;
  for (const Ledger::Row& row : ledger.rows_of(note.item)) {
    here = here || !is_gone(row.state);
    decided = decided || (row.state == ItemState::living && ledger.has_deliveries(row.seq));
    for (const auto& name : note.destinations)
      if (ledger.delivery_of(row.seq, name)) owed.insert(name);
  }
  if (decided) std::erase_if(note.destinations, [&](const auto& name) { return !owed.contains(name); });
  return here && (!note.destinations.empty() || note.priority);
}

// It is kept for nobody as long as it is; a duty that was given since stands in its own note.
bool NotesKept::still_says(ReleaseNote& note, Ledger& ledger) {
  bool says = false;
  note.kept = false;
  for (const Ledger::Row& row : ledger.rows_of(note.item)) {
    if (is_gone(row.state) || ledger.delivery_of(row.seq, note.destination)) continue;
    says = note.destination != nobody;  // that is said anew behind the duties
    note.kept = note.kept || ledger.delivery_of(row.seq, std::string(nobody)).has_value();
  }
  return says;
}

// That nothing is damaged there any more takes back what stands before it, and must not take back what was looked at since.
bool NotesKept::still_says(const SeenNote& note, Ledger& ledger, bool older_remain) {
  if (note.bytes == 0) return older_remain && !ledger.is_seen(note.segment, note.offset, 1);
  return ledger.is_seen(note.segment, note.offset, note.bytes);
}

// That one was answered takes back what stands before it, and must not take back one that was asked for again.
bool NotesKept::still_says(const PromiseNote& note, Ledger& ledger, bool older_remain) {
  const bool open = ledger.promise_is_open(note.transaction_uid);
  const bool ended = note.what == PromiseNote::What::answered || note.what == PromiseNote::What::given_up;
  return ended ? older_remain && !open : open;
}

// A duty that is written anew would be somebody for what is kept and waits for nobody.
std::vector<Note> NotesKept::with_what_it_keeps(Note note, Ledger& ledger) {
  std::vector<Note> all{std::move(note)};
  const auto* duty = std::get_if<DutyNote>(&all.front());
  const auto waits = [&](const Ledger::Row& row) { return row.state == ItemState::living && ledger.delivery_of(row.seq, std::string(nobody)); };
  if (duty != nullptr && std::ranges::any_of(ledger.rows_of(duty->item), waits))
    all.push_back(ReleaseNote{duty->item, duty->time, std::string(nobody), true});
  return all;
}

std::optional<std::vector<Note>> NotesKept::of(const Note& note, Ledger& ledger, bool older_remain) {
  if (const auto* order = std::get_if<OrderNote>(&note)) {
    if (!exams_done_.insert(order->exam).second) return std::vector<Note>{};
    auto standing = ledger.standing_orders(order->exam, order->time);
    if (older_remain) standing.insert(standing.begin(), OrderNote{OrderNote::What::resume, {}, order->time, order->exam, ""});
    return standing;
  }
  const bool of_item = !std::holds_alternative<PromiseNote>(note) && !std::holds_alternative<SeenNote>(note);
  if (of_item && !ledger.orphans_of(item_of(note)).empty()) return {};
  Note kept = note;
  const bool needed = std::visit(
      [&]<class N>(N& one) {
        if constexpr (std::is_same_v<N, OrderNote>)
          return false;
        else if constexpr (std::is_same_v<N, VerdictNote> || std::is_same_v<N, PromiseNote> || std::is_same_v<N, SeenNote>)
          return still_says(one, ledger, older_remain);
        else
          return still_says(one, ledger);
      },
      kept);
  return needed ? with_what_it_keeps(std::move(kept), ledger) : std::vector<Note>{};
}

}  // namespace sampan::queue
