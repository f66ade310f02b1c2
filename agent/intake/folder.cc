// SPDX-License-Identifier: Apache-2.0
#include "intake/folder.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "intake/folder_round.h"
#include "intake/folder_watch.h"

namespace sampan::intake {

class FolderIntake::Runner {
 public:
  Runner(core::Sink& sink, const Clock& clock, FolderIntakeOptions options, Observer& observer)
      : clock_(clock),
        options_(std::move(options)),
        watch_(options_.path),
        round_(sink, clock, options_, observer, stopping_) {}
  ~Runner() { stop(); }

  Status prepare() {
    if (prepared_) return {};
    Status started = watch_.start();
    prepared_ = started.ok();
    return started;
  }

  Status start() {
    if (Status prepared = prepare(); !prepared) return prepared;
    thread_ = std::thread([this] { run(); });
    return {};
  }

  FolderCondition condition() const {
    std::lock_guard lock(telling_);
    return condition_;
  }

  void stop() {
    stopping_ = true;
    if (!thread_.joinable()) return;
    watch_.wake();
    thread_.join();
  }

 private:
  void run() {
    while (!stopping_) {
      if (clock_.mono() >= scan_at_ || round_.wants_scan()) scan();
      tell();  // before the work as well, which may be long
      const MonoTime work_at = round_.work();
      tell();
      if (round_.wants_scan_soon()) scan_at_ = std::min(scan_at_, clock_.mono() + options_.retry_every);
      const MonoTime next = std::min(work_at, scan_at_);
      if (stopping_ || round_.wants_scan()) continue;
      const MonoTime now = clock_.mono();
      watch_.wait(std::max(next - now, Millis(0)), [this](const std::string& path, FolderWatch::News news) {
        hear(path, news);
      });
    }
  }

  void tell() {
    std::lock_guard lock(telling_);
    condition_ = round_.condition();
  }

  // Watched before it is listed: what comes in between is seen twice rather than not at all.
  void scan(const std::string& below = {}) {
    bool all_watched = true;
    const auto add = [&](const std::string& folder) {
      if (watches_) all_watched = watch_.add(folder) && all_watched;
    };
    const Status scanned = round_.scan(add, below);
    if (!below.empty()) return;
    const bool remote = options_.watching == FolderWatching::automatic && round_.is_remote();
    const bool watches = options_.watching != FolderWatching::poll && !remote;
    // Only now is it known what lies there: once more, with the watch.
    if (scanned && watches && !watches_) return watches_ = true, scan();
    watches_ = watches && scanned;
    const Millis pause = !scanned ? options_.retry_every : watches_ && all_watched ? options_.rescan_every : options_.poll_every;
    scan_at_ = clock_.mono() + pause;
  }

  void hear(const std::string& path, FolderWatch::News news) {
    switch (news) {
      case FolderWatch::News::created: return round_.saw(path, Sight::created);
      case FolderWatch::News::closed: return round_.saw(path, Sight::closed);
      case FolderWatch::News::folder: return scan(path);
      case FolderWatch::News::lost: scan_at_ = {}; return;
    }
  }

  const Clock& clock_;
  const FolderIntakeOptions options_;
  std::atomic<bool> stopping_{false};
  FolderWatch watch_;
  FolderRound round_;
  mutable std::mutex telling_;
  FolderCondition condition_;  // as it was told last
  bool prepared_ = false, watches_ = false;
  MonoTime scan_at_{};  // long ago
  std::thread thread_;
};

FolderIntake::FolderIntake(core::Sink& sink, const Clock& clock, FolderIntakeOptions options, Observer& observer)
    : runner_(std::make_unique<Runner>(sink, clock, std::move(options), observer)) {}
FolderIntake::~FolderIntake() = default;
Status FolderIntake::prepare() { return runner_->prepare(); }
Status FolderIntake::start() { return runner_->start(); }
void FolderIntake::stop() { runner_->stop(); }
FolderCondition FolderIntake::condition() const { return runner_->condition(); }

}  // namespace sampan::intake
