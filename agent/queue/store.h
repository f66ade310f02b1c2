// SPDX-License-Identifier: Apache-2.0
// Store: the one thread that writes the ledger and the notes, reads the spool again after a start, and reclaims.
//
// Items become visible to lease when they are durable; receipts are gathered, synced, and only then believed.
// Threads: the public methods from any; everything else on the store thread. Started by hand there is no such thread: what
//          waits is done by drain(), on the caller's, so that a simulator can replay it.
// Fails:   a note that cannot be written waits and is tried again; a ledger that cannot be written is tried again;
//          one that is damaged -> Parts::ledger_damaged, which does not return.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "core/limits.h"
#include "queue/ballast.h"
#include "queue/compaction.h"
#include "queue/end_mark.h"
#include "queue/gather.h"
#include "queue/ledger.h"
#include "queue/rebuild.h"
#include "queue/segment.h"

namespace sampan::queue {

// What the queue asks others to decide.
struct Decisions {
  std::function<std::vector<std::string>(const core::Item&)> route;
  // Every delivery of one item, the running time of the node now, and whether space is short.
  std::function<bool(core::Kind, std::span<const Ledger::Standing>, std::int64_t run_ms, bool space_is_short)> may_reclaim;
};

class Store {
 public:
  struct Parts {
    SpoolFolder& folder;
    Ballast& ballast;
    const Keyring& keys;
    Appender& items;
    const Clock& clock;
    Decisions decisions;
    std::function<void()> changed;  // something became due; carries no work
    std::function<void()> ledger_damaged;
    std::uint64_t notes_slack_bytes = core::limits::notes_slack_bytes;
    std::size_t gone_images_kept = core::limits::gone_images_kept;
  };
  Store(Parts parts, std::unique_ptr<Ledger> ledger, Backlog backlog);
  ~Store();
  void start();
  void start_by_hand();
  bool by_hand() const { return by_hand_; }

  // Under the appender's lock, in the order of the stream; becomes visible once the place is synced.
  void written(const Place& place, IndexedItem item);
  void wake();
  // Items written that wait for the ledger.
  std::size_t unindexed();
  // The same, with those that the store's thread has in work: what no count shows yet.
  std::uint64_t unseen();
  // then runs on the store thread when the note is durable and in the ledger.
  void note(Note note, std::function<void()> then);
  // What an item is to the others of its SOP Instance UID (Ledger::decide).
  void decide(Sequence seq, std::string_view reason);
  // Anything that changes only the ledger; it is made again as long as the ledger cannot be written, so it does nothing else.
  // then: once, when it stands, on the store's thread.
  using Change = std::function<void(Ledger&)>;
  void change(Change change, std::function<void()> then = nullptr);
  // Undelivered, as a person ordered: their tombstones are durable when it returns, and their bytes go. What is owed by now to
  // somebody who claims it stays, and is what it returns.
  // Not written in time -> Errc::timeout, nor before the store stops -> stopped; from any thread but the store's.
  using Claims = std::function<bool(core::Kind kind, const std::string& destination)>;
  Result<std::set<Sequence>> give_up(std::vector<Ledger::Candidate> items, Claims claims);
  // Cargo that is carried also when images are refused found no space or no name: what is held back is given for it.
  void short_of_room() {
    change([](Ledger&) {}, [this] { make_room(); });
  }
  // Notes and changes that wait for the ledger.
  std::size_t waiting();
  // Reclaims what may go, and counts running time. Called now and then.
  void tick();
  // Asks again where the items go that match no route: at the start, and when the routes have changed.
  void route_again();
  // What began as accepted and is asked about by nobody (Ledger::send_unasked): at the start, and when the settings have changed.
  void send_unasked(Ledger::Unasked from = {});
  // Returns when everything handed in before has been dealt with; by hand, also when it failed. For tests and for stopping.
  void drain();
  // Waits until what was written before is visible, but no longer than patience: an answer that is asked for now.
  void catch_up(Millis patience);

  // Accumulated running time of the node. From any thread.
  std::int64_t run_ms_now() const;
  const RebuildProgress& progress() const { return rebuild_.progress(); }
  std::uint64_t conflicts() const { return conflicts_; }
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t shed() const { return shed_; }

