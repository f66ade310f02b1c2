// SPDX-License-Identifier: Apache-2.0
// Ledger: the index of the spool. It may be lost at any moment; everything in it can be read from the spool again.
//
// Changes are made between begin() and commit(); rows and checkpoints of a batch become visible together.
// Threads: one (the store thread). Readers have their own connection (ledger_reader.h).   Owns: <state>/ledger.db.
// Fails:   open sets a damaged file aside, and one of another user or another node, and begins an empty one; commit() -> the first error since begin(), and
//          nothing of the batch is kept.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "queue/lacking.h"
#include "queue/ledger_schema.h"
#include "queue/ledger_secrets.h"
#include "queue/notes.h"
#include "queue/tallies.h"

namespace sampan::queue {

struct IndexedItem {
  Sequence seq = 0;
  std::uint64_t record_bytes = 0;
  core::Item item;
  Owed owed{};  // as its record says
  bool repeated = false;  // answered as a repeat, and counted as one
};

enum class Admission { fresh, duplicate, conflict, undecided };

class Ledger {
 public:
  struct Opened {
    std::unique_ptr<Ledger> ledger;
    std::string set_aside;  // why, in words
  };
  static Result<Opened> open(FileSystem& files, const std::string& path, const Keyring& keys, const Clock& clock);
  // Out of the way of the next open, for a person to look at.
  static Status set_aside(FileSystem& files, const std::string& path, const Clock& clock);

  void begin();
  Status commit();

  // With it, an item that shares its SOP Instance UID and not its bytes with another is undecided, until somebody compared
  // them: kept, and owed to nobody. tell carries no work, and may come for a batch that is lost.
  void tell_undecided(std::function<void()> tell) { tell_undecided_ = std::move(tell); }
  // Whether a destination is asked what it keeps, and only its answer lets a copy go. With it, an image that comes again after
  // its first copy was reclaimed is sent only where it is missing.
  void ask_first(std::function<bool(const std::string& destination)> can_be_asked) { can_be_asked_ = std::move(can_be_asked); }
  // How far a walk over the deliveries that began as accepted has come; empty: not begun.
  struct Unasked {
    std::string destination;
    std::int64_t rank = std::numeric_limits<std::int64_t>::min(), study_order = 0;
    Sequence seq = 0;
  };
  // Of the next deliveries, at most so many, those that began as accepted at a destination that is not asked wait to be sent.
  // Moves the place behind them; false: there are no more.
  bool send_unasked(Unasked& after, std::size_t rows_max, WallTime now);
  struct Undecided {
    Sequence seq = 0;
    std::vector<Sequence> others;  // living, and decided
  };
  // The first of them.
  std::optional<Undecided> undecided();
  // reason: why it is held; empty: it is the same data set as another that is here.
  Admission decide(Sequence seq, std::string_view reason, const std::function<std::vector<std::string>(const core::Item&)>& route);

  // Decides what the item is to what is here already (contract 6) and opens its deliveries.
  Admission add(const IndexedItem& indexed, std::span<const std::string> destinations, bool rebuilt);
  // A note on an item that is not indexed yet is kept until it is.
  void apply(const Note& note, std::int64_t run_ms);
  void postpone(Sequence seq, const std::string& destination, unsigned attempts, WallTime not_before, std::string_view reason);
  // Said to be there once more.
  void held_again(Sequence seq, const std::string& destination);
  // What is archived with somebody and was received before that place is asked about again, the newest first, at most so
  // many; the place of the last, 0 when nothing is left below it.
  Sequence ask_again(const std::string& asked_of, Sequence before, std::size_t items_max, WallTime now);
  // How far a round of such questions has come; before 0: it is over.
  void set_round(const std::string& asked_of, Sequence before, std::int64_t begun_run_ms);
  // The next question about a delivery that was accepted and is not proven; what came again, and was asked about often enough, is sent.
  void ask_later(Sequence seq, const std::string& destination, unsigned asked, WallTime not_before, WallTime now);
  void begin_commitment(std::string_view transaction_uid, const std::string& destination, WallTime now);
  // A report that could not be told yet; said: why, in words. Every one that waits: now.
  void tell_later(std::string_view transaction_uid, unsigned attempts, WallTime not_before, std::string_view said);
  void tell_all_now();
  bool promise_is_open(std::string_view transaction_uid);
  // A duplicate takes its place, where there is one; otherwise its deliveries are held.
  void quarantine_item(Sequence seq, std::string_view reason);
  // lost: what the record held, where so much of it verifies.
  struct Lost;
  void quarantine_range(std::uint64_t segment, std::uint64_t offset, std::uint64_t bytes, std::string_view reason, const Lost* lost = nullptr);
  void forget_quarantine(std::uint64_t segment, std::uint64_t from);
  // A person looked at what is damaged there, of so many bytes or fewer.
  bool is_seen(std::uint64_t segment, std::uint64_t offset, std::uint64_t bytes);
  // Places that were looked at and of which less is damaged now, since it was last asked; without a time.
  std::vector<SeenNote> less_damaged() { return std::exchange(less_damaged_, {}); }
  bool has_tombstone(const Uuid& item);
  // A segment of items did not read: nobody knows what is missing.
  void segment_missed() { segment_missed_ = true; }
  // How far a walk over the items that wait for nobody has come; seq 0: not begun.
  struct Unmatched {
    std::int64_t state = 0, rank = 0, study_order = 0;
    Sequence seq = 0;
  };
  // The next of them, at most so many; moves the place behind them.
  std::vector<Sequence> unmatched(Unmatched& after, std::size_t items_max);

