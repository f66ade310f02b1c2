// SPDX-License-Identifier: Apache-2.0
// Unproven: deliveries that were accepted and are not archived yet, and what the next hop says about them (DESIGN,
// contract 4).
//
// A proof is a receipt like any other: durable in a note before the payload may go. When a question is due again, which
// transactions of storage commitment are open, and how far a round over what is archived has come stands in the ledger
// only: lost with it, it is asked again. What is asked about once more may not go until it is said to be there again.
// Threads: any.
// Fails:   a ledger that does not answer has nothing due; a transaction nobody began -> nothing.
#pragma once

#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/item.h"
#include "core/outcome.h"
#include "queue/ledger_secrets.h"
#include "queue/question.h"
#include "queue/record.h"

namespace sampan::queue {

class Store;

struct UnprovenItem {
  core::Item item;
  Sequence seq = 0;
  unsigned asked = 0;    // questions that brought nothing
  std::string owed_to;   // the destination of the delivery; who is asked may be its fallback
  std::string node;      // who said that it took it
  unsigned resends = 0;  // how often it was lost before
  bool again = false;    // archived, and asked about once more
};

class Unproven {
 public:
  // glance: another connection, for what a status asks.
  Unproven(Store& store, LedgerView& view, LedgerView& glance, const Keyring& keys, const Clock& clock)
      : store_(store), view_(view), glance_(glance), keys_(keys), facts_(keys), clock_(clock) {}

  struct Due {
    std::vector<UnprovenItem> items;
    std::optional<Millis> due_in;  // when items is empty and one becomes due later
  };
  // Images whose payload is still here and that this destination took, also in the place of another; who waited longest
  // first. None is given again until done().
  Due due(const std::string& destination, std::size_t items_max);
  void done(const std::vector<UnprovenItem>& items);

  void archived(const UnprovenItem& item, const core::Receipt& receipt);
  // Waiting again, after a pause; the receipt counts no more.
  void send_again(const UnprovenItem& item, std::string_view reason);
  void ask_later(const UnprovenItem& item, Millis wait);

  // What it took and is archived is asked about once more.
  void ask_newest_again(const std::string& destination);
  void begin_round(const std::string& destination);
  // The next batch of the round; not while most of the last one has no answer yet.
  void go_on(const std::string& destination);
  struct Round {
    bool runs = false;
    std::optional<Millis> since;  // running time since it began; nothing: there was none
  };
  Round round(const std::string& destination);
  // Was something accepted so long ago, in running time, and is not proven? Of many, those that were asked about most
  // often are looked at.
  bool longer_than(const std::string& destination, Millis time);
  // Is some of that in the hands of a node of this program? Looked at likewise.
  bool with_node(const std::string& destination);
  // Those in whose hands deliveries to this destination may be.
  std::vector<std::string> others(const std::string& destination);
  // How far a look has come over what another one took and has not proven.
  struct Place {
    std::int64_t not_before_ms = std::numeric_limits<std::int64_t>::min(), destination = 0, state = 0, rank = 0, study_order = 0;
    Sequence seq = 0;
  };
  struct Taken {
    std::vector<UnprovenItem> items;
    bool more = false;
  };
  // Of the next of them those that are owed to this destination. It looks at a bounded number, however many there are, and moves
  // the place behind them.
  Taken taken_by(const std::string& other, const std::string& destination, std::size_t items_max, Place& after);

  // A new Transaction UID that nobody can guess, kept for this destination.
  Result<std::string> begin(const std::string& destination);
  // Of the destination that was asked in this transaction: its deliveries of these instances that are not proven yet, and were not
  // sent again since it began. A report that comes late speaks of what was there before, and may have been lost meanwhile.
  struct Named {
    std::string destination;
    std::vector<UnprovenItem> items;
  };
  // By the name an archive keeps them under.
  std::optional<Named> named_in(std::string_view transaction_uid, const std::vector<std::string>& sop_instance_uids);

 private:
  UnprovenItem read(Statement& row);
  std::size_t asked_again(Question& question, const std::string& destination);

  Store& store_;
  LedgerView &view_, &glance_;
  const IndexKeys keys_;
  std::mutex facts_mutex_;
  FactsSeal facts_;
  const Clock& clock_;
  // What is asked about just now, by the destination of the delivery. The last changes of the ledger outlive us.
  struct Asked {
    std::mutex mutex;
    std::set<std::pair<std::string, Sequence>> all;
  };
  std::shared_ptr<Asked> asked_ = std::make_shared<Asked>();
};

}  // namespace sampan::queue
