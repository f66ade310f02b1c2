// SPDX-License-Identifier: Apache-2.0
// Telemetry: devices, events and samples of a node. Others tell what they saw; this thread makes of it what TELEMETRY.md says.
//
// Telling costs the teller a short lock and never a wait for the disk or a network (DESIGN, contract 12); what comes
// faster than it can be looked at is counted.
// Threads: one of its own; told and asked from any.   Owns: <state>/telemetry.
// Fails:   never: damage there, or a disk that does not write, costs telemetry alone.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/random.h"
#include "core/facts.h"
#include "core/sink.h"
#include "telemetry/event.h"
#include "telemetry/gauges.h"
#include "telemetry/news.h"

namespace sampan::telemetry {

struct Options {
  std::string state_directory;
  std::string node;  // site
  bool forwards = false;  // a destination takes telemetry
  Millis every = std::chrono::seconds(300);
  Millis outage = std::chrono::seconds(300);
};

struct Needs {
  core::Sink& sink;
  World& world;
  FileSystem& files;
  const Clock& clock;
  Random& random;
  InChinese in_chinese = nullptr;
};

class Telemetry {
 public:
  Telemetry(Options options, Needs needs);
  ~Telemetry();  // stops
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  void start();
  // Keeps what is known. The queue and the world are not asked after it.
  void stop();

  void saw(const core::Facts& facts, std::uint64_t bytes, bool repeated);
  void connected(const std::string& ae_title, const std::string& address);
  // time is set here.
  void happened(News news);
  // From now on; settings were reloaded.
  void change(bool forwards, Millis every, Millis outage);

  // JSON, as views.h has it.
  std::string devices() const;
  std::string events(WallTime from, std::size_t most) const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace sampan::telemetry
