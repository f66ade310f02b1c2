// SPDX-License-Identifier: Apache-2.0
#include "uplink/by_title_prover.h"

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "core/limits.h"

namespace sampan::uplink {
namespace {

class ByTitleProver final : public core::Prover {
 public:
  explicit ByTitleProver(ByTitleProverOptions options) : options_(std::move(options)) {}

  void ask(std::span<const core::Item> batch, const core::ProofReport& report) override {
    for (const auto& [title, items] : by_title(batch)) {
      core::Prover& prover = prover_for(title);
      prover.ask(items, report);
      if (const auto way = prover.way(); way != core::ProofWay::unknown) way_ = way;
    }
  }
  void seek(std::span<const core::Item> batch, const core::ProofReport& report) override {
    for (const auto& [title, items] : by_title(batch)) prover_for(title).seek(items, report);
  }
  core::ProofWay way() const override { return way_; }
  void reported() override {
    way_ = core::ProofWay::commitment;
    const std::lock_guard lock(mutex_);
    for (const auto& [title, prover] : provers_) prover->reported();
  }
  void interrupt() override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    for (const auto& [title, prover] : provers_) prover->interrupt();
  }

 private:
  std::map<std::string, std::vector<core::Item>> by_title(std::span<const core::Item> batch) const {
    std::map<std::string, std::vector<core::Item>> sorted;
    for (const core::Item& item : batch) sorted[options_.title_of(item)].push_back(item);
    return sorted;
  }
  core::Prover& prover_for(const std::string& title) {
    const std::lock_guard lock(mutex_);
    if (provers_.size() >= core::limits::titles_remembered_max && !provers_.contains(title)) provers_.clear();
    auto& prover = provers_[title];
    if (!prover) {
      prover = options_.make_prover(title);
      if (interrupted_) prover->interrupt();
    }
    return *prover;
  }

  const ByTitleProverOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<core::Prover>> provers_;
  std::atomic<core::ProofWay> way_{core::ProofWay::unknown};
  bool interrupted_ = false;
};

}  // namespace

std::unique_ptr<core::Prover> make_by_title_prover(ByTitleProverOptions options) {
  return std::make_unique<ByTitleProver>(std::move(options));
}

}  // namespace sampan::uplink
