// SPDX-License-Identifier: Apache-2.0
// Unproven: deliveries that were accepted and are not archived yet, and what the next hop says about them (DESIGN,
// contract 4).
//
// A proof is a receipt like any other: durable in a note before the payload may go. When a question is due again, and which
// transactions of storage commitment are open, stands in the ledger only: lost with it, it is asked again.
// Threads: any.
// Fails:   a ledger that does not answer has nothing due; a transaction nobody began -> nothing.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
  unsigned asked = 0;  // questions that brought nothing
};

class Unproven {
 public:
  Unproven(Store& store, LedgerView& view, const Keyring& keys, const Clock& clock)
      : store_(store), view_(view), keys_(keys), facts_(keys), clock_(clock) {}

  struct Due {
    std::vector<UnprovenItem> items;
    std::optional<Millis> due_in;  // when items is empty and one becomes due later
  };
  // Images whose payload is still here and that it took itself, not its fallback; who waited longest first.
  Due due(const std::string& destination, std::size_t items_max);

  void archived(const std::string& destination, const core::Receipt& receipt);
  // Waiting again, after a pause; the receipt counts no more.
  void send_again(const std::string& destination, const UnprovenItem& item, std::string_view reason);
  void ask_later(const std::string& destination, const UnprovenItem& item, Millis wait);

  // A new Transaction UID that nobody can guess, kept for this destination.
  Result<std::string> begin(const std::string& destination);
  // Of the destination that was asked in this transaction: its deliveries of these instances that are not proven yet.
  struct Named {
    std::string destination;
    std::vector<UnprovenItem> items;
  };
  std::optional<Named> named_in(std::string_view transaction_uid, const std::vector<std::string>& sop_instance_uids);

 private:
  UnprovenItem read(Statement& row);

  Store& store_;
  LedgerView& view_;
  const IndexKeys keys_;
  std::mutex facts_mutex_;
  FactsSeal facts_;
  const Clock& clock_;
};

}  // namespace sampan::queue
