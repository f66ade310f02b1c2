// SPDX-License-Identifier: Apache-2.0
// Report: what the modules say of themselves, as one picture. Values in, a value out; no module is asked here.
#pragma once

#include <map>

#include "base/owner.h"
#include "control/node_status.h"
#include "intake/refusals.h"
#include "node/disk_watch.h"
#include "node/intakes.h"
#include "node/proof_view.h"
#include "queue/pledges.h"
#include "queue/queue.h"
#include "scheduler/snapshot.h"
#include "settings/settings.h"

namespace sampan::node {

struct Findings {
  WallTime now{}, started{};
  Millis uptime{};
  std::optional<Millis> clock_set_by;  // lately
  bool intake_runs = false;
  std::uint16_t port = 0;
  unsigned associations_now = 0;
  std::uint64_t received = 0;
  std::optional<WallTime> last_image;
  std::vector<intake::Refusal> refusals;
  std::vector<Intakes::FolderReport> folders;
  Status admits;
  queue::QueueSummary queue;
  std::vector<std::string> quarantined_exams;
  struct ForAPerson {
    std::vector<std::string> on_hold, rejected;  // study UIDs of some
  };
  std::map<std::string, ForAPerson> for_a_person;  // by destination
  std::optional<Stranger> stranger;  // looked for where something may not be opened
  DiskView disk;
  queue::Pledges::Summary promises;
  std::vector<scheduler::DestinationSnapshot> destinations;
  std::optional<Millis> destinations_age;  // of that; nothing: it is of now
  std::map<std::string, control::AgeCounts> ages;
  ProofView proofs;
  control::KeyStatus key;
};

control::NodeStatus report(const settings::Settings& settings, const Findings& findings);

}  // namespace sampan::node
