// SPDX-License-Identifier: Apache-2.0
#include "queue/store.h"

#include <algorithm>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "queue/payload.h"
#include "queue/record_writer.h"

namespace sampan::queue {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t items_per_batch = 512;
constexpr std::size_t note_payload_max = 60u << 10;  // one chunk, so a note record never streams
constexpr auto batch_every = 20ms;
constexpr auto retry_after = 1s;
constexpr auto reclaim_pause = 1s;  // receipts make room soon, the tick makes it at the latest

}  // namespace

Store::Store(Parts parts, std::unique_ptr<Ledger> ledger, Backlog backlog)
    : parts_(std::move(parts)),
      ledger_(std::move(ledger)),
      rebuild_(parts_.folder, parts_.keys, parts_.decisions.route, std::move(backlog)),
      note_pool_(1, 256u << 10),
      notes_(parts_.folder, Stream::notes, core::limits::note_segment_bytes_max),
      compaction_({parts_.folder, parts_.keys, [this](Type type, ByteView payload) { return write_note_record(type, payload); },
                   [this] { return notes_.open_number(); }, [this] { return rebuild_.passed_over_notes(); }}, parts_.notes_slack_bytes),
      on_disk_(parts_.folder),
      run_ms_before_(ledger_->run_ms()),
      started_(parts_.clock.mono()) {}

void Store::start() {
  rebuild_.run_ahead();
  thread_ = std::thread([this] { run(); });
}

void Store::start_by_hand() { by_hand_ = true; }

Store::~Store() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = woken_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (by_hand_) run();
}

std::int64_t Store::run_ms_now() const { return run_ms_before_ + (parts_.clock.mono() - started_).count(); }

void Store::written(const Place& place, IndexedItem item) {
  std::lock_guard lock(mutex_);
  written_.push_back({place, std::move(item)});
  ++written_count_;
}

std::size_t Store::unindexed() {
  std::lock_guard lock(mutex_);
  return written_.size();
}

std::size_t Store::waiting() {
  std::lock_guard lock(mutex_);
  return pending_.size() + changes_.size() + in_work_;
}

std::uint64_t Store::unseen() {
  std::lock_guard lock(mutex_);
  return written_count_ - seen_count_;
}

void Store::wake() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(woken_, true)) return;  // who gathers knows already
  }
  work_.notify_one();
}

void Store::note(Note note, std::function<void()> then) {
  {
    std::lock_guard lock(mutex_);
    const bool known = has_work();  // who gathers would wake for nothing
    pending_.push_back({std::move(note), std::move(then)});
    if (known) return;
  }
  work_.notify_one();
}

void Store::change(Change change, std::function<void()> then) {
  {
    std::lock_guard lock(mutex_);
    changes_.push_back({std::move(change), std::move(then)});
  }
  work_.notify_one();
}

std::optional<Store::StoredItem> Store::read_stored(Sequence seq) {
  auto file = parts_.folder.files().open(parts_.folder.path_of(Stream::items, segment_of(seq)), FileSystem::Mode::read);
  if (!file) return {};
  const auto frame = read_frame(**file, segment_of(seq), offset_of(seq));
  StoredItem stored;
  if (!frame || !read_item(**file, offset_of(seq), *frame, parts_.keys, stored.item, &stored.owed)) return {};
  return stored;
}

void Store::decide(Sequence seq, std::string_view reason) {
  // As it was routed when it came, where its record says so.
  const auto route = [this, seq](const core::Item& item) {
    const auto stored = read_stored(seq);
    return stored && stored->owed ? *stored->owed : parts_.decisions.route(item);
  };
  change([this, seq, route, why = std::string(reason)](Ledger& ledger) {
    const Admission admission = ledger.decide(seq, why, route);
    if (admission == Admission::conflict) ++conflicts_;
    if (admission == Admission::duplicate) ++duplicates_;
    copies_came_ = true;
  });
}

void Store::tick() {
  {
    std::lock_guard lock(mutex_);
    reclaim_due_ = true;
    const bool unread_due = reroute_unread_ && parts_.clock.mono() >= *reroute_unread_;
    if (unread_due) reroute_unread_.reset();
    if (std::exchange(reroute_failed_, false) || unread_due) ++reroutes_wanted_;
  }
  work_.notify_one();
}

void Store::route_again() {
  {
    std::lock_guard lock(mutex_);
    ++reroutes_wanted_;
  }
  work_.notify_one();
}

// A slice at a time, so that nobody else waits for all of it.
void Store::send_unasked(Ledger::Unasked from) {
  struct Step {
    Ledger::Unasked after;
    bool more = false;
  };
  const auto step = std::make_shared<Step>();
  change([this, step, from = std::move(from)](Ledger& ledger) {
    step->after = from;
    step->more = ledger.send_unasked(step->after, items_per_batch, parts_.clock.wall());
  }, [this, step] {
    if (step->more) send_unasked(step->after);
  });
}

