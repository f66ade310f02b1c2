// SPDX-License-Identifier: Apache-2.0
// Intakes: every door through which cargo enters this node, as the settings name them, and what came through.
//
// Threads: start() and stop() from one thread; the rest from any.
// Fails:   start() -> the first door that cannot be opened, in words; the others are closed again by stop().
#pragma once

#include <atomic>
#include <memory>
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
  Intakes(core::Sink& sink, Clock& clock, const settings::Settings& settings, telemetry::Telemetry& telemetry);
  ~Intakes();

  Status start();
  void stop(Millis grace);

  bool listens() const { return dimse_ != nullptr; }
  std::uint16_t port() const { return dimse_ ? dimse_->port() : 0; }  // 0 when nothing listens
  unsigned associations_now() const { return dimse_ ? dimse_->associations_now() : 0; }
  std::vector<intake::Refusal> refusals() const;
  std::uint64_t received() const;             // items, since start()
  std::optional<WallTime> last_image() const;  // or plain file

 private:
  class Watch;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<intake::DimseIntake> dimse_;
  std::vector<std::unique_ptr<intake::FolderIntake>> folders_;
};

}  // namespace sampan::node
