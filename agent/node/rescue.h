// SPDX-License-Identifier: Apache-2.0
// Rescue: what an orphaned state directory holds, told, and carried to a folder or a destination by the usual couriers.
//
// Two images of one SOP Instance UID whose content differs are for a person, as the node has them on hold: a folder takes both,
// another destination neither, since the second would take the place of the first there.
// Nothing is written to the directory. One destination, one lane; what it does not take is tried again a few times, then
// counted with its reason. A destination out of reach ends the carrying: what was carried stays carried.
// Threads: one.
// Fails:   no key opens the directory -> Errc::refused, in both languages; a bad recovery key -> Errc::invalid; the file of
//          what is done cannot be used -> as the disk says.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/exam.h"
#include "node/node.h"
#include "queue/orphan.h"
#include "settings/settings.h"

namespace sampan::node {

struct RescueOrder {
  std::string directory;
  std::string recovery_key = {};  // as typed; empty: what is in the directory must open it
  std::optional<settings::Destination> to = {};
  bool all = false;            // also what is delivered
  std::string done_file = {};  // ids of what was carried, added to; what it names is passed over
};

struct RescueProgress {
  std::uint64_t done_bytes = 0, bytes = 0;  // of the spool
  std::uint64_t carried = 0;
};

struct RescuedExam {
  control::ExamStatus exam;  // masked
  std::uint64_t undelivered = 0;
};

struct Rescued {
  queue::OrphanCounts found;
  std::uint64_t images = 0, bytes = 0, undelivered = 0, undelivered_bytes = 0;
  std::uint64_t others = 0;                            // files and telemetry
  std::uint64_t files = 0, undelivered_files = 0;      // that are no images
  std::uint64_t files_left = 0;                        // wanted, and not taken where they were to go
  std::map<std::string, std::uint64_t> owed;           // undelivered images by destination; empty name: by nobody yet
  std::map<std::string, std::uint64_t> refused_there;  // reasons of those the node could not deliver
  std::vector<RescuedExam> exams;                      // the first of them
  std::uint64_t exams_more = 0;
  std::uint64_t carried = 0, passed_over = 0, not_carried = 0;
  std::map<std::string, std::uint64_t> reasons;  // of what was not carried
  std::uint64_t for_a_person = 0;                // not carried: another content has the same SOP Instance UID
  std::vector<std::string> contested;            // the first of these UIDs
  std::string gave_up;                           // why the carrying ended early
};

Result<Rescued> rescue(const Env& env, const RescueOrder& order, const std::function<void(const RescueProgress&)>& tell);

}  // namespace sampan::node
