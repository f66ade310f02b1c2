// SPDX-License-Identifier: Apache-2.0
// Exams: the queue's exams as the API tells of them, masked, and what a person orders of them.
//
// Threads: any.
// Fails:   as control::ExamDesk.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/exam_desk.h"
#include "node/windows.h"
#include "policy/clock_past.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/queue.h"

namespace sampan::node {

// "12345678" becomes "*5678".
std::string mask_number(std::string_view number);
// Masked; reasons and the times of now are left to the caller.
control::ExamStatus exam_status(const queue::Exam& exam);

// Of those that gained an image from..to the ones that did so last, with times as the clock would have said them that goes now.
std::vector<queue::Exam> exams_received(queue::Lookup& lookup, const policy::ClockPast& past, WallTime from, WallTime to, std::size_t most);

class Exams final : public control::ExamDesk {
 public:
  struct Needs {
    queue::Queue& queue;
    const Clock& clock;
    std::function<std::vector<std::string>()> destinations;  // as the settings name them
    std::function<void(const std::string& destination)> try_now;  // whatever its back-off
    std::function<WindowNow(const std::string& destination)> window{};  // none: always open
    std::function<policy::ClockPast()> past{};  // none: the clock was never set
    std::function<std::map<std::string, std::string>()> out_of_reach{};  // destinations, and why; none: nobody knows
  };
  explicit Exams(Needs needs) : needs_(std::move(needs)) {}

  control::ExamList trace(const std::string& key) override;
  control::ExamList today() override;
  Answer hold(const std::string& key, const std::string& destination) override;
  Answer resume(const std::string& key, const std::string& destination) override;
  Answer resend(const std::string& key, const std::string& destination) override;
  Answer push(const std::string& key, const std::string& destination, bool emergency) override;

 private:
  bool incomplete();
  std::variant<queue::Match, control::Refusal> find(const std::string& key, const std::string& destination);
  using Order = Result<queue::OrderDone> (queue::Orders::*)(const queue::Match&, const std::string&);
  Answer carry_out(Order order, const std::string& key, const std::string& destination, bool try_now);
  void hurry(const std::string& destination);
  policy::ClockPast past() const { return needs_.past ? needs_.past() : policy::ClockPast(); }
  void add_windows(control::ExamStatus& exam) const;  // nothing for an emergency: it does not wait for them

  const Needs needs_;
};

}  // namespace sampan::node
