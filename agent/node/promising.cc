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
constexpr std::size_t half_seen_max = 64;  // reports of which some is read; beyond it that is done once more

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
std::optional<Promising::Draft> Promising::draft_of(const std::string& transaction_uid) {
  const auto standing = queue_.pledges().standing(transaction_uid);
  if (!standing) return std::nullopt;
  const auto on = core::asked_by_node(transaction_uid)                                       ? policy::PromiseOn::rests
                  : live_.settings()->intake.commit_on == settings::CommitOn::archived ? policy::PromiseOn::archived
                                                                                       : policy::PromiseOn::accepted;
  Draft draft;
  draft.report.transaction_uid = transaction_uid;
  for (const auto& one : standing->instances) {
    policy::PromiseFacts facts;
    facts.where = where_of(one.where);
    facts.storage_class = intake::is_storage_class(one.reference.sop_class_uid);
    facts.class_agrees = one.sop_class_uid.empty() || one.sop_class_uid == one.reference.sop_class_uid;
    const bool gone = facts.where == Where::let_go;
    facts.proven = gone && on == policy::PromiseOn::rests ? one.rested : live_.proven(one.deliveries);
    const auto decision = policy::decide(facts, on, standing->pledge.asked_for);
    if (decision.what == What::wait) return std::nullopt;
    if (decision.what != What::kept)
      draft.report.refused.push_back({one.reference, decision.reason});
    else if (facts.proven)
      draft.report.kept.push_back(one.reference);
    else
      draft.unseen.emplace_back(one.seq, one.reference);
  }
  return draft;
}

// The modality may delete its copy by our word, and ours may be the last: the ledger knows nothing of what became of the disk.
Result<core::PromiseReport> Promising::seen(Draft draft, MonoTime until) {
  std::set<queue::Sequence> sound;
  {
    const std::lock_guard lock(mutex_);
    if (const auto before = sound_.extract(draft.report.transaction_uid)) sound = std::move(before.mapped());
  }
  std::optional<Error> broken_off;
  for (const auto& [seq, reference] : draft.unseen) {
    if (stopping_ || env_.clock.mono() >= until) broken_off = fail(stopping_ ? Errc::stopped : Errc::timeout, "not all of it is read yet");
    if (broken_off) break;
    const Status here = sound.contains(seq) ? Status() : queue_.pledges().see(seq);
    if (here)
      sound.insert(seq), draft.report.kept.push_back(reference);
    else if (here.error().code == Errc::damaged || here.error().code == Errc::not_found)
      draft.report.refused.push_back({reference, policy::promise_failure::processing});
    else
      broken_off = here.error();
  }
  if (!broken_off) return std::move(draft.report);
  const std::lock_guard lock(mutex_);
  if (sound_.size() >= half_seen_max) sound_.clear();
  sound_.insert_or_assign(draft.report.transaction_uid, std::move(sound));
  return *broken_off;
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

// On the thread of an association that somebody may want to go on with: what takes long is done in its pauses.
std::optional<core::PromiseReport> Promising::take(const std::string& transaction_uid) {
  if (!begin(transaction_uid, {})) return std::nullopt;
  const MonoTime now = env_.clock.mono();
  auto draft = draft_of(transaction_uid);
  auto report = draft ? seen(std::move(*draft), now + Millis(limits::promise_pause)) : Result<core::PromiseReport>(fail(Errc::not_found, "not known yet"));
  if (report) return std::move(*report);
  const bool is_read = report.error().code == Errc::not_found || report.error().code == Errc::timeout;
  end(transaction_uid, {}, is_read ? now : now + Millis(limits::promise_look_every));
  return std::nullopt;
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
    if (auto draft = draft_of(pledge.transaction_uid))
      call(pledge, std::move(*draft));
    else
      look_again(pledge);
    end(pledge.transaction_uid, pledge.calling_ae, env_.clock.mono() + Millis(limits::promise_call_pause));
  });
}

void Promising::look_again(const queue::Pledge& pledge) {
  queue_.pledges().tell_later(pledge.transaction_uid, pledge.attempts, limits::promise_look_every, pledge.said);
}

void Promising::call(const queue::Pledge& pledge, Draft draft) {
  const auto settings = live_.settings();
  const auto& all = settings->intake.report_to;
  const auto address = std::ranges::find(all, pledge.calling_ae, &settings::DimseAddress::ae_title);
  if (address == all.end()) return put_off(pledge, std::string(control::no_report_address));
  const auto report = seen(std::move(draft), scheduler::never);
  if (!report) return look_again(pledge);
  if (const Status told = tell(pledge, *address, *report); !told) return put_off(pledge, told.error().message);
  queue_.pledges().answered(pledge.transaction_uid);
  log::info("modality " + log::safe(pledge.calling_ae) + " was told that " + std::to_string(report->kept.size()) + " of its images are kept, and " +
            std::to_string(report->refused.size()) + " are not");
}

Status Promising::tell(const queue::Pledge& pledge, const settings::DimseAddress& address, const core::PromiseReport& report) {
  uplink::DimseOptions modality;
  modality.name = pledge.calling_ae;
  modality.host = address.host;
  modality.port = address.port;
  modality.called_ae = pledge.calling_ae;
  modality.calling_ae = pledge.called_ae;
  modality.answer_time_max = limits::promise_answer_time_max;
  return uplink::tell_promises(modality, report, [&](std::shared_ptr<dicom::Plug> plug) {
    const std::lock_guard lock(mutex_);
    if (stopping_) plug->pull();
    plugs_[pledge.calling_ae] = std::move(plug);
  });
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
