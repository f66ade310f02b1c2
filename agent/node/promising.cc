// SPDX-License-Identifier: Apache-2.0
#include "node/promising.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "control/reason_words.h"
#include "core/limits.h"
#include "core/nodes.h"
#include "intake/dimse_contexts.h"
#include "policy/promise.h"
#include "uplink/dimse_reporter.h"

namespace sampan::node {
namespace {

namespace limits = core::limits;
using Where = policy::PromiseFacts::Where;
using What = policy::PromiseDecision::What;

constexpr std::size_t pledges_per_step = 64;

Where where_of(queue::PledgedInstance::Where where) {
  switch (where) {
    case queue::PledgedInstance::Where::nowhere: return Where::nowhere;
    case queue::PledgedInstance::Where::here: return Where::here;
    case queue::PledgedInstance::Where::let_go: return Where::let_go;
    case queue::PledgedInstance::Where::damaged: return Where::damaged;
    case queue::PledgedInstance::Where::differing: return Where::differing;
  }
  return Where::nowhere;
}

}  // namespace

Status Promising::asked(const core::PromiseRequest& request) {
  Status kept = queue_.pledges().keep(request);
  if (kept) look_soon();
  return kept;
}

// Nothing: not known yet, or some of it is not archived yet.
std::optional<core::PromiseReport> Promising::report_of(const std::string& transaction_uid) {
  const auto standing = queue_.pledges().standing(transaction_uid);
  if (!standing) return std::nullopt;
  const auto on = core::asked_by_node(transaction_uid)                                       ? policy::PromiseOn::rests
                  : live_.settings()->intake.commit_on == settings::CommitOn::archived ? policy::PromiseOn::archived
                                                                                       : policy::PromiseOn::accepted;
  core::PromiseReport report;
  report.transaction_uid = transaction_uid;
  for (const auto& one : standing->instances) {
    policy::PromiseFacts facts;
    facts.where = where_of(one.where);
    facts.storage_class = intake::is_storage_class(one.reference.sop_class_uid);
    facts.class_agrees = one.sop_class_uid.empty() || one.sop_class_uid == one.reference.sop_class_uid;
    const bool gone = facts.where == Where::let_go;
    facts.proven = gone && on == policy::PromiseOn::rests ? one.rested : (gone || on != policy::PromiseOn::accepted) && live_.proven(one.deliveries);
    const auto decision = policy::decide(facts, on, standing->pledge.asked_for);
    if (decision.what == What::wait) return std::nullopt;
    if (decision.what == What::kept)
      report.kept.push_back(one.reference);
    else
      report.refused.push_back({one.reference, decision.reason});
  }
  return report;
}

bool Promising::begin(const std::string& transaction_uid, const std::string& modality) {
  const MonoTime now = env_.clock.mono();
  const std::lock_guard lock(mutex_);
  std::erase_if(in_hand_, [now](const auto& one) { return one.second <= now; });
  if (stopping_ || in_hand_.contains(transaction_uid)) return false;
  if (!modality.empty() && (called_.size() >= limits::promise_calls_max || called_.contains(modality))) return false;
  in_hand_[transaction_uid] = scheduler::never;
  if (!modality.empty()) called_.insert(modality);
  return true;
}

void Promising::end(const std::string& transaction_uid, const std::string& modality, MonoTime until) {
  {
    const std::lock_guard lock(mutex_);
    in_hand_[transaction_uid] = until;
    called_.erase(modality);
    plugs_.erase(modality);
  }
  look_soon();
}

std::optional<core::PromiseReport> Promising::take(const std::string& transaction_uid) {
  if (!begin(transaction_uid, {})) return std::nullopt;
  auto report = report_of(transaction_uid);
  if (!report) end(transaction_uid, {}, env_.clock.mono());
  return report;
}

void Promising::told(const std::string& transaction_uid, bool answered) {
  if (answered) queue_.pledges().answered(transaction_uid);
  end(transaction_uid, {}, env_.clock.mono() + Millis(limits::promise_call_pause));
}

void Promising::changed() {
  queue_.pledges().tell_all_now();
  look_soon();
}

void Promising::look_soon() {
  something_new_ = true;
  waker_.wake();
}

MonoTime Promising::step() {
  const MonoTime now = env_.clock.mono();
  if (!something_new_.exchange(false) && now < next_look_) return next_look_;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return next_look_ = scheduler::never;
  }
  const auto due = queue_.pledges().due(pledges_per_step);
  for (const auto& pledge : due.pledges) call_back(pledge);
  const MonoTime next = due.due_in ? now + *due.due_in : scheduler::never;
  return next_look_ = due.pledges.empty() ? next : std::min(next, now + Millis(limits::promise_call_pause));
}

void Promising::call_back(const queue::Pledge& pledge) {
  if (!begin(pledge.transaction_uid, pledge.calling_ae)) return;
  lanes_.run([this, pledge] {
    const auto report = report_of(pledge.transaction_uid);
    if (!report) {
      queue_.pledges().tell_later(pledge.transaction_uid, pledge.attempts, limits::promise_look_every, pledge.said);
    } else if (const auto why = call(pledge, *report)) {
      put_off(pledge, *why);
    } else {
      queue_.pledges().answered(pledge.transaction_uid);
      log::info("modality " + log::safe(pledge.calling_ae) + " was told that " + std::to_string(report->kept.size()) + " of its images are kept, and " +
                std::to_string(report->refused.size()) + " are not");
    }
    end(pledge.transaction_uid, pledge.calling_ae, env_.clock.mono() + Millis(limits::promise_call_pause));
  });
}

std::optional<std::string> Promising::call(const queue::Pledge& pledge, const core::PromiseReport& report) {
  const auto settings = live_.settings();
  const auto& all = settings->intake.report_to;
  const auto address = std::ranges::find(all, pledge.calling_ae, &settings::DimseAddress::ae_title);
  if (address == all.end()) return std::string(control::no_report_address);
  uplink::DimseOptions modality;
  modality.name = pledge.calling_ae;
  modality.host = address->host;
  modality.port = address->port;
  modality.called_ae = pledge.calling_ae;
  modality.calling_ae = pledge.called_ae;
  modality.answer_time_max = limits::promise_answer_time_max;
  const Status told = uplink::tell_promises(modality, report, [&](std::shared_ptr<dicom::Plug> plug) {
    const std::lock_guard lock(mutex_);
    if (stopping_) plug->pull();
    plugs_[pledge.calling_ae] = std::move(plug);
  });
  return told ? std::nullopt : std::optional<std::string>(told.error().message);
}

void Promising::put_off(const queue::Pledge& pledge, const std::string& why) {
  const std::string who = "modality " + log::safe(pledge.calling_ae);
  const auto wait = policy::tell_again_in(pledge.attempts, pledge.asked_for);
  if (!wait) {
    log::warn(who + " was never told whether its images are kept; that is given up: " + why);
    return queue_.pledges().give_up(pledge.transaction_uid);
  }
  {
    const std::lock_guard lock(mutex_);
    if (said_.size() >= limits::promise_callers_remembered) said_.clear();
    if (std::exchange(said_[pledge.calling_ae], why) != why) log::warn(who + " asked whether its images are kept and cannot be told yet: " + why);
  }
  queue_.pledges().tell_later(pledge.transaction_uid, pledge.attempts + 1, *wait, who + ": " + why);
}

void Promising::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const auto& [modality, plug] : plugs_) plug->pull();
}

bool Promising::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopping_ && called_.empty();
}

}  // namespace sampan::node
