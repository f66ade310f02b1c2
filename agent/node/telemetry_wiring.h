// SPDX-License-Identifier: Apache-2.0
// Telemetry wiring: what of the node reaches telemetry, and what telemetry asks of it. Adapters of a few lines.
#pragma once

#include <functional>

#include "control/telemetry_book.h"
#include "node/disk_watch.h"
#include "node/proof_view.h"
#include "queue/queue.h"
#include "scheduler/needs.h"
#include "scheduler/snapshot.h"
#include "settings/settings.h"
#include "telemetry/by_now.h"
#include "telemetry/telemetry.h"

namespace sampan::node {

telemetry::Options telemetry_options(const settings::Settings& settings);

// Logs what the scheduler sees, and tells it. Threads: as scheduler::Observer; set telemetry before the first call.
class SchedulerWatch final : public scheduler::Observer {
 public:
  void tell(telemetry::Telemetry* telemetry) { telemetry_ = telemetry; }
  void destination_up(const std::string& name) override;
  void destination_down(const std::string& name, const std::string& reason) override;
  void destination_stopped(const std::string& name, const std::string& reason) override;
  void class_blocked(const std::string& name, const scheduler::ClassKey& key, const std::string& reason) override;
  void class_unblocked(const std::string& name, const scheduler::ClassKey& key) override;
  void item_rejected(const std::string& name, const Uuid& item, const std::string& reason) override;
  void item_lost(const std::string& name, const Uuid& item, const std::string& reason) override;
  void detour_begins(const std::string& name, const std::string& to) override;
  void detour_ends(const std::string& name, const std::string& to) override;

 private:
  void tell(telemetry::News::What what, const std::string& name, const std::string& reason, const scheduler::ClassKey& key = {});
  telemetry::Telemetry* telemetry_ = nullptr;
};

// What the modules say of themselves, as telemetry measures it.
struct Gauged {
  queue::QueueSummary queue;
  DiskView disk;
  std::vector<scheduler::DestinationSnapshot> destinations;
  WallTime now{};
  Millis uptime{};
  ProofView proofs{};
};
telemetry::Gauges gauges_of(const settings::Settings& settings, const Gauged& gauged);

class NodeWorld final : public telemetry::World {
 public:
  NodeWorld(std::function<telemetry::Gauges()> gauges, telemetry::ByNow by_now) : gauges_(std::move(gauges)), by_now_(std::move(by_now)) {}
  telemetry::Gauges gauges() override { return gauges_(); }
  WallTime by_now(WallTime kept) override { return by_now_(kept); }

 private:
  const std::function<telemetry::Gauges()> gauges_;
  const telemetry::ByNow by_now_;
};

class NodeBook final : public control::TelemetryBook {
 public:
  NodeBook(const telemetry::Telemetry& telemetry, const Clock& clock) : telemetry_(telemetry), clock_(clock) {}
  std::string devices() override { return telemetry_.devices(); }
  std::string events(WallTime from, std::size_t most) override { return telemetry_.events(from, most); }
  WallTime now() override { return clock_.wall(); }

 private:
  const telemetry::Telemetry& telemetry_;
  const Clock& clock_;
};

}  // namespace sampan::node
