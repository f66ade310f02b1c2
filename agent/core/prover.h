// SPDX-License-Identifier: Apache-2.0
// Prover: asks one destination whether it keeps what it accepted (DESIGN, contract 4).
//
// ask() asks once about the whole batch and reports one proof for every item. Neither it nor seek() loops, sleeps or
// decides to ask again. What a destination says later than that comes in through core::Receipts.
// Threads: one at a time; way(), reported() and interrupt() from any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "core/item.h"
#include "core/outcome.h"

namespace sampan::core {

// How a destination proves that it keeps an instance.
enum class ProofWay : std::uint8_t { unknown, commitment, query, none };
std::string_view to_string(ProofWay way);

// It said that it keeps the item; level is archived.
struct Held {
  Receipt receipt;
};
// It said that it has no such item.
struct Missing {
  std::string reason;
};
// It did not say: not yet, or there was no connection.
struct Unclear {
  std::string reason;                // plain words; no patient data
  std::optional<Millis> not_before;  // the peer's own wish, from now
};
using Proof = std::variant<Held, Missing, Unclear>;
using ProofReport = std::function<void(const Uuid& item, Proof proof)>;

// Kept before the request goes out, so that a report is known however late it comes.
class Transactions {
 public:
  virtual ~Transactions() = default;
  // A new Transaction UID, remembered for the destination; durable when it returns.
  virtual Result<std::string> begin(const std::string& destination) = 0;
};

class Prover {
 public:
  virtual ~Prover() = default;
  virtual void ask(std::span<const Item> batch, const ProofReport& report) = 0;
  // Looks for them by a query, whatever else it proves with; says nothing of those, or Unclear, that it cannot tell of.
  virtual void seek(std::span<const Item>, const ProofReport&) {}
  // What the destination turned out to offer; unknown before it proved anything, or did not in good time.
  virtual ProofWay way() const = 0;
  // A report of storage commitment that it asked for came in. From any thread.
  virtual void reported() {}
  virtual void interrupt() = 0;
};

}  // namespace sampan::core
