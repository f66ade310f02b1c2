// SPDX-License-Identifier: Apache-2.0
#include "node/report.h"

#include <algorithm>

#include "base/version.h"
#include "node/couriers.h"
#include "node/windows.h"

namespace sampan::node {
namespace {

control::IntakeStatus intake_of(const settings::Settings& settings, const Findings& findings) {
  control::IntakeStatus status;
  status.enabled = findings.intake_runs;
  status.address = settings.intake.listen;
  status.port = findings.port;
  for (const auto& title : settings.intake.ae_titles) status.ae_titles.push_back(title.title);
  status.associations_now = findings.associations_now;
  status.received_total = findings.received;
  status.last_image = findings.last_image;
  for (const auto& refusal : findings.refusals)
    status.refused.push_back({refusal.time, refusal.peer_address, refusal.calling_ae, refusal.called_ae, refusal.reason});
  std::reverse(status.refused.begin(), status.refused.end());
  status.accepting = findings.admits.ok();
  if (!findings.admits) status.refusing_reason = findings.admits.error().message;
  status.commitments_open = findings.promises.open;
  status.commitments_untold = findings.promises.untold;
  if (findings.promises.oldest) status.commitments_oldest_s = findings.promises.oldest->count() / 1000;
  status.commitments_error = findings.promises.said;
  for (const auto& [path, from] : findings.folders)
    status.folders.push_back({path, from.last_file, std::string(to_string(from.trouble)), from.said, from.set_aside,
                              from.missing_files, from.missing_since});
  return status;
}

control::SpoolStatus spool_of(const queue::QueueSummary& queue) {
  control::SpoolStatus status;
  status.items = queue.items;
  status.bytes = queue.bytes;
  status.quarantined = queue.quarantined;
  status.doubtful = queue.doubtful;
  status.foreign = queue.foreign;
  status.denied = queue.denied;
  status.unreadable = queue.unreadable.items;
  status.unreadable_reason = queue.unreadable.why;
  status.rebuilding = queue.rebuilding;
  status.rebuilt_items = queue.rebuilt_items;
  status.uncounted = queue.uncounted;
  status.unanswered = queue.unanswered;
  status.disk_free_bytes = queue.disk.free_bytes;
  status.disk_total_bytes = queue.disk.total_bytes;
  return status;
}

std::string to_string(policy::DiskState state) {
  switch (state) {
    case policy::DiskState::well: return "well";
    case policy::DiskState::low: return "low";
    case policy::DiskState::critical: return "critical";
  }
  return "well";
}

void add_forecast(control::SpoolStatus& status, const Findings& findings) {
  const auto& forecast = findings.disk.forecast;
  status.intake_bytes_per_day = forecast.bytes_per_day;
  if (forecast.lasts) status.disk_lasts_s = forecast.lasts->count() / 1000;
  status.disk_lasts_guess = forecast.guess;
  status.disk_state = to_string(findings.disk.state);
}

std::vector<control::ReasonCount> reasons_of(const std::vector<queue::ReasonCount>& from) {
  std::vector<control::ReasonCount> to;
  for (const auto& one : from) to.push_back({one.reason, one.items});
  return to;
}

control::DestinationState state_of(scheduler::Breaker::State state) {
  switch (state) {
    case scheduler::Breaker::State::unknown: return control::DestinationState::unknown;
    case scheduler::Breaker::State::up: return control::DestinationState::up;
    case scheduler::Breaker::State::backing_off: return control::DestinationState::backing_off;
    case scheduler::Breaker::State::stopped: return control::DestinationState::stopped;
  }
  return control::DestinationState::unknown;
}

void add_snapshot(control::DestinationStatus& status, const scheduler::DestinationSnapshot& from) {
  status.state = state_of(from.state);
  status.state_age_s = from.state_age.count() / 1000;
  status.last_error = from.last_error;
  if (from.next_attempt_in) status.next_attempt_in_s = std::chrono::ceil<std::chrono::seconds>(*from.next_attempt_in).count();
  status.last_success = from.last_success;
  if (from.heard_before) status.last_contact_s = from.heard_before->count() / 1000;
  status.sending = from.sending_now;
  status.detour_to = from.detour_to;
  status.detoured = from.detoured;
  for (const auto& blocked : from.blocked)
    status.blocked_classes.push_back({blocked.key.sop_class, blocked.key.transfer_syntax, blocked.reason});
}

void add_count(control::DestinationStatus& status, const queue::DestinationCount& from, const Findings& findings) {
  status.waiting = from.waiting;
  status.waiting_bytes = from.waiting_bytes;
  if (from.oldest_waiting) status.oldest_waiting_s = findings.queue.age(*from.oldest_waiting, findings.now).count() / 1000;
  if (from.emergency_waiting) status.emergency_waiting_s = findings.queue.age(*from.emergency_waiting, findings.now).count() / 1000;
  status.on_hold = from.on_hold;
  status.rejected = from.rejected;
  status.delivered = from.delivered;
  status.archived = from.archived;
  status.on_hold_reasons = reasons_of(from.on_hold_reasons);
  status.rejected_reasons = reasons_of(from.rejected_reasons);
  status.waiting_reasons = reasons_of(from.waiting_reasons);
  status.telemetry_waiting = from.news_waiting;
  status.telemetry_delivered = from.news_delivered;
}

// What is damaged here is told as that, and nobody lets it go on.
std::uint64_t for_a_person(const queue::DestinationCount& count) {
  std::uint64_t damaged = 0;
  for (const auto& one : count.on_hold_reasons)
    if (one.reason.starts_with("the stored copy does not verify")) damaged += one.items;
  return count.on_hold - std::min(count.on_hold, damaged);
}

std::vector<std::string> exams_of(const Findings& findings, const std::string& destination) {
  const auto named = findings.for_a_person.find(destination);
  if (named == findings.for_a_person.end()) return {};
  std::vector<std::string> exams = named->second.on_hold;
  for (const auto& exam : named->second.rejected)
    if (std::ranges::find(exams, exam) == exams.end()) exams.push_back(exam);
  return exams;
}

std::vector<control::StrandedStatus> stranded_of(const settings::Settings& settings, const Findings& findings) {
  std::vector<control::StrandedStatus> stranded;
  for (const auto& count : findings.queue.destinations) {
    const bool known = std::ranges::find(settings.destinations, count.destination, &settings::Destination::name) !=
                       settings.destinations.end();
    const std::uint64_t on_hold = for_a_person(count);
    if (known || count.waiting + count.accepted_here + on_hold + count.rejected == 0) continue;
    control::DestinationStatus counted;
    add_count(counted, count, findings);
    stranded.push_back({count.destination, counted.waiting, counted.oldest_waiting_s, count.accepted_here, on_hold, count.rejected, exams_of(findings, count.destination)});
  }
  return stranded;
}

}  // namespace

control::NodeStatus report(const settings::Settings& settings, const Findings& findings) {
  control::NodeStatus status;
  status.site = settings.site;
  status.version = std::string(version());
  status.state_directory = settings.state_directory;
  status.now = findings.now;
  status.started = findings.started;
  status.uptime_s = findings.uptime.count() / 1000;
  if (findings.clock_set_by) status.clock_set_by_s = findings.clock_set_by->count() / 1000;
  if (findings.destinations_age) status.destinations_age_s = findings.destinations_age->count() / 1000;
  status.intake = intake_of(settings, findings);
  status.spool = spool_of(findings.queue);
  add_forecast(status.spool, findings);
  status.spool.quarantined_exams = findings.quarantined_exams;
  if (findings.stranger) {
    status.spool.stranger_file = findings.stranger->file;
    status.spool.stranger_owner = findings.stranger->owner;
    status.spool.own_user = findings.stranger->us;
  }
  status.key = findings.key;
  for (const auto& destination : settings.destinations) {
    control::DestinationStatus one;
    one.name = destination.name;
    one.trusted = destination.reclaim_after == settings::ReclaimAfter::accepted;
    if (proves_nothing(destination)) one.proof = to_string(core::ProofWay::none);
    if (const auto proof = findings.proofs.ways.find(destination.name); proof != findings.proofs.ways.end())
      one.proof = to_string(proof->second);
    one.by_node = findings.proofs.nodes.contains(destination.name);
    one.unproven_long = findings.proofs.unproven_long.contains(destination.name);
    if (const auto lost = findings.proofs.lost_often.find(destination.name); lost != findings.proofs.lost_often.end()) one.lost_often = lost->second;
    if (const auto open = findings.proofs.not_committed.find(destination.name); open != findings.proofs.not_committed.end()) one.not_committed = open->second;
    const WindowNow window = window_now(destination, findings.now);
    one.window_closed = window.closed, one.window_opens = window.opens, one.window_opened = window.opened;
    one.courier = courier_kind(destination);
    one.address = address_of(destination);
    for (const auto& snapshot : findings.destinations)
      if (snapshot.name == one.name) add_snapshot(one, snapshot);
    for (const auto& count : findings.queue.destinations)
      if (count.destination == one.name) add_count(one, count, findings);
    if (const auto exams = findings.for_a_person.find(one.name); exams != findings.for_a_person.end())
      one.on_hold_exams = exams->second.on_hold, one.rejected_exams = exams->second.rejected;
    if (const auto ages = findings.ages.find(one.name); ages != findings.ages.end()) one.ages = ages->second;
    status.destinations.push_back(std::move(one));
  }
  status.stranded = stranded_of(settings, findings);
  return status;
}

}  // namespace sampan::node
