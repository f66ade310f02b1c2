// SPDX-License-Identifier: Apache-2.0
// Comparing: finds out, beside everything else, what the undecided items are to the others of their SOP Instance UID.
//
// One after the other, in the order of the spool. Which are left stands in the ledger; wake() carries no work. An item whose
// comparison breaks off again and again is held for a person, so that it stands in nobody's way.
// Threads: its own; wake() and drain() from any.
// Fails:   what is interrupted stays undecided, and is asked again at the next start.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "queue/ledger.h"
#include "queue/queue.h"

namespace sampan::queue {

class Store;

class Comparing {
 public:
  using Compare = std::function<Likeness(Sequence one, Sequence other)>;
  // own_thread: as QueueOptions; by hand it is done by drain().
  Comparing(Store& store, Compare compare, bool own_thread);
  ~Comparing();
  Comparing(const Comparing&) = delete;

  void wake();
  // It asks no more, and can be woken as before.
  void stop();
  // Waits until nothing is undecided.
  void drain();

 private:
  struct Answer;
  void run();
  void run_by_hand();
  std::optional<Ledger::Undecided> next();
  bool decide(const Ledger::Undecided& item);
  bool pause();

  Store& store_;
  const Compare compare_;
  const bool own_thread_;
  std::mutex mutex_;
  std::condition_variable work_, idle_;
  bool woken_ = true, busy_ = true, stopping_ = false;  // some may be left of the last run
  bool unanswered_ = false;                             // by hand: the ledger did not take the question
  Sequence failed_ = 0;                                 // the one that broke off last
  unsigned failures_ = 0;
  std::thread thread_;
};

}  // namespace sampan::queue
