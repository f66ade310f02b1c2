// SPDX-License-Identifier: Apache-2.0
// Queue: custody. Takes items through Sink, lends them to whoever carries them, keeps what became of them.
//
// Threads: any.   Owns: <state>/spool, <state>/keys, <state>/ledger.db.
// Fails:   open fails only when the state directory cannot be used at all, or when its keys are not here (Errc::refused: then
//          nothing was touched); damage inside it never refuses a start. A ledger that breaks while it is used is set aside
//          and ends the process, and the next start rebuilds it.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "core/courier.h"
#include "core/limits.h"
#include "core/sink.h"
#include "queue/counts.h"
#include "queue/unreadable.h"

namespace sampan::queue {

// One delivery of an item, for the decision whether its payload may go.
struct DeliveryStanding {
  std::string destination;
  core::DeliveryState state = core::DeliveryState::waiting;
  core::Level level = core::Level::accepted;
  Millis settled_for{};  // accumulated running time since the receipt
  core::Kind kind = core::Kind::image;  // of the item
  bool by_node = false;  // who took it is a node of this program
};

// What a comparison of two items under one SOP Instance UID came to.
enum class Likeness {
  same,        // one data set, encoded in two ways
  other,       // two contents, or one that nobody can read
  broke_off,   // the comparing itself failed, by the content or by chance; tried again a few times
  interrupted  // the node stops; asked again at the next start
};

struct QueueNeeds {
  FileSystem& files;
  const Clock& clock;
  Random& random;
  // The destinations an item is owed to.
  std::function<std::vector<std::string>(const core::Item&)> route;
  // May the payload go, with every delivery of the item known?
  std::function<bool(std::span<const DeliveryStanding>, bool space_is_short)> may_reclaim;
  // Two items with one SOP Instance UID and other bytes: are they the same data set, encoded in another way? On a thread
  // where it may take its time. May be empty: then they differ.
  std::function<Likeness(const core::Consignment&, const core::Consignment&)> compare;
  // Something became due, or was settled. Carries no work; may come from any thread.
  std::function<void()> changed;
  // The priority an item is stored with, once its facts are known. May be empty: the one it came with.
  std::function<core::Priority(const core::Item&)> priority{};
  // Is somebody there who asks this destination what it keeps? One that is not in the settings may come back: true. May be
  // empty: all are asked.
  std::function<bool(const std::string& destination)> is_asked{};
};

struct QueueOptions {
  std::string state_directory;
  std::string origin;  // name of this node
  std::size_t unindexed_items_max = core::limits::unindexed_items_max;
  std::uint64_t notes_slack_bytes = core::limits::notes_slack_bytes;
  std::size_t gone_images_kept = core::limits::gone_images_kept;
  bool own_thread = true;  // false: what its thread would do is done by drain(), so that a simulator can replay it
  std::string credentials_directory = {};  // of the service manager; empty: none
};

struct LeaseQuery {
  std::string destination;
  std::size_t items_max = 1;
  std::uint64_t bytes_max = 0;  // enough once reached; 0: no bound
  struct Class {
    std::string sop_class, transfer_syntax;
  };
  std::vector<Class> skip_classes{};
  std::set<Uuid> skip_items{};
  std::set<Uuid> only_items{};  // few; empty: any
  std::optional<Class> only_class{};
  bool only_emergencies = false;
};
struct LeasedBatch {
  std::vector<core::Consignment> items;
  std::optional<Millis> due_in;  // when none is due now but one will be
};

struct QueueSummary {
  std::uint64_t items = 0, bytes = 0, quarantined = 0, foreign = 0, torn_tails = 0, doubtful = 0, conflicts = 0, duplicates = 0;
  std::uint64_t denied = 0;  // segments that the user this runs as may not open
  Unreadable::Summary unreadable{};
  std::uint64_t shed = 0;  // samples dropped undelivered since the start
  bool rebuilding = false;
  std::uint64_t rebuilt_items = 0;
  std::uint64_t uncounted = 0;  // received, and in none of these counts yet: the ledger was not written within the patience of who asks
  bool unanswered = false;      // the ledger did not read: there is more than these counts say
  DiskSpace disk;
  std::vector<DestinationCount> destinations;
  // The longest that anything waited here: the running time the ledger counted, and, where it was rebuilt, before that what the
  // clock said then of the oldest that was found.
  Millis ran{};

  // How long ago something came: the clock may have been set since, and nothing waits for longer than that.
  Millis age(WallTime came, WallTime now) const { return std::clamp(Millis(now.ms - came.ms), Millis(0), std::max(ran, Millis(0))); }
};

class Damage;
class Dropping;
class Keyring;
class Lookup;
class Orders;
class Pledges;
class Unproven;

class Queue final : public core::Sink {
 public:
  static Result<std::unique_ptr<Queue>> open(QueueOptions options, QueueNeeds needs);
  ~Queue() override;

  Status admits(core::Kind kind) const override;
  Result<std::unique_ptr<core::Inflow>> open(const core::Manifest& manifest) override;

  // Lends what is due, in order; a leased item is not lent again until it is settled.
  LeasedBatch lease(const LeaseQuery& query);
  void deliver(const std::string& destination, const core::Receipt& receipt);
  void reject(const std::string& destination, const Uuid& item, std::string_view reason);
  void put_back(const std::string& destination, const Uuid& item, std::string_view reason, Millis wait, bool counted);

  QueueSummary summary();
  // What is counted, and what a status names of it, on a connection of their own: no question and no order below holds them up.
  // They show what the last summary() waited for.
  Counts& counts();
  Lookup& glance();
  // What a person asks and orders of an exam; with all that was received until now.
  Lookup& lookup();
  Orders& orders();
  // What a person looks at, and ends.
  Damage& damage();
  Dropping& dropping();
  // What was accepted and is to be proven.
  Unproven& unproven();
  Keyring& keys();
  // What modalities asked this node to promise.
  Pledges& pledges();
  // Asks again where the items go that match no route; those that have a destination keep it. What was taken for archived
  // with somebody who is asked no more is sent there.
  void route_again();
  // Now and then: counts running time, reclaims, gives idle memory back.
  void tick();
  // Waits until the ledger shows everything that was handed in.
  void drain();

 private:
  struct Parts;
  explicit Queue(std::unique_ptr<Parts> parts);
  friend class QueueInflow;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sampan::queue
