// SPDX-License-Identifier: Apache-2.0
// Run: the life of `sampand`, from its arguments to its exit code, around whatever service it is given.
//
// Settings are read and checked; memory is kept out of core dumps; the state directory is locked; the service starts;
// the manager is told; SIGHUP and the service's own callers have the settings read again; a signal ends it cleanly.
// Threads: the main thread only; the service has its own.
// Fails:   settings are wrong -> every problem on err, exit_settings; the service does not start -> exit_start; it does not,
//          and will not until a person acts (keys, owner) -> exit_person. Each leaves a note (settings/start_note.h), but
//          where another daemon runs, whose socket that is.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/rescue_command.h"
#include "settings/change.h"

namespace sampan::daemon {

enum ExitCode : int {
  exit_clean = 0,
  exit_start = 1,     // lock taken, port taken, disk broken
  exit_settings = 2,  // nothing was started
  exit_person = 3,    // keys or owner do not fit: trying again mends nothing
  exit_usage = 64     // EX_USAGE of sysexits(3)
};

class Service {
 public:
  virtual ~Service() = default;
  virtual Status start() = 0;
  virtual void stop() = 0;
  virtual int intake_port() = 0;  // the one really bound
  // How many images are held that are not delivered; asked instead of start().
  virtual Result<std::uint64_t> undelivered() = 0;
  // It shows no sign of life any more.
  virtual bool hangs() = 0;
  // Puts all of other settings to work, or nothing of them.
  virtual settings::ReloadReport reload(settings::Settings next) = 0;
  // What the service calls when it is asked to reload by its own means; told before start(), good until stop() returned.
  virtual void on_reload_request(std::function<settings::ReloadReport()> reload) = 0;
};
using Build = std::function<std::unique_ptr<Service>(const settings::Settings&)>;

// What --rescue does, in the place of a service; its exit code is that of `sampan`.
using Rescue = std::function<int(const node::RescueCommand& command, std::ostream& out, std::ostream& err)>;

// arguments without the program's own name. out gets one line when the service is ready.
int run(std::vector<std::string> arguments, const Build& build, const Rescue& rescue, std::ostream& out, std::ostream& err);

}  // namespace sampan::daemon
