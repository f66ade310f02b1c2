// SPDX-License-Identifier: Apache-2.0
// ExamDesk: what the API needs from the node to tell of exams, and to do with them what a person orders.
//
// key: a Study or SOP Instance UID, an accession number, a patient ID, or the name of a plain file, exactly.
// Threads: called from the HTTP server's second thread, one after the other; an order waits until it is on disk.
// Fails:   orders -> a Refusal in words.
#pragma once

#include <string>
#include <variant>

#include "control/exam.h"
#include "control/refusal.h"

namespace sampan::control {

class ExamDesk {
 public:
  using Answer = std::variant<Ordered, Refusal>;
  virtual ~ExamDesk() = default;
  virtual ExamList trace(const std::string& key) = 0;
  // Exams that gained an image since midnight, the last one first.
  virtual ExamList today() = 0;
  // An empty destination: all.
  virtual Answer hold(const std::string& key, const std::string& destination) = 0;
  virtual Answer resume(const std::string& key, const std::string& destination) = 0;
  virtual Answer resend(const std::string& key, const std::string& destination) = 0;
  // To this destination as well, where one is named; first of all, where it is an emergency.
  virtual Answer push(const std::string& key, const std::string& destination, bool emergency) = 0;
};

}  // namespace sampan::control