void Store::catch_up(Millis patience) {
  std::unique_lock lock(mutex_);
  if (by_hand_) return drain_by_hand(lock);
  const std::uint64_t now = written_count_;
  idle_.wait_for(lock, patience, [this, now] { return seen_count_ >= now; });
}

void Store::drain() {
  std::unique_lock lock(mutex_);
  woken_ = hurried_ = true;
  if (by_hand_) return drain_by_hand(lock);
  work_.notify_one();
  idle_.wait(lock, [this] { return !has_work() && !busy_ && written_.empty() && rebuild_.done(); });
}

// What fails waits for the next time.
void Store::drain_by_hand(std::unique_lock<std::mutex>& lock) {
  woken_ = woken_ || !written_.empty();
  bool good = true;
  while (good && has_work()) good = work(lock);
}

bool Store::has_work() const {
  return woken_ || !pending_.empty() || !changes_.empty() || reclaim_due_ || !rebuild_.done() || reroutes_wanted_ != reroutes_done_;
}

void Store::run() {
  std::unique_lock lock(mutex_);
  bool orderly = true;
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || has_work(); });
    // Of what was handed in together nothing is written once some of it was dropped.
    if (!orderly || (stopping_ && pending_.empty() && changes_.empty() && (written_.empty() || !woken_))) break;
    busy_ = true;
    if (!work(lock)) {
      if (!stopping_) work_.wait_for(lock, retry_after, [this] { return stopping_; });
      if (stopping_) orderly = false, written_.clear(), pending_.clear(), changes_.clear();  // the spool has them; receipts are asked for again
    }
    busy_ = false;
    seen_count_ = written_count_ - written_.size();
    idle_.notify_all();
  }
  lock.unlock();
  ledger_->begin();
  ledger_->set_run_ms(run_ms_now());
  static_cast<void>(ledger_->commit());
  if (orderly) marks_.end([this](std::uint64_t segment) { return still_arriving(segment); });
}

// Items that are durable, in order; those whose sync failed were never acknowledged and are dropped.
std::deque<Store::Written> Store::take_written() {
  std::deque<Written> taken;
  while (!written_.empty() && taken.size() < items_per_batch) {
    Written& first = written_.front();
    const Segment& segment = *first.place.segment;
    const bool durable = segment.synced() >= first.place.offset + first.place.bytes;
    if (!durable && !segment.sync_failed()) break;
    if (durable) taken.push_back(std::move(first));
    written_.pop_front();
  }
  woken_ = woken_ && taken.size() == items_per_batch;
  return taken;
}

bool Store::still_arriving(std::uint64_t segment) {
  std::lock_guard lock(mutex_);
  return std::any_of(written_.begin(), written_.end(),
                     [segment](const Written& entry) { return entry.place.segment->number() == segment; });
}

// Asked in this order: what was written before a segment was left stands among what is still arriving.
void Store::mark_ends(const std::deque<Written>& indexed) {
  for (const auto& entry : indexed) marks_.saw(entry.place);
  const std::uint64_t items = parts_.items.open_number(), notes = notes_.open_number();
  marks_.settle([&](std::uint64_t segment) { return segment == items || segment == notes || still_arriving(segment); });
}

// What comes close together shares one transaction, one note record and one word to the scheduler; what comes alone
// does not wait. A transaction for each image took more time than the image.
void Store::gather(std::unique_lock<std::mutex>& lock) {
  const auto at_once = [this] { return stopping_ || hurried_ || !changes_.empty(); };
  if (rebuild_.done() && !by_hand_) work_.wait_until(lock, batch_begun_ + batch_every, at_once);
  hurried_ = false;
  batch_begun_ = std::chrono::steady_clock::now();
}

// False when some of it failed: it is kept, to be tried again.
bool Store::work(std::unique_lock<std::mutex>& lock) {
  gather(lock);
  auto written = take_written();
  auto notes = std::exchange(pending_, {});
  auto changes = std::exchange(changes_, {});
  in_work_ = notes.size() + changes.size();
  const bool reclaiming = std::exchange(reclaim_due_, false);
  if (reroute_after_.seq == 0) reroute_round_ = reroutes_wanted_;
  bool rerouting = reroute_round_ != reroutes_done_;
  lock.unlock();
  bool rebuilt = true;
  const bool good = write_notes(notes) && apply(written, notes, changes);
  if (good) {
    for (auto& pending : notes)
      if (pending.then) pending.then();
    for (auto& change : changes)
      if (change.then) change.then();
    const bool rebuilding = !rebuild_.done();  // before the step: what the last one found is news as well
    if (rebuilding) rebuilt = rebuild_.step(*ledger_, run_ms_now());
    if (!rebuilt && rebuild_.ledger_damaged()) parts_.ledger_damaged();
    note_less_damaged();
    if (rebuilding && rebuild_.done())
      for (const auto& [number, bytes] : rebuild_.note_segments()) compaction_.saw(number, bytes);
    if (rerouting && rebuild_.done()) rerouting = reroute_some();
    if (!written.empty() || !notes.empty()) mark_ends(written);
    copies_came_ = copies_came_ || (rebuilding && rebuild_.done());
    const bool handed = (!copies_came_ && !reclaiming) || hand_over_all();
    if (handed && (reclaiming || (!notes.empty() && parts_.clock.mono() - reclaimed_ >= reclaim_pause))) reclaim();
    if (!written.empty() || !notes.empty() || !changes.empty() || rebuilding) parts_.changed();
  }
  lock.lock();
  in_work_ = 0;
  if (good && !rerouting) reroutes_done_ = reroute_round_;
  if (!good) keep(written, notes, changes);
  if (!good || !rebuilt) make_room();
  woken_ = woken_ || !good || !rebuilt;
  return good && rebuilt;
}