  std::uint64_t indexed(std::uint64_t segment);
  // The highest number of a segment that anything here is known by, whether its file is there or not; 0: none.
  std::uint64_t last_segment();
  void checkpoint(Stream stream, std::uint64_t segment, std::uint64_t indexed, std::uint64_t bytes);
  void forget_segment(std::uint64_t segment);

  // Notes on an item that is not indexed, in order.
  std::vector<Note> orphans_of(const Uuid& item);
  // An image of this name and other bytes, which came before it, is gone from here, and a rebuild met its tombstone only.
  bool another_is_buried(std::int64_t sop_key, const IndexedItem& indexed);
  // The same, of one that has two names, where a tombstone of an earlier version has the one of its command.
  bool another_was_commanded(const IndexedItem& indexed);
  // Every item is read: tombstones nobody waits for become images that are remembered; the rest is dropped where it is
  // wanted. At most so many; true when some are left.
  bool settle_orphans(std::size_t notes_max, bool drop_rest);
  struct Row {
    Sequence seq = 0;
    Digest sha256{};
    ItemState state = ItemState::living;
  };
  std::vector<Row> rows_of(const Uuid& item);
  std::optional<CountedDelivery> delivery_of(Sequence seq, const std::string& destination);
  bool has_deliveries(Sequence seq);  // also to nobody
  // Somebody of whom `counts` says so is owed it, or has it; also where the ledger does not say.
  bool is_claimed(Sequence seq, const std::function<bool(const std::string& destination)>& counts);
  // The orders that say what stands for the exam.
  std::vector<Note> standing_orders(const std::string& exam, WallTime time);
  // Other than a torn tail.
  bool has_damage(std::uint64_t segment);
  // Items that are gone, among the next rows; moves the place behind them.
  struct Gone {
    struct Item {
      Sequence seq = 0;
      bool remembered = false;  // so that a repeat is known
    };
    std::vector<Item> items;
    std::size_t rows_seen = 0;
  };
  Gone gone_after(Sequence& after, std::size_t rows_max);
  std::uint64_t gone_count();
  // Rows of items that are gone; of those that are remembered only when it is said.
  void forget_items(std::span<const Sequence> gone, bool images_too);
  // Orders on exams of which nothing is here any more, beyond so many exams: those given longest ago. How many it were.
  std::uint64_t forget_orders(std::size_t exams_kept);
  bool rebuilding();  // from nothing, and not to the end yet
  void forget_rebuilding();
  std::int64_t notes_left();  // bytes of notes after the last compaction
  void set_notes_left(std::int64_t bytes);

  std::int64_t run_ms();  // accumulated running time of the node
  void set_run_ms(std::int64_t value);
  // What was here for so long, by the clock, when it was found again without a ledger.
  void waited(Millis before);
  int destination_number(const std::string& name);

