// SPDX-License-Identifier: Apache-2.0
// Gauges: what a node measures of itself, as one picture, and the World that gives it. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace sampan::telemetry {

struct DestinationGauges {
  std::string name;
  enum class State { unknown, up, down, refuses } state = State::unknown;
  std::string last_error;  // kept after recovery
  std::uint64_t waiting = 0, waiting_bytes = 0, on_hold = 0, rejected = 0, delivered = 0;  // images
  std::uint64_t news_waiting = 0;                                                          // events and samples
  std::optional<std::int64_t> oldest_s;
  std::uint64_t attempts_delivered = 0, attempts_put_back = 0, attempts_rejected = 0;  // since the start
  std::vector<std::pair<std::string, std::string>> blocked;                            // SOP class, transfer syntax
  enum class Proof { unknown, given, none } proof = Proof::unknown;  // that it keeps images; given as well where acceptance is enough
  bool unproven_long = false;                                          // some of what it accepted
  std::uint64_t lost_often = 0;                                        // accepted and lost again and again, since the start
  std::string detour_to;                                                               // where its images go meanwhile
};

// Images that wait and are not on their way anywhere.
struct StrandedGauges {
  std::string destination;  // that is not in the settings any more; empty: no route takes them
  std::uint64_t waiting = 0, waiting_bytes = 0;
  std::int64_t oldest_s = 0;
};

struct Gauges {
  std::int64_t uptime_s = 0;
  std::uint64_t disk_free_bytes = 0, disk_total_bytes = 0;
  enum class Disk { well, low, critical } disk = Disk::well;  // as status says
  std::optional<std::int64_t> disk_lasts_s;                   // as status says; nothing: nothing came to judge by
  std::uint64_t quarantined = 0, duplicates = 0, conflicts = 0;
  std::uint64_t doubtful = 0;  // ends of segments of which nobody knows whether they were acknowledged
  std::uint64_t samples_shed = 0;  // since the start
  std::vector<DestinationGauges> destinations;
  std::vector<StrandedGauges> stranded;
};

// What telemetry asks of the node. Threads: called from telemetry's own; may take a moment.
class World {
 public:
  virtual ~World() = default;
  virtual Gauges gauges() = 0;
  // See by_now.h.
  virtual WallTime by_now(WallTime kept) { return kept; }
};

}  // namespace sampan::telemetry