 private:
  struct Written {
    Place place;
    IndexedItem item;
  };
  struct Pending {
    Note note;
    std::function<void()> then;
    bool durable = false;
  };
  void run();
  bool has_work() const;
  void gather(std::unique_lock<std::mutex>& lock);
  bool work(std::unique_lock<std::mutex>& lock);
  void drain_by_hand(std::unique_lock<std::mutex>& lock);
  std::deque<Written> take_written();
  bool write_notes(std::deque<Pending>& notes);
  bool write_note_record(Type type, ByteView payload);
  void checkpoint_notes();
  void notes_checkpointed();
  // Something could not be written: where the disk is full, what was held back is given back.
  void make_room();
  struct PendingChange {
    Change make;
    std::function<void()> then;
  };
  void keep(std::deque<Written>& written, std::deque<Pending>& notes, std::deque<PendingChange>& changes);
  void index(const std::deque<Written>& written);
  void note_less_damaged();
  bool apply(const std::deque<Written>& written, const std::deque<Pending>& notes, const std::deque<PendingChange>& changes);
  bool reroute_some();
  // What its record says, or nothing where it does not read.
  struct StoredItem {
    core::Item item;
    Owed owed;
  };
  std::optional<StoredItem> read_stored(Sequence seq);
  // What copies owe and the images that stay for them do not is noted for these, and durable, before a copy may go.
  bool hand_over_all();
  void hand_over(Sequence copy, std::deque<Pending>& duties, std::deque<PendingChange>& done);
  // False when it was not written, or not applied: what is durable of it is applied before anything else.
  bool write_and_apply(std::deque<Pending>& notes, std::deque<PendingChange>& changes);
  void reclaim();
  bool space_is_short();
  // Cargo that may be dropped undelivered, beyond its bound; at most so many at once.
  bool shed_surplus();
  bool bury(const std::vector<Ledger::Candidate>& gone, bool delivered = true);
  bool bury_with_copies(std::vector<Ledger::Candidate> items);
  bool is_spare(Sequence duplicate);
  bool may_go(const Ledger::Candidate& candidate, bool tight) const;
  void free_space();
  bool empty_for_good(std::uint64_t segment);
  // Those whose record is gone now.
  std::vector<Sequence> punch(std::uint64_t segment, const std::vector<Sequence>& graves);
  void keep_segments_small(const Error& refused);
  void forget_gone();
  bool still_arriving(std::uint64_t segment);
  void mark_ends(const std::deque<Written>& indexed);

  Parts parts_;
  std::unique_ptr<Ledger> ledger_;
  Rebuild rebuild_;
  GatherPool note_pool_;
  Appender notes_;
  Compaction compaction_;
  EndMarks marks_;
  NotesKept on_disk_;
  std::map<std::uint64_t, Place> noted_;  // by segment: the last note that is durable and in no checkpoint; what is before it is applied with it
  Sequence reclaim_cursor_ = 0, duplicates_cursor_ = 0;
  bool short_of_space_ = false;
  Ledger::Unmatched reroute_after_{};
  unsigned reroute_round_ = 0;  // the one that runs
  Sequence walked_to_ = std::numeric_limits<Sequence>::min();  // over the rows of what is gone
  bool walked_ = false;                                        // over all of them, since the start
  bool reroute_failed_ = false;              // guarded by mutex_
  std::optional<MonoTime> reroute_unread_;   // same: when records that did not read are looked at again
  bool copies_came_ = false;     // what some of them owe may have to be handed over
  std::map<std::uint64_t, std::vector<Sequence>> graves_;  // by segment: items that are gone, until it is sealed
  bool segments_are_small_ = false;
  std::int64_t run_ms_before_ = 0;
  MonoTime started_{}, reclaimed_{};
  std::atomic<std::uint64_t> conflicts_{0}, duplicates_{0}, shed_{0};

  std::mutex mutex_;
  std::condition_variable work_, idle_;
  std::deque<Written> written_;
  std::uint64_t written_count_ = 0, seen_count_ = 0;  // handed in; out of written_ and dealt with
  std::deque<Pending> pending_;
  unsigned reroutes_wanted_ = 1, reroutes_done_ = 0;  // rounds over all items that match no route; one at the start
  std::deque<PendingChange> changes_;
  std::size_t in_work_ = 0;  // notes and changes that are being written just now
  bool reclaim_due_ = false, stopping_ = false, busy_ = false, woken_ = false, hurried_ = false, by_hand_ = false;
  std::chrono::steady_clock::time_point batch_begun_{};
  std::thread thread_;  // last: everything above exists before it runs
};

}  // namespace sampan::queue
