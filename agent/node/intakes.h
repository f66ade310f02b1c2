// SPDX-License-Identifier: Apache-2.0
// Intakes: every door through which cargo enters this node, as the settings name them, and what came through.
//
// Threads: start(), prepare(), change() and stop() one at a time; the rest from any.
// Fails:   start() -> the first door that cannot be opened, in words; the others are closed again by stop().
//          prepare() -> the same, and the doors that are open stay as they are.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "intake/dimse.h"
#include "intake/folder.h"
#include "settings/settings.h"
#include "telemetry/telemetry.h"

namespace sampan::node {

class Intakes {
 public:
  // Opens nothing yet.
  Intakes(core::Sink& sink, Clock& clock, const settings::Settings& settings, telemetry::Telemetry& telemetry,
          core::Receipts& receipts, core::Promises& promises, const std::string& identity);
  ~Intakes();

  // Before start(): where it is marked what is being read just now.
  void mark_at(Beacon& beacon);
  // Same: whether an image is in custody, or was.
  void ask_custody(std::function<bool(const std::string& sop_instance_uid)> holds);
  Status start();
  // What the settings need beside what there is: a port, watches of folders. Changes nothing; dropped, it leaves no trace.
  class Change;
  Result<std::shared_ptr<Change>> prepare(const settings::Settings& settings);
  // Cannot fail. Images that are arriving arrive; a folder whose settings are the same is not disturbed.
  void change(std::shared_ptr<Change> prepared);
  void stop(Millis grace);

  bool listens() const { return dimse_->listens(); }
  std::uint16_t port() const { return dimse_->port(); }  // 0 when nothing listens
  unsigned associations_now() const { return dimse_->associations_now(); }
  std::vector<intake::Refusal> refusals() const;
  std::uint64_t received() const;             // items, since start()
  std::optional<WallTime> last_image() const;  // or plain file
  // In the order of the settings, but for those that came by a change.
  struct FolderReport {
    std::string path;
    intake::FolderCondition condition;
  };
  std::vector<FolderReport> folders() const;

 private:
  class Watch;
  // A folder that is watched, and what it was asked for.
  struct Folder {
    intake::FolderIntakeOptions options;
    std::shared_ptr<intake::FolderIntake> intake;
  };
  Folder folder(const intake::FolderIntakeOptions& options);

  core::Sink& sink_;
  Clock& clock_;
  const std::string identity_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<intake::DimseIntake> dimse_;
  mutable std::mutex changing_;  // the list, not what stands on it
  std::vector<Folder> folders_;
};

}  // namespace sampan::node
