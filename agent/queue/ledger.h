// SPDX-License-Identifier: Apache-2.0
// Ledger: the index of the spool. It may be lost at any moment; everything in it can be read from the spool again.
//
// Changes are made between begin() and commit(); rows and checkpoints of a batch become visible together.
// Threads: one (the store thread). Readers have their own connection (ledger_reader.h).   Owns: <state>/ledger.db.
// Fails:   open sets a damaged file aside and begins an empty one; commit() -> the first error since begin(), and
//          nothing of the batch is kept.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "queue/keyring.h"
#include "queue/ledger_schema.h"
#include "queue/notes.h"

namespace sampan::queue {

// Keys of strings, so that none stands in the ledger: 0 for an empty one.
class IndexKeys {
 public:
  explicit IndexKeys(const Keyring& keys) : key_(keys.derive("ledger index")) {}
  std::int64_t of(std::string_view text) const;
  std::int64_t of_class(std::string_view sop_class, std::string_view transfer_syntax) const;

 private:
  Key key_;
};

struct IndexedItem {
  Sequence seq = 0;
  std::uint64_t record_bytes = 0;
  core::Item item;
};

enum class Admission { fresh, duplicate, conflict };

class Ledger {
 public:
  struct Opened {
    std::unique_ptr<Ledger> ledger;
    bool empty = false;     // there was none, or it was set aside
    std::string set_aside;  // why, in words
  };
  static Result<Opened> open(FileSystem& files, const std::string& path, const Keyring& keys, const Clock& clock);
  // Out of the way of the next open, for a person to look at.
  static Status set_aside(FileSystem& files, const std::string& path, const Clock& clock);

  void begin();
  Status commit();

  // Asked when two items share a SOP Instance UID and not their bytes: is it the same data set all the same?
  using SameContent = std::function<bool(Sequence one, Sequence other)>;
  void ask_same_content(SameContent ask) { same_content_ = std::move(ask); }

  // Decides what the item is to what is here already (contract 6) and opens its deliveries.
  Admission add(const IndexedItem& indexed, std::span<const std::string> destinations, bool rebuilt);
  // A note on an item that is not indexed yet is kept until it is.
  void apply(const Note& note, std::int64_t run_ms);
  void postpone(Sequence seq, const std::string& destination, unsigned attempts, WallTime not_before, std::string_view reason);
  // A duplicate takes its place, where there is one; otherwise its deliveries are held.
  void quarantine_item(Sequence seq, std::string_view reason);
  void quarantine_range(std::uint64_t segment, std::uint64_t offset, std::uint64_t bytes, std::string_view reason);
  void forget_quarantine(std::uint64_t segment, std::uint64_t from);
  bool has_tombstone(const Uuid& item);
  // Items that wait for nobody, after the given one; in order, at most so many.
  std::vector<Sequence> unmatched(Sequence after, std::size_t items_max);
  // Such an item is owed to these from now on; none: nothing changes.
  void give(Sequence seq, std::span<const std::string> destinations);

  std::uint64_t indexed(std::uint64_t segment);
  void checkpoint(Stream stream, std::uint64_t segment, std::uint64_t indexed, std::uint64_t bytes);
  void forget_segment(std::uint64_t segment);

  std::int64_t run_ms();  // accumulated running time of the node
  void set_run_ms(std::int64_t value);
  int destination_number(const std::string& name);

  // For reclaiming.
  struct Standing {
    std::string destination;
    core::DeliveryState state = core::DeliveryState::waiting;
    core::Level level = core::Level::accepted;
    std::int64_t settled_run_ms = 0;
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
  // Items after the given one that are duplicates, or have a delivery that is done; in order, at most so many.
  std::vector<Candidate> candidates(Sequence after, std::size_t items_max);
  // The oldest undelivered items of a kind that travels ahead of images, beyond so many that are kept; at most items_max.
  std::vector<Candidate> surplus(core::Kind kind, std::size_t kept, std::size_t items_max);
  // Living items that a duplicate may repeat; 0 among them stands for one that was reclaimed.
  std::vector<Sequence> originals_of(Sequence duplicate);
  // The item is gone, without a note that says so.
  void close(Sequence seq);
  // Item records of the segment whose payload still matters.
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
  Admission compare(const IndexedItem& indexed, std::int64_t sop_key);
  void insert_item(const IndexedItem& indexed, std::int64_t study_order, ItemState state, std::string_view reason);
  void insert_delivery(const IndexedItem& indexed, const std::string& destination, std::int64_t study_order, bool held, bool rebuilt);
  void apply_orphans(const Uuid& item, std::int64_t run_ms);
  Sequence copy_of(Sequence seq);
  Sequence find(const Uuid& item, const Digest* sha256);
  void apply_receipt(const ReceiptNote& note, Sequence seq, std::int64_t run_ms);
  void apply_tombstone(const TombstoneNote& note, Sequence seq);
  void apply_verdict(const VerdictNote& note, Sequence seq);
  // Moves a delivery to another state and keeps the tally.
  void move(Sequence seq, int destination, int state);
  void count(int destination, int state, std::int64_t items, std::int64_t bytes);
  void flush_tally();
  static Candidate read_candidate(Statement& row, bool duplicate);
  Bytes seal_facts(const core::Item& item);

  std::unique_ptr<Sql> sql_;
  IndexKeys keys_;
  Aead facts_aead_;
  std::map<std::string, int> destinations_;
  std::map<std::pair<int, int>, std::pair<std::int64_t, std::int64_t>> tally_;
  std::int64_t orphans_ = 0;
  SameContent same_content_;
  struct Statements;
  std::shared_ptr<Statements> use_;
};

}  // namespace sampan::queue
