// SPDX-License-Identifier: Apache-2.0
// Exam samples: exams that tests look at.
#pragma once

#include "control/exam.h"
#include "unit/control/samples.h"

namespace sampan::control {

// An exam with something in every field, 1 h old.
inline ExamList rich_exams() {
  const std::int64_t start = sample_now.ms - 3'600'000;
  ExamDestination lead;
  lead.name = "lead";
  lead.waiting = 2, lead.rejected = 1, lead.delivered = 9, lead.archived = 4;
  lead.first_accepted = WallTime{start + 180'000};
  lead.last_accepted = WallTime{start + 600'000};
  lead.last_archived = WallTime{start + 900'000};
  lead.reasons = {{"waiting", "0xA700 out of resources", 2, 3, {start}, WallTime{sample_now.ms + 42'000}},
                  {"rejected", "0xA900 does not match", 1, 0, {start + 60'000}, {}}};
  ExamDestination expert;
  expert.name = "专家";
  expert.on_hold = 12;
  expert.held = expert.added = true;
  ExamStatus exam;
  exam.study_uid = "1.2.840.99.1";
  exam.patient_name = "张*";
  exam.patient_id = "*0012";
  exam.accession_number = "*417";
  exam.modality = "CT";
  exam.body_part = "CHEST";
  exam.station = "CT1";
  exam.calling_ae = "CT1";
  exam.called_ae = "SAMPAN";
  exam.peer_address = "192.0.2.7";
  exam.images = 12;
  exam.bytes = 6'300'000;
  exam.first_received = {start};
  exam.last_received = {start + 120'000};
  exam.priority = "emergency";
  exam.priority_ordered = true;
  exam.destinations = {lead, expert};
  return {sample_now, "accession", false, false, {exam}};
}

}  // namespace sampan::control
