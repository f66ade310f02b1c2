// SPDX-License-Identifier: Apache-2.0
#include "uplink/by_title.h"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.h"
#include "core/limits.h"

namespace sampan::uplink {
namespace {

using core::Consignment;
using core::Outcome;

class ByTitleCourier final : public core::Courier {
 public:
  explicit ByTitleCourier(ByTitleOptions options) : options_(std::move(options)) {}

  void attempt(std::span<Consignment> batch, const core::Report& report) override;
  void rest() override {
    for (auto& [title, courier] : couriers_) courier->rest();
  }
  void interrupt() override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    for (auto& [title, courier] : couriers_) courier->interrupt();
  }

 private:
  // What one title came to.
  struct Run {
    bool answered = false;  // the destination spoke about an item
    bool go_on = true;      // nothing more urgent waits
    std::optional<core::Retry> down;
  };
  // A title that is not taken, and when it is asked for again.
  struct Refused {
    core::Retry retry;
    unsigned times = 0;
    MonoTime until{};
  };
  Run carry(const std::string& title, std::span<Consignment> batch, const core::Report& report);
  core::Retry refuse(const std::string& title, const core::Retry& retry);
  core::Courier& courier_for(const std::string& title);

  const ByTitleOptions options_;
  std::mutex mutex_;  // guards the list; couriers in it are used by the lane's thread alone, but for interrupt()
  std::list<std::pair<std::string, std::unique_ptr<core::Courier>>> couriers_;  // used last first
  bool interrupted_ = false;
  std::map<std::string, Refused> refused_;
};

void ByTitleCourier::attempt(std::span<Consignment> batch, const core::Report& report) {
  std::optional<core::Retry> down;
  for (std::size_t begin = 0; begin < batch.size();) {
    const std::string title = options_.title_of(batch[begin].item);
    std::size_t end = begin + 1;
    while (end < batch.size() && options_.title_of(batch[end].item) == title) ++end;
    const auto run = batch.subspan(begin, end - begin);
    begin = end;
    if (down) {
      for (const Consignment& one : run) report(one.item.id, *down);
      continue;
    }
    Run carried = carry(title, run, report);
    down = std::move(carried.down);
    if (!carried.go_on && !down) return;
  }
}

ByTitleCourier::Run ByTitleCourier::carry(const std::string& title, std::span<Consignment> batch, const core::Report& report) {
  Run run;
  const auto known = refused_.find(title);
  if (known != refused_.end() && options_.clock.mono() < known->second.until) {
    core::Retry later = known->second.retry;
    later.not_before = known->second.until - options_.clock.mono();
    for (const Consignment& one : batch) report(one.item.id, later);
    return run;
  }
  std::optional<core::Retry> refusal;
  courier_for(title).attempt(batch, [&](const Uuid& id, Outcome outcome) {
    const auto* retry = std::get_if<core::Retry>(&outcome);
    run.down.reset();
    if (retry != nullptr && retry->scope == core::Scope::configuration) {
      if (!refusal) refusal = refuse(title, *retry);
      return run.go_on = report(id, *refusal);
    }
    if (retry != nullptr && retry->scope == core::Scope::destination)
      run.down = *retry;
    else
      run.answered = true;
    return run.go_on = report(id, std::move(outcome));
  });
  if (run.answered && !refusal && refused_.erase(title) > 0)
    log::info("destination " + options_.name + ": takes the calling AE title " + log::safe(title) + " again");
  return run;
}

// About the origin alone.
core::Retry ByTitleCourier::refuse(const std::string& title, const core::Retry& retry) {
  if (refused_.size() >= core::limits::titles_remembered_max && !refused_.contains(title)) refused_.clear();
  Refused& refused = refused_[title];
  if (refused.times == 0)
    log::error("destination " + options_.name + ": refuses what is called in as " + log::safe(title) + ": " + retry.reason);
  const Millis wait = std::min<Millis>(core::limits::back_off_least * (1u << std::min(refused.times++, 9u)), core::limits::back_off_most);
  refused.until = options_.clock.mono() + wait;
  refused.retry = retry;
  refused.retry.scope = core::Scope::item;
  refused.retry.reason = "calling as " + log::safe(title) + ": " + retry.reason;
  refused.retry.not_before = wait;
  return refused.retry;
}

core::Courier& ByTitleCourier::courier_for(const std::string& title) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(couriers_, title, [](const auto& one) { return one.first; });
  if (found != couriers_.end()) {
    couriers_.splice(couriers_.begin(), couriers_, found);
  } else {
    if (couriers_.size() >= core::limits::titles_connected_max) {
      couriers_.back().second->rest();
      couriers_.pop_back();
    }
    couriers_.emplace_front(title, options_.make_courier(title));
    if (interrupted_) couriers_.front().second->interrupt();
  }
  return *couriers_.front().second;
}

}  // namespace

std::unique_ptr<core::Courier> make_by_title_courier(ByTitleOptions options) {
  return std::make_unique<ByTitleCourier>(std::move(options));
}

}  // namespace sampan::uplink
