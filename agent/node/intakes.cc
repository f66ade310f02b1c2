// SPDX-License-Identifier: Apache-2.0
#include "node/intakes.h"

#include "base/log.h"
#include "node/plans.h"

namespace sampan::node {

class Intakes::Watch final : public intake::DimseIntake::Observer, public intake::FolderIntake::Observer {
 public:
  Watch(const Clock& clock, telemetry::Telemetry& telemetry) : clock_(clock), telemetry_(telemetry) {}
  void set_aside(const std::string& folder, intake::Unfit reason) override {
    log::warn("intake folder " + folder + ": a file was set aside in .sampan-rejected: " + std::string(intake::words_of(reason)));
    telemetry::News news;
    news.what = telemetry::News::What::file_set_aside;
    news.subject = folder;
    news.reason = intake::words_of(reason);
    telemetry_.happened(std::move(news));
  }
  void associated(const intake::Caller& caller) override { telemetry_.connected(caller.calling_ae, caller.peer_address); }
  void refused(const intake::Refusal& refusal) override {
    telemetry::News news;
    news.what = telemetry::News::What::caller_refused;
    news.subject = refusal.calling_ae;
    news.place = refusal.peer_address;
    news.detail = refusal.called_ae;
    news.reason = refusal.reason;
    news.code = refusal.code;
    telemetry_.happened(std::move(news));
  }
  // Of every intake.
  void received(const core::Facts& facts, std::uint64_t bytes, bool repeated) override {
    telemetry_.saw(facts, bytes, repeated);
    ++received_;
    last_ms_ = clock_.wall().ms;
  }
  std::uint64_t count() const { return received_; }
  std::optional<WallTime> last() const {
    const std::int64_t ms = last_ms_;
    return ms == 0 ? std::nullopt : std::optional<WallTime>(WallTime{ms});
  }

 private:
  const Clock& clock_;
  telemetry::Telemetry& telemetry_;
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::int64_t> last_ms_{0};
};

Intakes::Intakes(core::Sink& sink, Clock& clock, const settings::Settings& settings, telemetry::Telemetry& telemetry)
    : watch_(std::make_unique<Watch>(clock, telemetry)) {
  if (settings.intake.enabled)
    dimse_ = std::make_unique<intake::DimseIntake>(sink, clock, intake_options(settings), *watch_);
  for (auto& options : folder_options(settings))
    folders_.push_back(std::make_unique<intake::FolderIntake>(sink, clock, std::move(options), *watch_));
}

Intakes::~Intakes() = default;

Status Intakes::start() {
  if (dimse_)
    if (Status started = dimse_->start(); !started) return started;
  for (const auto& folder : folders_)
    if (Status started = folder->start(); !started) return started;
  return {};
}

void Intakes::stop(Millis grace) {
  for (const auto& folder : folders_) folder->stop();
  if (dimse_) dimse_->stop(grace);
}

std::vector<intake::Refusal> Intakes::refusals() const {
  return dimse_ ? dimse_->refusals().snapshot() : std::vector<intake::Refusal>();
}
std::uint64_t Intakes::received() const { return watch_->count(); }
std::optional<WallTime> Intakes::last_image() const { return watch_->last(); }

}  // namespace sampan::node
