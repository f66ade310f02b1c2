// SPDX-License-Identifier: Apache-2.0
// Promising: answers the modalities that ask whether their images are kept (storage commitment, PS3.4 annex J).
//
// A request is kept by the queue; when its report can be made, whoever has the association that asked tells it there, or
// the modality is called back where the settings say, ever more rarely, until it answers or promise_kept is over.
// Threads: step(), stop() and stopped() the loop's; the rest any.
// Fails:   never; what cannot be told is told later, and status says why.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/promises.h"
#include "dicom/transport.h"
#include "node/live.h"
#include "node/node.h"
#include "queue/pledges.h"
#include "queue/queue.h"
#include "scheduler/needs.h"

namespace sampan::node {

class Promising final : public core::Promises {
 public:
  // All must outlive it and its jobs.
  Promising(queue::Queue& queue, const Live& live, scheduler::Lanes& lanes, scheduler::Waker& waker, Env env)
      : queue_(queue), live_(live), lanes_(lanes), waker_(waker), env_(env) {}

  Status asked(const core::PromiseRequest& request) override;
  std::optional<core::PromiseReport> take(const std::string& transaction_uid) override;
  void told(const std::string& transaction_uid, bool answered) override;

  // Other settings are at work: what could not be told is tried at once.
  void changed();
  MonoTime step();
  // Calls that run are interrupted.
  void stop();
  bool stopped() const;

 private:
  // What the ledger says, before what rests on it alone was read.
  struct Draft {
    core::PromiseReport report;
    std::vector<std::pair<queue::Sequence, core::InstanceReference>> unseen;
  };

  void look_soon();
  std::optional<Draft> draft_of(const std::string& transaction_uid);
  // Errc::timeout: some is not read yet, and what was read counts for the next time; io: some does not read just now.
  Result<core::PromiseReport> seen(Draft draft, MonoTime until);
  void look_again(const queue::Pledge& pledge);
  void call_back(const queue::Pledge& pledge);
  void call(const queue::Pledge& pledge, Draft draft);
  Status tell(const queue::Pledge& pledge, const settings::DimseAddress& address, const core::PromiseReport& report);
  void put_off(const queue::Pledge& pledge, const std::string& why);
  bool begin(const std::string& transaction_uid, const std::string& modality);
  // until: what was learnt of it is in the ledger by then.
  void end(const std::string& transaction_uid, const std::string& modality, MonoTime until);

  queue::Queue& queue_;
  const Live& live_;
  scheduler::Lanes& lanes_;
  scheduler::Waker& waker_;
  const Env env_;
  mutable std::mutex mutex_;
  std::map<std::string, MonoTime> in_hand_;  // transactions that somebody is telling, or just told, until when
  std::set<std::string> called_;   // modalities that are called back just now
  std::map<std::string, std::shared_ptr<dicom::Plug>> plugs_;  // of those calls
  std::map<std::string, std::string> said_;                    // by modality: logged once
  std::map<std::string, std::set<queue::Sequence>> sound_;     // by transaction: read for a report that is not whole yet
  std::atomic<bool> stopping_{false};
  std::atomic<bool> something_new_{true};
  MonoTime next_look_{};  // the loop's
};

}  // namespace sampan::node