void Store::keep(std::deque<Written>& written, std::deque<Pending>& notes, std::deque<PendingChange>& changes) {
  // Nothing is forgotten: it is tried again, with what came meanwhile behind it.
  written_.insert(written_.begin(), std::make_move_iterator(written.begin()), std::make_move_iterator(written.end()));
  pending_.insert(pending_.begin(), std::make_move_iterator(notes.begin()), std::make_move_iterator(notes.end()));
  changes_.insert(changes_.begin(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
}

// Those that are durable already, because only the ledger failed, are not written again.
bool Store::write_notes(std::deque<Pending>& notes) {
  for (const Type type : {Type::receipts, Type::tombstones, Type::verdicts, Type::orders, Type::promises}) {
    Bytes payload;
    std::vector<Pending*> in_payload;
    const auto flush = [&] {
      if (!payload.empty() && !write_note_record(type, payload)) return false;
      for (Pending* one : in_payload) one->durable = true;
      payload.clear(), in_payload.clear();
      return true;
    };
    for (auto& pending : notes) {
      if (pending.durable || type_of(pending.note) != type) continue;
      encode(pending.note, payload);
      in_payload.push_back(&pending);
      if (payload.size() >= note_payload_max - 4096 && !flush()) return false;
    }
    if (!flush()) return false;
  }
  return true;
}

bool Store::write_note_record(Type type, ByteView payload) {
  RecordWriter writer(parts_.folder, parts_.keys, note_pool_, type, Uuid{});
  Status done = writer.append(payload);
  if (done) {
    writer.close();
    auto place = writer.store(notes_, {}, [](const Place&) {});
    if (place) {
      compaction_.saw(place->segment->number(), place->offset + place->bytes);
      noted_.insert_or_assign(place->segment->number(), *place);
    } else {
      done = place.error();
    }
  }
  if (!done) log::error("notes: " + done.error().message);
  if (done) crash_point(type == Type::tombstones ? "tombstone.synced" : "receipt.synced");
  return done.ok();
}

void Store::index(const std::deque<Written>& written) {
  for (const auto& entry : written) {
    const Admission admission = ledger_->add(entry.item, *entry.item.owed, false);
    if (admission == Admission::conflict) ++conflicts_;
    if (admission == Admission::duplicate && !entry.item.repeated) ++duplicates_;
    copies_came_ = copies_came_ || admission == Admission::duplicate || ledger_->is_owing(entry.item.seq);
    const auto end = entry.place.offset + entry.place.bytes;
    ledger_->checkpoint(Stream::items, entry.place.segment->number(), end, end);
  }
}

// A rebuild that meets only what a person looked at would keep silent about what is damaged there later.
void Store::note_less_damaged() {
  for (SeenNote& one : ledger_->less_damaged()) {
    one.time = parts_.clock.wall();
    note(one, nullptr);
  }
}

void Store::make_room() {
  if (is_out_of_room(parts_.folder)) parts_.ballast.release_half();
}

// Every note is written here, one after the other, and applied in this order: in all segments that they went to, or a start
// would apply the older ones again, on top of everything that happened since.
void Store::checkpoint_notes() {
  for (const auto& [segment, last] : noted_) ledger_->checkpoint(Stream::notes, segment, last.offset + last.bytes, last.offset + last.bytes);
}

void Store::notes_checkpointed() {
  for (const auto& [segment, last] : noted_) marks_.saw(last);
  noted_.clear();
}

bool Store::apply(const std::deque<Written>& written, const std::deque<Pending>& notes, const std::deque<PendingChange>& changes) {
  if (written.empty() && notes.empty() && changes.empty() && noted_.empty()) return true;
  ledger_->begin();
  index(written);
  for (const auto& pending : notes) ledger_->apply(pending.note, run_ms_now());
  for (const auto& change : changes) change.make(*ledger_);
  checkpoint_notes();
  const Status done = ledger_->commit();
  if (!done) log::error(done.error().message);
  if (!done && done.error().code == Errc::damaged) parts_.ledger_damaged();
  if (done) notes_checkpointed(), parts_.folder.sign();
  return done.ok();
}

}  // namespace sampan::queue
