// SPDX-License-Identifier: Apache-2.0
#include "node/intakes.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/panic.h"
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
  void medium_incomplete(const std::string& folder, std::uint64_t files) override {
    log::warn("intake folder " + folder + ": files that a DICOMDIR names did not come: " + std::to_string(files));
    telemetry::News news;
    news.what = telemetry::News::What::medium_incomplete;
    news.subject = folder;
    news.detail = std::to_string(files);
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
  void mark_at(Beacon& beacon) { beacon_ = &beacon; }
  void ask(std::function<bool(const std::string&)> holds) { holds_ = std::move(holds); }
  bool holds(const std::string& sop_instance_uid) override { return holds_ && holds_(sop_instance_uid); }
  // Of every intake.
  Beacon* beacon() override { return beacon_; }
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
  Beacon* beacon_ = nullptr;
  std::function<bool(const std::string&)> holds_;
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::int64_t> last_ms_{0};
};

Intakes::Intakes(core::Sink& sink, Clock& clock, const settings::Settings& settings, telemetry::Telemetry& telemetry,
                 core::Receipts& receipts, core::Promises& promises, const std::string& identity)
    : sink_(sink),
      clock_(clock),
      identity_(identity),
      watch_(std::make_unique<Watch>(clock, telemetry)),
      dimse_(std::make_unique<intake::DimseIntake>(sink, clock, intake_options(settings, identity), *watch_, &receipts, &promises)) {
  for (const auto& options : folder_options(settings)) folders_.push_back(folder(options));
}

Intakes::~Intakes() = default;

Intakes::Folder Intakes::folder(const intake::FolderIntakeOptions& options) {
  return {options, std::make_shared<intake::FolderIntake>(sink_, clock_, options, *watch_)};
}

void Intakes::mark_at(Beacon& beacon) { watch_->mark_at(beacon); }
void Intakes::ask_custody(std::function<bool(const std::string& sop_instance_uid)> holds) { watch_->ask(std::move(holds)); }

Status Intakes::start() {
  if (Status started = dimse_->start(); !started) return started;
  for (const Folder& one : folders_)
    if (Status started = one.intake->start(); !started) return started;
  return {};
}

class Intakes::Change {
 public:
  std::shared_ptr<intake::DimseIntake::Change> dimse;
  std::vector<Folder> kept, added;
};

Result<std::shared_ptr<Intakes::Change>> Intakes::prepare(const settings::Settings& settings) {
  Change change;
  auto dimse = dimse_->prepare(intake_options(settings, identity_));
  if (!dimse) return dimse.error();
  change.dimse = std::move(*dimse);
  for (const auto& options : folder_options(settings)) {
    const auto known = std::ranges::find(folders_, options, &Folder::options);
    if (known != folders_.end()) {
      change.kept.push_back(*known);
      continue;
    }
    change.added.push_back(folder(options));
    if (Status prepared = change.added.back().intake->prepare(); !prepared) return prepared.error();
  }
  return std::make_shared<Change>(std::move(change));
}

void Intakes::change(std::shared_ptr<Change> prepared) {
  dimse_->change(std::move(prepared->dimse));
  // The old ones first: a folder that is only watched in another way is never read by two.
  for (const Folder& one : folders_)
    if (std::ranges::find(prepared->kept, one.options, &Folder::options) == prepared->kept.end()) one.intake->stop();
  for (const Folder& one : prepared->added)
    if (!one.intake->start()) SAMPAN_PANIC("a folder that was prepared does not start");
  std::lock_guard lock(changing_);
  folders_ = std::move(prepared->kept);
  std::ranges::move(prepared->added, std::back_inserter(folders_));
}

void Intakes::stop(Millis grace) {
  for (const Folder& one : folders_) one.intake->stop();
  dimse_->stop(grace);
}

std::vector<intake::Refusal> Intakes::refusals() const {
  return dimse_->refusals().snapshot();
}
std::uint64_t Intakes::received() const { return watch_->count(); }
std::optional<WallTime> Intakes::last_image() const { return watch_->last(); }
std::vector<Intakes::FolderReport> Intakes::folders() const {
  std::lock_guard lock(changing_);
  std::vector<FolderReport> reports;
  for (const Folder& one : folders_) reports.push_back({one.options.path, one.intake->condition()});
  return reports;
}

}  // namespace sampan::node
