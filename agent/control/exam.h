// SPDX-License-Identifier: Apache-2.0
// Exam: one exam's story as plain values. The daemon fills it, JSON carries it, `sampan trace` and `today` show it.
//
// What could name a patient is masked before it comes here (DESIGN, contract 11).
// Part of the client half: stands on base alone.
// Fails:   text that is not such JSON -> Errc::damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sampan::control {

// Why some of its images are not delivered to a destination.
struct ExamReason {
  std::string state;  // waiting, on_hold, rejected
  std::string reason;
  std::uint64_t images = 0;
  std::uint64_t attempts = 0;  // the most of any of them
  WallTime oldest;             // received
  std::optional<WallTime> next_attempt;
};

struct ExamDestination {
  std::string name;  // empty: no route sends it anywhere
  std::uint64_t waiting = 0, on_hold = 0, rejected = 0, delivered = 0, archived = 0;
  std::optional<WallTime> first_accepted, last_accepted, last_archived;
  bool held = false;   // by a person, with all that is still to come
  bool added = false;  // by a person
  bool window_closed = false;            // only emergencies go there just now
  std::optional<WallTime> window_opens;  // while that is so: when the others will
  std::vector<ExamReason> reasons;
};

struct ExamStatus {
  std::string study_uid;     // of a file that belongs to no study: its item id
  std::string patient_name;  // masked: 张*
  std::string patient_id;    // masked: its last characters
  std::string accession_number;  // masked likewise
  bool charset_suspect = false;  // the name was not written as it was declared
  std::string modality, body_part, station;
  std::string calling_ae, called_ae, peer_address;  // who sent its first image
  std::uint64_t images = 0, bytes = 0;
  WallTime first_received, last_received;
  std::string priority;           // emergency, referral, routine, bulk
  bool priority_ordered = false;  // by a person
  std::vector<ExamDestination> destinations;
};

struct ExamList {
  WallTime now;
  std::string matched;  // what the name that was asked for is: study, series, image, accession, patient, file
  bool more = false;    // there are others beyond the bound
  bool incomplete = false;  // exams may be missing yet: the index is being read from the spool, has not what came last, or does not read
  std::vector<ExamStatus> exams;
};

std::string exams_json(const ExamList& list);
Result<ExamList> parse_exams(std::string_view json);

// What became of an order: images, once for each destination.
struct Ordered {
  std::uint64_t deliveries = 0;  // changed as it was ordered
  std::uint64_t reclaimed = 0;   // meant, and the bytes are here no more
  std::uint64_t damaged = 0;     // meant, and the stored copy does not verify
  std::uint64_t on_hold = 0;     // meant, and stay on hold
  std::uint64_t waiting = 0;     // meant, and waited already
  std::uint64_t delivered = 0;   // meant, and had been delivered already
  std::uint64_t rejected = 0;    // meant, and the destination rejected them before
  std::uint64_t no_route = 0;    // meant, and match no route: they do not leave until they do
  bool later = false;            // it binds images of the exam that are still to come

  std::uint64_t here() const { return deliveries + on_hold + waiting + delivered + rejected + no_route; }
  std::uint64_t gone() const { return reclaimed + damaged; }
};
std::string ordered_json(const Ordered& ordered);
Result<Ordered> parse_ordered(std::string_view json);

}  // namespace sampan::control
