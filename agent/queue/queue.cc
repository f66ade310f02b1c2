// SPDX-License-Identifier: Apache-2.0
#include "queue/queue.h"

#include <algorithm>
#include <cstdlib>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "queue/ballast.h"
#include "queue/comparing.h"
#include "queue/damage.h"
#include "queue/disk_health.h"
#include "queue/dropping.h"
#include "queue/leases.h"
#include "queue/ledger_reader.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/pledges.h"
#include "queue/unproven.h"
#include "queue/record_writer.h"
#include "queue/scan.h"
#include "queue/store.h"
#include "queue/unreadable.h"

namespace sampan::queue {

using core::Fact;
namespace limits = core::limits;

namespace {

constexpr std::size_t gather_buffer_bytes = limits::gathered_bytes_max + (96u << 10);

// Facts that would not fit their bound lose their longest values first; the identity of an instance is short.
Bytes bounded_facts(core::Item& item, const Owed& owed) {
  for (;;) {
    Bytes encoded = encode_facts(item, owed);
    if (encoded.size() <= limits::facts_bytes_max) return encoded;
    const auto& all = item.facts.all();
    const auto longest = std::max_element(all.begin(), all.end(),
                                          [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    SAMPAN_ASSERT(longest != all.end());
    item.facts.set(longest->first, "");
  }
}

}  // namespace

struct Queue::Parts {
  Parts(QueueOptions o, QueueNeeds n, Keyring k)
      : options(std::move(o)),
        needs(std::move(n)),
        keys(std::move(k)),
        folder(needs.files, options.state_directory + "/spool", keys.node(), needs.clock),
        ballast(needs.files, options.state_directory),
        health(needs.files, options.state_directory),
        pool(limits::pool_bytes / limits::gathered_bytes_max, gather_buffer_bytes),
        items(folder, Stream::items, limits::segment_bytes_max),
        files(folder) {}
  ~Parts() {
    if (comparing) comparing->stop();
  }
  const QueueOptions options;
  const QueueNeeds needs;
  Keyring keys;
  SpoolFolder folder;
  Ballast ballast;  // of the store, once it runs
  DiskHealth health;
  GatherPool pool;
  Appender items;
  OpenSegments files;
  Leases leases;
  Unreadable unreadable;
  std::unique_ptr<LedgerReader> reader;
  std::optional<Comparing> comparing;  // outlives the store, whose last batch may still wake it, and has stopped asking it by then
  std::unique_ptr<Store> store;
  // What people ask; another connection, so that no lease waits for them.
  std::unique_ptr<LedgerView> view;
  // What is asked about proof and promises; a third one, so that no person waits for it.
  std::unique_ptr<LedgerView> proof_view;
  // What is counted and shown of all of it, which is asked shortly and often; a fourth one, so that no status waits for the others.
  std::unique_ptr<LedgerView> glance_view;
  std::optional<Counts> counts;
  std::optional<Lookup> lookup, glance;
  std::optional<Orders> orders;
  std::optional<Damage> damage;
  std::optional<Dropping> dropping;
  std::optional<Unproven> unproven;
  std::optional<Pledges> pledges;

  Status admits(core::Kind kind, std::uint64_t bytes = 0);
  Status has_room(core::Kind kind, std::uint64_t bytes = 0) const;
  Result<core::Consignment> consign(const DueDelivery& due);
  void read_ahead(std::span<const DueDelivery> deliveries, std::uint64_t bytes_max);
  void set_aside(const DueDelivery& due, const std::string& destination, const Error& error);
  [[noreturn]] void begin_anew(const std::string& ledger_path);
  Likeness compare(Sequence one, Sequence other);
  Status verify(Sequence seq);
  Status see(Sequence seq);
  void quarantine(Sequence seq, std::string_view why) {
    unreadable.forget(seq);  // it is not tried again
    store->change([seq, why = std::string(why)](Ledger& ledger) { ledger.quarantine_item(seq, why); });
  }
};

class QueueInflow final : public core::Inflow {
 public:
  QueueInflow(Queue::Parts& parts, const core::Manifest& manifest, const Uuid& id)
      : parts_(parts), writer_(parts.folder, parts.keys, parts.pool, Type::item, id, !parts.options.own_thread) {
    item_.id = id;
    item_.origin = manifest.origin.empty() ? parts.options.origin : manifest.origin;
    item_.kind = manifest.kind;
    item_.priority = manifest.priority;
    item_.received = parts.needs.clock.wall();
  }

  Status append(ByteView bytes) override {
    // A large object must not grow into the reserve.
    if ((unchecked_bytes_ += bytes.size()) >= limits::room_checked_every) {
      unchecked_bytes_ = 0;
      if (Status room = parts_.has_room(item_.kind); !room) return room;
    }
    Status done = writer_.append(bytes);
    if (!done) parts_.health.met(done.error());
    return done;
  }

  Result<core::Stored> commit(const core::Facts& facts) override {
    item_.facts = facts;
    const auto summary = writer_.close();
    item_.size = summary.payload_bytes;
    item_.sha256 = summary.sha256;
    if (parts_.needs.priority) item_.priority = parts_.needs.priority(item_);
    // Its duties stand in its record: no change of routes and no loss of the ledger makes one forgotten.
    const Owed owed = parts_.needs.route(item_);
    const auto known = parts_.reader->same_instance(facts, item_.sha256);
    // What went from here by proof may be lost where it went: nobody is told that it is kept. Under an id of its own it is
    // kept again; under the one its tombstone names it would go with the next rebuild.
    const Status sound = known && !known->reclaimed ? parts_.verify(known->seq) : Status();
    if (known && known->reclaimed && known->id == item_.id) return core::Stored{known->id, true};
    const bool is_here = known && !known->reclaimed && sound.ok();
    // Stored once, unless somebody is not owed it yet, or it is to travel sooner: that is durable as the rest is, in a record.
    if (is_here && !parts_.reader->lack(known->seq, *owed, item_.priority)) return core::Stored{known->id, true};
    const Bytes encoded = bounded_facts(item_, owed);
    const auto place = writer_.store(parts_.items, encoded, [&](const Place& at) {
      parts_.store->written(at, IndexedItem{at.sequence(), at.bytes, item_, owed, is_here});
    });
    if (!place) {
      parts_.health.met(place.error());
      if (place.error().code == Errc::full && item_.kind != core::Kind::image) parts_.store->short_of_room();
      return place.error();
    }
    crash_point("item.synced");
    parts_.store->wake();
    const bool damaged = !sound && (sound.error().code == Errc::damaged || sound.error().code == Errc::not_found);
    if (damaged) parts_.quarantine(known->seq, "the stored copy does not verify; it was sent again");
    return core::Stored{is_here ? known->id : item_.id, is_here};
  }

 private:
  Queue::Parts& parts_;
  core::Item item_;
  std::uint64_t unchecked_bytes_ = 0;
  RecordWriter writer_;
};

static Decisions decisions_of(const QueueNeeds& needs) {
  Decisions decisions;
  decisions.route = needs.route;
  decisions.may_reclaim = [may = needs.may_reclaim](core::Kind kind, std::span<const Ledger::Standing> all, std::int64_t run_ms, bool tight) {
    std::vector<DeliveryStanding> standings;
    for (const auto& one : all)
      standings.push_back({one.destination, one.state, one.level, Millis(run_ms - one.settled_run_ms), kind, one.by_node});
    return may(standings, tight);
  };
  return decisions;
}

// Nothing goes from here before this destination said that it has it, however long ago it took it.
static bool only_its_proof_counts(const QueueNeeds& needs, const std::string& destination) {
  const auto may_go = [&](core::Level level) {
    const DeliveryStanding one{destination, core::DeliveryState::delivered, level, Millis::max(), core::Kind::image};
    return needs.may_reclaim(std::span(&one, 1), true);
  };
  return may_go(core::Level::archived) && !may_go(core::Level::accepted);
}

Result<std::unique_ptr<Queue>> Queue::open(QueueOptions options, QueueNeeds needs) {
  auto keys = Keyring::open_or_make(needs.files, {options.state_directory, options.credentials_directory, {}});
  if (!keys) return keys.error();
  const std::string spool = options.state_directory + "/spool";
  if (Status ours = check_spool(needs.files, spool, *keys); !ours) return ours.error();
  if (Status made = needs.files.make_directories(spool); !made) return made.error();
  auto parts = std::make_unique<Parts>(std::move(options), std::move(needs), std::move(*keys));
  const std::string path = parts->options.state_directory + "/ledger.db";
  auto backlog = find_backlog(parts->folder);
  if (!backlog) return backlog.error();
  if (is_out_of_room(parts->folder)) parts->ballast.release();
  auto opened = Ledger::open(parts->needs.files, path, parts->keys, parts->needs.clock);
  if (!opened && opened.error().code == Errc::full) {  // also where there is some room, but a newer version needs more
    parts->ballast.release();
    opened = Ledger::open(parts->needs.files, path, parts->keys, parts->needs.clock);
  }
  if (!opened) return opened.error();
  if (!opened->set_aside.empty()) log::warn("the ledger was set aside and is rebuilt from the spool: " + opened->set_aside);
  parts->folder.mark_used(opened->ledger->last_segment());  // what the ledger knows by a number is not what is stored from now on
  if (backlog->segments.empty()) opened->ledger->forget_rebuilding();
  auto reader = LedgerReader::open(path, parts->keys);
  if (!reader) return reader.error();
  parts->reader = std::move(*reader);
  auto view = LedgerView::open(path);
  if (!view) return view.error();
  parts->view = std::move(*view);
  auto proof_view = LedgerView::open(path);
  if (!proof_view) return proof_view.error();
  parts->proof_view = std::move(*proof_view);
  auto glance_view = LedgerView::open(path);
  if (!glance_view) return glance_view.error();
  parts->glance_view = std::move(*glance_view);
  Parts& p = *parts;
  if (p.needs.compare) opened->ledger->tell_undecided([&p] { p.comparing.value().wake(); });
  opened->ledger->ask_first([&p](const std::string& destination) {
    return only_its_proof_counts(p.needs, destination) && (!p.needs.is_asked || p.needs.is_asked(destination));
  });
  Store::Parts store_parts{p.folder, p.ballast, p.keys, p.items, p.needs.clock, decisions_of(p.needs), p.needs.changed, [&p, path] { p.begin_anew(path); },
                           p.options.notes_slack_bytes, p.options.gone_images_kept};
  parts->store = std::make_unique<Store>(std::move(store_parts), std::move(opened->ledger), std::move(*backlog));
  parts->counts.emplace(*parts->glance_view);
  parts->glance.emplace(*parts->glance_view, parts->keys);
  parts->lookup.emplace(*parts->view, parts->keys);
  parts->orders.emplace(*parts->store, *parts->lookup, parts->needs.clock);
  parts->damage.emplace(*parts->store, *parts->view, parts->folder, parts->keys, parts->needs.clock);
  parts->dropping.emplace(*parts->store, *parts->view, parts->needs.clock);
  parts->unproven.emplace(*parts->store, *parts->proof_view, *parts->glance_view, parts->keys, parts->needs.clock);
  parts->pledges.emplace(*parts->store, *parts->proof_view, *parts->glance_view, parts->keys, parts->needs.clock, [&p](Sequence seq) { return p.see(seq); });
  if (p.needs.compare)
    p.comparing.emplace(*p.store, [&p](Sequence one, Sequence other) { return p.compare(one, other); }, p.options.own_thread);
  p.store->send_unasked();
  p.ballast.restore();
  p.options.own_thread ? p.store->start() : p.store->start_by_hand();
  return std::unique_ptr<Queue>(new Queue(std::move(parts)));
}

// A ledger that broke while it was used: the process ends as in a power cut, which loses nothing, and the next start rebuilds.
void Queue::Parts::begin_anew(const std::string& ledger_path) {
  const Status moved = Ledger::set_aside(needs.files, ledger_path, needs.clock);
  log::error("the ledger is damaged" + (moved ? std::string(" and set aside") : ", " + moved.error().message) +
             ": stopping, so that the next start rebuilds it from the spool");
  std::_Exit(EXIT_FAILURE);
}

Queue::Queue(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Queue::~Queue() = default;

Status Queue::admits(core::Kind kind) const { return parts_->admits(kind); }

Status Queue::Parts::admits(core::Kind kind, std::uint64_t bytes) {
  if (store->unindexed() >= options.unindexed_items_max)
    return fail(Errc::full, "the ledger cannot be written: nothing more is taken until it can");
  if (Status sound = health.ask(); !sound) return sound;
  return has_room(kind, bytes);
}

// bytes: of what is about to come, where that is known.
Status Queue::Parts::has_room(core::Kind kind, std::uint64_t bytes) const {
  if (core::traits(kind).when_full != core::WhenFull::refuse) return {};
  auto space = folder.files().space(folder.path());
  if (!space) return space.error();
  const std::uint64_t reserve = std::min<std::uint64_t>(limits::reserve_bytes, space->total_bytes / 20);
  if (space->free_bytes < reserve) return fail(Errc::full, "the disk is full: no new images are taken");
  // Tags and facts are more; without this the disk would be filled in vain, and everybody be refused meanwhile.
  if (const std::uint64_t needed = bytes + bytes / 1024; needed > space->free_bytes - reserve)
    return fail(Errc::limit, "there is no room for one file of this size: " + std::to_string(bytes / 1'000'000) + " MB");
  if (space->total_inodes > 0 && space->free_inodes < std::min(limits::reserve_inodes, space->total_inodes / 20))
    return fail(Errc::full, "the disk has no room for more files: no new images are taken");
  return {};
}

Result<std::unique_ptr<core::Inflow>> Queue::open(const core::Manifest& manifest) {
  if (Status admitted = parts_->admits(manifest.kind, manifest.size_hint); !admitted) return admitted.error();
  const Uuid id = manifest.id.is_nil() ? make_uuid7(parts_->needs.clock.wall(), parts_->needs.random) : manifest.id;
  return std::unique_ptr<core::Inflow>(new QueueInflow(*parts_, manifest, id));
}

Result<core::Consignment> Queue::Parts::consign(const DueDelivery& due) {
  auto file = files.get(segment_of(due.seq));
  if (!file) return file.error();
  auto frame = read_frame(**file, segment_of(due.seq), offset_of(due.seq));
  if (!frame) return frame.error();
  core::Consignment consignment;
  if (Status read = read_item(**file, offset_of(due.seq), *frame, keys, consignment.item); !read) return read.error();
  auto key = keys.data_key(frame->header);
  if (!key) return key.error();
  auto on_failure = [this, seq = due.seq](const Error& error) {
    if (error.code != Errc::damaged) return unreadable.met(seq, error);
    log::error("a stored image does not verify any more and is quarantined");
    quarantine(seq, "the stored copy does not verify");
  };
  consignment.payload = std::make_shared<StoredPayload>(*file, offset_of(due.seq), *frame, *key, std::move(on_failure));
  unreadable.forget(due.seq);
  consignment.attempts = due.attempts;
  if (due.priority) consignment.item.priority = *due.priority;
  return consignment;
}

// Records went to the disk past the page cache: what is lent now, and what will be next, is brought back all at once, not
// block by block, so that the lane sends one batch while the disk reads the other.
void Queue::Parts::read_ahead(std::span<const DueDelivery> deliveries, std::uint64_t bytes_max) {
  std::uint64_t bytes = 0;
  for (const auto& one : deliveries) {
    if (bytes_max > 0 && bytes >= bytes_max) return;
    bytes += one.bytes;
    const std::uint64_t record = round_to_block(one.bytes) + 2 * block_bytes;  // and its facts, as a rule
    if (auto file = files.get(segment_of(one.seq))) (*file)->will_need(offset_of(one.seq), std::min(record, limits::read_ahead_bytes_max));
  }
}

// Out of the way of the others: for good where it is damaged, for a while where the disk does not read.
void Queue::Parts::set_aside(const DueDelivery& due, const std::string& destination, const Error& error) {
  log::error("a stored image cannot be read: " + error.message);
  if (error.code == Errc::damaged || error.code == Errc::not_found)
    return quarantine(due.seq, error.message);
  unreadable.met(due.seq, error);
  const WallTime later{needs.clock.wall().ms + Millis(limits::back_off_most).count()};
  store->change([due, destination, later, why = error.message](Ledger& ledger) {
    ledger.postpone(due.seq, destination, due.attempts, later, why);
  });
}

// What cannot be read is not the same: both are kept, and a person looks.
Likeness Queue::Parts::compare(Sequence one, Sequence other) {
  auto first = consign({one, 0, {}, 0}), second = consign({other, 0, {}, 0});
  return first && second ? needs.compare(*first, *second) : Likeness::other;
}

Status Queue::Parts::verify(Sequence seq) {
  auto file = files.get(segment_of(seq));
  return file ? queue::verify(**file, seq) : Status(file.error());
}

// As it is sent: what does not verify goes out of the way for good, what does not read is counted and may read later.
Status Queue::Parts::see(Sequence seq) {
  const Status sound = verify(seq);
  if (sound) unreadable.forget(seq);
  if (sound) return sound;
  const bool damaged = sound.error().code == Errc::damaged || sound.error().code == Errc::not_found;
  damaged ? quarantine(seq, "the stored copy does not verify") : unreadable.met(seq, sound.error());
  return sound;
}

LeasedBatch Queue::lease(const LeaseQuery& query) {
  LeasedBatch batch;
  // What is sent now could not be noted for long: it would be remembered in memory only, and sent again after a restart.
  if (parts_->store->waiting() > limits::notes_waiting_max) {
    batch.due_in = Millis(1000);
    return batch;
  }
  DueQuery due{query.destination, query.items_max + query.skip_items.size(), parts_->needs.clock.wall(), limits::back_off_most, {}, {}, {}};
  due.only_emergencies = query.only_emergencies;
  due.only_items.assign(query.only_items.begin(), query.only_items.end());
  for (const auto& skip : query.skip_classes)
    due.blocked_classes.push_back(parts_->reader->class_key(skip.sop_class, skip.transfer_syntax));
  if (query.only_class) due.only_class = parts_->reader->class_key(query.only_class->sop_class, query.only_class->transfer_syntax);
  std::uint64_t bytes = 0;
  const auto deliveries = parts_->reader->due(due, parts_->leases.taken(query.destination));
  parts_->read_ahead(deliveries, 2 * query.bytes_max);
  for (const auto& delivery : deliveries) {
    if (batch.items.size() >= query.items_max || (query.bytes_max > 0 && bytes >= query.bytes_max)) break;
    auto consignment = parts_->consign(delivery);
    if (!consignment) {
      parts_->set_aside(delivery, query.destination, consignment.error());
      continue;
    }
    if (query.skip_items.contains(consignment->item.id)) continue;
    parts_->leases.add(query.destination, consignment->item.id, {delivery.seq, delivery.attempts});
    bytes += consignment->item.size;
    batch.items.push_back(std::move(*consignment));
  }
  if (batch.items.empty()) batch.due_in = parts_->reader->next_due(due);
  return batch;
}

void Queue::deliver(const std::string& destination, const core::Receipt& receipt) {
  if (!parts_->leases.find(destination, receipt.item)) return;
  crash_point("outcome.received");
  parts_->store->note(ReceiptNote{receipt, destination},
                      [this, destination, item = receipt.item] { parts_->leases.release(destination, item); });
}

void Queue::reject(const std::string& destination, const Uuid& item, std::string_view reason) {
  if (!parts_->leases.find(destination, item)) return;
  VerdictNote verdict{item, core::DeliveryState::rejected, parts_->needs.clock.wall(), destination, std::string(reason)};
  parts_->store->note(std::move(verdict), [this, destination, item] { parts_->leases.release(destination, item); });
}

void Queue::put_back(const std::string& destination, const Uuid& item, std::string_view reason, Millis wait, bool counted) {
  const auto lease = parts_->leases.find(destination, item);
  if (!lease) return;
  if (wait.count() == 0 && !counted) return parts_->leases.release(destination, item);
  const WallTime not_before{wait.count() == 0 ? 0 : parts_->needs.clock.wall().ms + wait.count()};
  parts_->store->change([destination, lease = *lease, not_before, counted, why = std::string(reason)](Ledger& ledger) {
    ledger.postpone(lease.seq, destination, lease.attempts + (counted ? 1 : 0), not_before, why);
  }, [this, destination, item] { parts_->leases.release(destination, item); });
}

QueueSummary Queue::summary() {
  parts_->store->catch_up(Millis(200));
  QueueSummary summary;
  summary.uncounted = parts_->store->unseen();  // before the counts: what is counted meanwhile is told twice, and never not at all
  const std::uint64_t failures = parts_->counts->failures();
  const Totals totals = parts_->counts->totals();
  const RebuildProgress& progress = parts_->store->progress();
  summary.ran = Millis(parts_->store->run_ms_now()) + totals.waited_before;
  summary.items = totals.items;
  summary.bytes = totals.bytes;
  summary.quarantined = totals.quarantined;
  summary.doubtful = totals.doubtful;
  summary.foreign = progress.foreign;
  summary.denied = progress.denied;
  summary.unreadable = parts_->unreadable.summary();
  summary.torn_tails = progress.torn_tails;
  summary.rebuilding = progress.running;
  summary.rebuilt_items = progress.items;
  summary.conflicts = parts_->store->conflicts();
  summary.duplicates = parts_->store->duplicates();
  summary.shed = parts_->store->shed();
  if (auto space = parts_->folder.files().space(parts_->folder.path())) summary.disk = *space;
  summary.destinations = parts_->counts->destinations();
  summary.unanswered = parts_->counts->failures() != failures;
  return summary;
}

Counts& Queue::counts() { return *parts_->counts; }
Lookup& Queue::glance() { return *parts_->glance; }
Lookup& Queue::lookup() {
  parts_->store->catch_up(Millis(200));
  return *parts_->lookup;
}
Orders& Queue::orders() { return *parts_->orders; }
Damage& Queue::damage() { return *parts_->damage; }
Dropping& Queue::dropping() { return *parts_->dropping; }
Keyring& Queue::keys() { return parts_->keys; }
Unproven& Queue::unproven() { return *parts_->unproven; }
Pledges& Queue::pledges() { return *parts_->pledges; }

void Queue::tick() {
  parts_->pool.trim();
  if (parts_->reader->found_damage() || parts_->view->found_damage() ||
      parts_->proof_view->found_damage() || parts_->glance_view->found_damage()) parts_->store->change([](Ledger& ledger) { ledger.check(); });
  parts_->store->tick();
}

void Queue::route_again() {
  parts_->store->route_again();
  parts_->store->send_unasked();
}

void Queue::drain() {
  parts_->store->drain();
  if (!parts_->comparing) return;
  parts_->comparing->drain();
  parts_->store->drain();
}

}  // namespace sampan::queue
