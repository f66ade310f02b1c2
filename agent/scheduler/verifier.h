// SPDX-License-Identifier: Apache-2.0
// Verifier: has every destination say what it keeps, so that local copies may go (DESIGN, contract 4).
//
// It is driven from outside like the scheduler: step() asks where something is due and returns when it wants to be
// called next. One question at a time to each destination, on a lane of its own; none delays another, or a delivery.
// Threads: one for everything; provers run on lanes.
// Fails:   never; a question without an answer is asked again as policy/proof.h says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/prover.h"
#include "policy/proof.h"
#include "scheduler/needs.h"

namespace sampan::scheduler {

// What the queue knows of deliveries that were accepted and are not proven.
class Proofs {
 public:
  struct Asked {
    core::Item item;
    std::int64_t place = 0;  // what its owner knows it by
    unsigned asked = 0;      // questions that brought nothing
    std::string owed_to{};   // the destination of the delivery; who is asked may be its fallback
    std::string said_by{};   // who accepted it
    unsigned resends = 0;    // how often it was lost before
    bool again = false;      // it was archived, and is asked about once more
    bool denied = false;     // reports of storage commitment do not commit to it: looked for by a query first
  };
  struct Due {
    std::vector<Asked> items;
    std::optional<MonoTime> due_at;  // when items is empty and one becomes due later
  };
  virtual ~Proofs() = default;
  // What it gives is not given again until done().
  virtual Due due(const std::string& destination, std::size_t items_max) = 0;
  // From any thread. What becomes true is durable before the copy may go.
  virtual void archived(const std::string& destination, const Asked& asked, const core::Receipt& receipt) = 0;
  virtual void send_again(const std::string& destination, const Asked& asked, const std::string& reason) = 0;
  virtual void ask_later(const std::string& destination, const Asked& asked, Millis wait, const std::string& reason) = 0;
  // A query finds there what its reports do not commit to.
  virtual void found_there(const std::string& destination, const Asked& asked) = 0;
  // All that could be learnt of these now was handed over.
  virtual void done(const std::string& destination, const std::vector<Asked>& asked) = 0;
};

class Verifier {
 public:
  struct Needs {
    Proofs& proofs;
    Lanes& lanes;
    Waker& waker;
    const Clock& clock;
  };
  explicit Verifier(Needs needs) : needs_(needs) {}
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  void add(const std::string& destination, std::shared_ptr<core::Prover> prover);
  // Interrupted; what was asked about is asked again by whoever comes after.
  void remove(const std::string& destination);
  // Something was accepted, or may be due again. From any thread.
  void notify() { something_new_ = true; }
  // A report of storage commitment came in from it. From any thread.
  void reported(const std::string& destination);
  MonoTime step();
  void stop();
  bool stopped() const;

  bool asks(const std::string& destination) const;
  // Unknown for a destination that nobody asks.
  core::ProofWay way(const std::string& destination) const;

 private:
  struct Question {
    std::string destination;
    std::shared_ptr<core::Prover> prover;
    std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);
    MonoTime nothing_until{};
    MonoTime pause_until{};
  };
  void ask(Question& question, std::vector<Proofs::Asked> items);
  void hand_on_reports();

  Needs needs_;
  std::vector<Question> questions_;
  std::vector<Question> leaving_;
  std::atomic<bool> something_new_{false};
  std::mutex mutex_;  // guards reported_
  std::set<std::string> reported_;
  bool stopping_ = false;
};

}  // namespace sampan::scheduler
