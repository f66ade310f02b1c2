// SPDX-License-Identifier: Apache-2.0
// Samples: statuses of nodes that tests look at.
#pragma once

#include "control/node_status.h"

namespace sampan::control {

// 2026-11-22T09:00:00Z
inline constexpr WallTime sample_now{1795338000000};

// A node that is well, with something in every field.
inline NodeStatus rich_status() {
  NodeStatus status;
  status.site = "青山镇卫生院";
  status.version = "0.1.0";
  status.state_directory = "/var/lib/sampan";
  status.now = sample_now;
  status.started = {sample_now.ms - 7'200'000};
  status.uptime_s = 7200;
  status.intake = {.enabled = true,
                   .address = "0.0.0.0",
                   .port = 11112,
                   .ae_titles = {"SAMPAN", "STAT"},
                   .associations_now = 1,
                   .received_total = 37,
                   .last_image = WallTime{sample_now.ms - 3'600'000},
                   .refused = {{WallTime{sample_now.ms - 86'400'000}, "192.0.2.7", "CT1", "SAMPAM",
                                "called AE title not recognised (0x0307)"}},
                   .accepting = true,
                   .refusing_reason = "",
                   .commitments_open = 0,
                   .commitments_untold = 0,
                   .commitments_oldest_s = 0,
                   .commitments_error = "",
                   .folders = {{.path = "/srv/sampan/in",
                                .last_file = WallTime{sample_now.ms - 60'000},
                                .trouble = "",
                                .error = "",
                                .set_aside = 0,
                                .missing_files = 0,
                                .missing_since = {}}}};
  status.spool = {.items = 12,
                  .bytes = 123'456'789,
                  .quarantined = 0,
                  .rebuilding = false,
                  .rebuilt_items = 0,
                  .uncounted = 0,
                  .disk_free_bytes = 500'000'000'000,
                  .disk_total_bytes = 1'000'000'000'000,
                  .intake_bytes_per_day = 0,
                  .disk_lasts_s = {},
                  .disk_state = "well"};
  DestinationStatus lead;
  lead.name = "lead";
  lead.courier = "dimse";
  lead.address = "PACS@192.0.2.10:104";
  lead.state = DestinationState::backing_off;
  lead.state_age_s = 60;
  lead.last_error = "connection refused";
  lead.next_attempt_in_s = 42;
  lead.last_success = WallTime{sample_now.ms - 120'000};
  lead.waiting = 28;
  lead.waiting_bytes = 99'000'000;
  lead.oldest_waiting_s = 90;
  lead.delivered = 9;
  lead.archived = 4;
  lead.ages = {1, 2, 3, 4, 5, 6, 7};
  DestinationStatus copy;
  copy.name = "副本";
  copy.courier = "folder";
  copy.address = "/srv/images";
  copy.state = DestinationState::up;
  copy.delivered = 37;
  status.destinations = {lead, copy};
  status.stranded = {};
  return status;
}

}  // namespace sampan::control