  // A delivery that is there, as it is counted.
  struct Found {
    CountedDelivery counted;
    Sequence seq = 0;
    ItemState item = ItemState::living;
  };
  // For reclaiming.
  struct Standing {
    std::string destination;
    core::DeliveryState state = core::DeliveryState::waiting;
    core::Level level = core::Level::accepted;
    std::int64_t settled_run_ms = 0;
    bool by_node = false;  // who took it is a node of this program
  };
  struct Candidate {
    Sequence seq = 0;
    Uuid id;
    Digest sha256{};
    std::int64_t sop_key = 0;
    core::Kind kind = core::Kind::image;  // of one that is no duplicate
    bool duplicate = false;
    bool shares_id = false;  // with the item it repeats
    std::vector<Standing> standings;
  };
  // Duplicates behind one, and items behind another that have a delivery that is done; in order, of each at most so many.
  std::vector<Candidate> candidates(Sequence duplicates_after, Sequence after, std::size_t items_max);
  // Duplicates of these items and of nothing else, but those that may be owed to somebody: they are images of their own then.
  std::vector<Candidate> copies_of(std::span<const Candidate> items);
  // The oldest undelivered items of a kind that travels ahead of images, beyond so many that are kept; at most items_max.
  std::vector<Candidate> surplus(core::Kind kind, std::size_t kept, std::size_t items_max);
  // Copies that may be owed to somebody, or sooner, than what they are copies of, behind this one, at most so many. None of
  // them is spare before that was handed over.
  std::vector<Sequence> owing(Sequence after, std::size_t copies_max);
  bool is_owing(Sequence copy);
  void forget_owing(Sequence copy);
  // Who stays for a copy: the image of its bytes, or whatever else has its name where it was found to be the same.
  struct Heirs {
    bool over = false;   // the copy is not here any more, or is damaged
    bool later = false;  // what it is a copy of is still being compared
    struct Heir {
      Sequence seq = 0;
      Uuid id;
    };
    std::vector<Heir> items;  // itself, where it took the place of a damaged one
  };
  Heirs heirs_of(Sequence copy);
  // What a copy is owed to, in which class: by its record, by notes on it that were never applied, and by what it took over.
  struct Debt {
    std::vector<std::string> owed;
    core::Priority priority = core::Priority::routine;
  };
  Debt owed_by(const core::Item& copy, std::span<const std::string> recorded);
  struct Lost {
    core::Item item;
    Debt debt;
  };
  Lack lack(Sequence item, std::span<const std::string> owed, core::Priority priority) { return lacking_.of(item, owed, priority); }
  // Nobody stays for it: it is an image like any other.
  void stand_alone(Sequence copy, const core::Item& item, std::span<const std::string> destinations);
  // Living items that a duplicate may repeat; 0 among them stands for one that was reclaimed.
  std::vector<Sequence> originals_of(Sequence duplicate);
  // The item is gone, without a note that says so.
  void close(Sequence seq);
  // Item records of the segment whose payload still matters.
  // Another image of its name and other bytes is known.
  bool has_rival(const Candidate& candidate);
  std::uint64_t living_in(std::uint64_t segment);
  bool has_quarantine(std::uint64_t segment);
  // Fails the batch when the file is not sound; reads all of it.
  void check();
  const Status& status() const { return sql_->status(); }

