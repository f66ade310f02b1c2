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
#include <set>
#include <string>

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
  void look_soon();
  std::optional<core::PromiseReport> report_of(const std::string& transaction_uid);
  void call_back(const queue::Pledge& pledge);
  // Why it was not told; nothing: it was answered.
  std::optional<std::string> call(const queue::Pledge& pledge, const core::PromiseReport& report);
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
  bool stopping_ = false;
  std::atomic<bool> something_new_{true};
  MonoTime next_look_{};  // the loop's
};

}  // namespace sampan::node
