// SPDX-License-Identifier: Apache-2.0
#include "uplink/by_title.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

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
    std::optional<core::Retry> down;
  };
  struct Refused {
    Uuid item;
    std::string title;
    core::Retry retry;
  };
  Run carry(const std::string& title, std::span<Consignment> batch, const core::Report& report, std::vector<Refused>& refused);
  void report_refused(const std::vector<Refused>& refused, const core::Report& report);
  core::Courier& courier_for(const std::string& title);

  const ByTitleOptions options_;
  std::mutex mutex_;  // guards the list; couriers in it are used by the lane's thread alone, but for interrupt()
  std::list<std::pair<std::string, std::unique_ptr<core::Courier>>> couriers_;  // used last first
  bool interrupted_ = false;
  std::set<std::string> accepted_, refused_;  // titles, as the destination last treated them
};

void ByTitleCourier::attempt(std::span<Consignment> batch, const core::Report& report) {
  std::vector<Refused> refused;
  std::optional<core::Retry> down;
  for (std::size_t begin = 0; begin < batch.size();) {
    const std::string title = options_.title_of(batch[begin].item);
    std::size_t end = begin + 1;
    while (end < batch.size() && options_.title_of(batch[end].item) == title) ++end;
    const auto run = batch.subspan(begin, end - begin);
    begin = end;
    if (!down) down = carry(title, run, report, refused).down;
    else
      for (const Consignment& one : run) report(one.item.id, *down);
  }
  report_refused(refused, report);
}

ByTitleCourier::Run ByTitleCourier::carry(const std::string& title, std::span<Consignment> batch, const core::Report& report,
                                          std::vector<Refused>& refused) {
  Run run;
  bool was_refused = false;
  courier_for(title).attempt(batch, [&](const Uuid& id, Outcome outcome) {
    const auto* retry = std::get_if<core::Retry>(&outcome);
    run.down.reset();
    if (retry != nullptr && retry->scope == core::Scope::configuration) {
      was_refused = true;
      refused.push_back({id, title, *retry});
      return;
    }
    if (retry != nullptr && retry->scope == core::Scope::destination)
      run.down = *retry;
    else
      run.answered = true;
    report(id, std::move(outcome));
  });
  if (run.answered) accepted_.insert(title);
  if (run.answered && refused_.erase(title) > 0)
    log::info("destination " + options_.name + ": takes the calling AE title " + log::safe(title) + " again");
  if (was_refused) accepted_.erase(title);
  return run;
}

// Where another title is taken, the refusal is about the origin.
void ByTitleCourier::report_refused(const std::vector<Refused>& refused, const core::Report& report) {
  for (const Refused& one : refused) {
    core::Retry retry = one.retry;
    if (!accepted_.empty()) {
      retry.scope = core::Scope::item;
      retry.reason = "calling as " + log::safe(one.title) + ": " + retry.reason;
      if (refused_.size() < core::limits::titles_remembered_max && refused_.insert(one.title).second)
        log::error("destination " + options_.name + ": refuses what is called in as " + log::safe(one.title) + ": " + one.retry.reason);
    }
    report(one.item, std::move(retry));
  }
}

core::Courier& ByTitleCourier::courier_for(const std::string& title) {
  const std::lock_guard lock(mutex_);
  if (accepted_.size() > core::limits::titles_remembered_max) accepted_.clear();
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