 private:
  Ledger(std::unique_ptr<Sql> sql, const Keyring& keys);
  static Result<std::unique_ptr<Ledger>> open_sound(const std::string& path, const Keyring& keys);
  void prepare();
  void remember();
  bool knows(const IndexedItem& indexed);
  // What is here already under its name, with its bytes.
  struct Earlier {
    bool damaged = false;  // and does not verify any more
    Sequence gone = 0;     // of the newest that was reclaimed; 0: none
  };
  Admission compare(const IndexedItem& indexed, std::int64_t sop_key, Earlier& earlier);
  void follow(const IndexedItem& indexed, Sequence gone);
  void put_off(Sequence seq, bool rebuilt);
  std::optional<bool> forget_undecided(Sequence seq);
  std::vector<std::pair<Sequence, ItemState>> decided_with(std::int64_t sop_key, Sequence seq);
  void insert_item(const IndexedItem& indexed, std::int64_t exam, std::int64_t study_order, ItemState state, std::string_view reason);
  struct Duty;
  struct ExamOrders;
  void open_deliveries(const IndexedItem& indexed, std::int64_t exam, std::int64_t study_order,
                       std::span<const std::string> destinations, std::string_view differs, bool rebuilt);
  void admit(const IndexedItem& indexed, std::int64_t exam, std::int64_t study_order, std::span<const std::string> destinations,
             std::string_view differs, bool rebuilt);
  void open_delivery(const Duty& duty, int destination, const ExamOrders& orders, WallTime time);
  ExamOrders orders_of(std::int64_t exam);
  void note_exam(const IndexedItem& indexed, std::int64_t exam);
  void note_aliases(const core::Item& item, std::int64_t exam);
  Status fill_exams();
  // Else damaged: it was made from the spool of another node.
  Status belongs_to(const Uuid& node);
  Status fill_names();
  void hold_rival(const Candidate& candidate);
  void apply_orphans(const Uuid& item, std::int64_t run_ms);
  struct Copy {
    Sequence seq = 0;
    bool same = false;  // for certain
  };
  Copy copy_of(Sequence seq);
  void hand_over(Sequence from, Sequence to);
  void replace(Sequence damaged);
  void forget_replaced(std::uint64_t segment);
  // Who stands for it: a living one, 0 for one that is gone; nothing: it is missing.
  std::optional<Sequence> known_as(std::int64_t sop_key, const core::Item& damaged);
  // Of those that were received until then.
  void heal_ranges(std::int64_t sop_key, const Digest& sha256, WallTime until);
  // Of what has these bytes; the living ones take over what is owed of it.
  void heal_ranges(std::int64_t sop_key, const Digest& sha256, std::span<const Sequence> living);
  void heal_ranges(const IndexedItem& living, std::int64_t sop_key);
  void take_over(Sequence living, const Debt& debt, WallTime time);
  // Of one that is to be compared: whether a rebuild read it.
  std::optional<bool> undecided_mark(Sequence seq);
  // A damaged range held the image, and nothing here stands for it.
  bool is_missing(std::int64_t sop_key, const Digest& sha256);
  bool misses_nameless();
  bool is_stood_for(std::int64_t sop_key, const core::Item& copy);
  void forget_let_go(const core::Item& item);
  std::vector<Sequence> damaged_copies(const IndexedItem& indexed, std::int64_t sop_key);
  void take_place(const IndexedItem& indexed, std::int64_t sop_key, std::string_view differs);
  Sequence find(const Uuid& item, const Digest* sha256);
  void apply_receipt(const ReceiptNote& note, Sequence seq, std::int64_t run_ms);
  void apply_tombstone(const TombstoneNote& note, Sequence seq);
  void apply_verdict(const VerdictNote& note, Sequence seq);
  bool is_unanswered_again(Sequence seq, const std::string& destination);  // and nobody said yet whether it is there
  void apply_duty(const DutyNote& note, Sequence seq);
  void owe_by(const DutyNote& note, Sequence copy);
  void keep_orphan(const Note& note, std::int64_t sop_key);
  void apply_release(const ReleaseNote& note, Sequence seq);
  void apply_seen(const SeenNote& note);
  void give_up_unsettled(Sequence seq);
  void keep_for_nobody(Sequence seq, WallTime time);
  void forget_name(Sequence seq);
  void forget_seen(std::uint64_t segment);
  void forget_seen_of(const IndexedItem& sound);
  std::uint64_t record_bytes_of(Sequence seq);
  void give(Sequence seq, std::span<const std::string> destinations);
  void keep_owing(Sequence copy);
  bool was_spare(const core::Item& item, std::int64_t sop_key);
  bool owes_more(const IndexedItem& indexed, std::span<const std::string> destinations);
  void raise(Sequence seq, core::Priority priority);
  void apply_order(const OrderNote& note);
  void apply_promise(const PromiseNote& note, std::int64_t run_ms);
  void stand(std::int64_t exam, StandingOrder what, int destination, int value);
  void hold_exam(std::int64_t exam, int destination, bool held, WallTime time);
  void owe_exam(std::int64_t exam, int destination, WallTime time);
  void rank_exam(std::int64_t exam, core::Priority priority);
  void remember_gone(Sequence seq, const TombstoneNote& note);
  void forget_exam(std::int64_t exam);
  std::optional<Found> delivery(Sequence seq, int destination);
  // Waiting or on hold; 0: to anybody. Each may change its delivery, and no item.
  void each_unsettled(std::int64_t exam, int destination, const std::function<void(const Found&)>& each);
  // Gives it another state, level and reason, and keeps the tallies.
  void remove(const Found& found);
  void move(const Found& found, int state, int level, std::string_view reason, std::int64_t at_ms);
  static Found read_found(Statement& row);
  static Candidate read_candidate(Statement& row, bool duplicate);

  std::unique_ptr<Sql> sql_;
  IndexKeys keys_;
  FactsSeal facts_;
  Tallies tallies_;
  Lacking lacking_;
  std::map<std::string, int> destinations_;
  std::map<std::int64_t, std::size_t> aliases_;  // of exams that came lately: a hash of what they are known by
  std::int64_t orphans_ = 0, orders_ = 0, owing_ = 0;  // at least so many
  std::int64_t last_order_ = 0, orders_looked_at_ = 0;
  std::function<void()> tell_undecided_;
  std::function<bool(const std::string&)> can_be_asked_;
  bool segment_missed_ = false;
  std::int64_t ranges_ = 0;  // quarantined ones of which it is known what they held; at least so many
  std::int64_t seen_ = 0;  // places that were looked at; at least so many
  std::vector<SeenNote> less_damaged_;
  std::int64_t waited_ms_ = 0;  // the longest, as meta has it
  struct Statements;
  std::shared_ptr<Statements> use_;
};

}  // namespace sampan::queue
