// SPDX-License-Identifier: Apache-2.0
// Node: the modules wired into one working whole, from settings and the world it stands in.
//
// The daemon builds one, tests build several in one process.
// Threads: start() and stop() from one thread; the rest from any. Whoever answers a reload request may call reload().
// Fails:   start() -> the first thing that cannot be had (state directory, port, socket), in words; nothing is left running.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "base/result.h"
#include "control/node_status.h"
#include "core/courier.h"
#include "core/prover.h"
#include "core/receipts.h"
#include "settings/change.h"

namespace sampan::node {

// Who carries to a destination and who asks it for proof, in the place of the network. It outlives what it makes.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual std::unique_ptr<core::Courier> courier(const settings::Destination& destination) = 0;
  // Null where there is nobody to ask.
  virtual std::unique_ptr<core::Prover> prover(const settings::Destination& destination, core::Transactions& transactions,
                                               core::Receipts& receipts) = 0;
};

struct Env {
  FileSystem& files;
  Clock& clock;
  Random& random;
  Transport* transport = nullptr;  // null: the network
  std::string credentials_directory = {};  // of the service manager; empty: none
  std::string identity = {};  // how it knows itself when it reaches itself (dicom/implementation.h); a Node has its own
  std::string folder_memory = {};  // where is remembered what folders were written to; a Node has its own
};
// The real disk, clock, dice and network.
Env system_env();

class Node {
 public:
  Node(settings::Settings settings, Env env);
  ~Node();  // stops
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Status start();
  // Puts other settings to work, all of them or, when something about them cannot be had, none. What a running node cannot
  // take over keeps its value, and is named in the report.
  settings::ReloadReport reload(settings::Settings settings);
  // What POST /v1/reload does; given before start(). Without it there is no such route.
  void on_reload_request(std::function<settings::ReloadReport()> reload);
  // Takes no more images, lets running transfers end within their grace, and returns when everything is on disk.
  void stop();

  // How many images this node holds that are not delivered; instead of start(), and nothing is carried meanwhile.
  Result<std::uint64_t> undelivered();

  std::uint16_t intake_port() const;  // 0 when there is no intake
  control::NodeStatus status();
  // The event loop has not turned for ten minutes, which no slow disk holds it up for: only an end helps, and loses nothing.
  bool hangs() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sampan::node
