// SPDX-License-Identifier: Apache-2.0
#include "node/telemetry_wiring.h"

#include <algorithm>

#include "base/log.h"
#include "node/routing.h"

namespace sampan::node {

using What = telemetry::News::What;
using State = telemetry::DestinationGauges::State;

telemetry::Options telemetry_options(const settings::Settings& settings) {
  telemetry::Options options;
  options.state_directory = settings.state_directory;
  options.node = settings.site;
  const auto routes = routes_of(settings);
  options.forwards = std::ranges::any_of(routes, [](const policy::Route& route) { return route.takes.contains(core::Kind::event); });
  options.every = std::chrono::seconds(settings.telemetry.every_seconds);
  options.outage = std::chrono::seconds(settings.telemetry.outage_seconds);
  return options;
}

void SchedulerWatch::tell(What what, const std::string& name, const std::string& reason, const scheduler::ClassKey& key) {
  if (telemetry_ == nullptr) return;
  telemetry::News news;
  news.what = what;
  news.subject = name;
  news.place = log::safe(key.sop_class);
  news.detail = log::safe(key.transfer_syntax);
  news.reason = reason;
  telemetry_->happened(std::move(news));
}

void SchedulerWatch::destination_up(const std::string& name) {
  log::info("destination " + name + ": up");
  tell(What::destination_up, name, {});
}
void SchedulerWatch::destination_down(const std::string& name, const std::string& reason) {
  log::warn("destination " + name + ": down: " + reason);
  tell(What::destination_down, name, reason);
}
void SchedulerWatch::destination_stopped(const std::string& name, const std::string& reason) {
  log::error("destination " + name + ": stopped, a person is needed: " + reason);
  tell(What::destination_refuses, name, reason);
}
void SchedulerWatch::class_blocked(const std::string& name, const scheduler::ClassKey& key, const std::string& reason) {
  log::warn("destination " + name + ": does not take " + log::safe(key.sop_class) + ": " + reason);
  tell(What::class_blocked, name, reason, key);
}
void SchedulerWatch::class_unblocked(const std::string& name, const scheduler::ClassKey& key) {
  log::info("destination " + name + ": takes " + log::safe(key.sop_class) + " again");
  tell(What::class_unblocked, name, {}, key);
}
void SchedulerWatch::item_rejected(const std::string& name, const Uuid& item, const std::string& reason) {
  log::error("destination " + name + ": rejected item " + to_string(item) + ": " + reason);
  tell(What::item_rejected, name, reason);
}

void SchedulerWatch::item_lost(const std::string& name, const Uuid& item, const std::string& reason) {
  log::warn("destination " + name + ": it does not have item " + to_string(item) + " that it accepted: sent again: " + reason);
  tell(What::item_lost, name, reason);
}

void SchedulerWatch::detour_begins(const std::string& name, const std::string& to) {
  log::warn("destination " + name + ": what waits for it goes to " + to + " meanwhile");
  tell(What::detour_begins, name, {}, {to, {}});
}

void SchedulerWatch::detour_ends(const std::string& name, const std::string& to) {
  log::info("destination " + name + ": answers again, nothing more goes to " + to + " in its place");
  tell(What::detour_ends, name, {}, {to, {}});
}

namespace {

State state_of(scheduler::Breaker::State state) {
  switch (state) {
    case scheduler::Breaker::State::unknown: return State::unknown;
    case scheduler::Breaker::State::up: return State::up;
    case scheduler::Breaker::State::backing_off: return State::down;
    case scheduler::Breaker::State::stopped: return State::refuses;
  }
  return State::unknown;
}

telemetry::Gauges::Disk disk_of(policy::DiskState state) {
  using Disk = telemetry::Gauges::Disk;
  switch (state) {
    case policy::DiskState::well: return Disk::well;
    case policy::DiskState::low: return Disk::low;
    case policy::DiskState::critical: return Disk::critical;
  }
  return Disk::well;
}

void add_snapshot(telemetry::DestinationGauges& to, const scheduler::DestinationSnapshot& from) {
  to.state = state_of(from.state);
  to.last_error = from.last_error;
  to.attempts_delivered = from.delivered;
  to.attempts_put_back = from.put_back;
  to.attempts_rejected = from.rejected;
  to.detour_to = from.detour_to;
  for (const auto& blocked : from.blocked)
    to.blocked.emplace_back(log::safe(blocked.key.sop_class), log::safe(blocked.key.transfer_syntax));
}

void add_count(telemetry::DestinationGauges& to, const queue::DestinationCount& from, const Gauged& gauged) {
  to.waiting = from.waiting;
  to.waiting_bytes = from.waiting_bytes;
  to.on_hold = from.on_hold;
  to.rejected = from.rejected;
  to.delivered = from.delivered;
  to.news_waiting = from.news_waiting;
  if (from.oldest_waiting) to.oldest_s = gauged.queue.age(*from.oldest_waiting, gauged.now).count() / 1000;
}

void add_proof(telemetry::DestinationGauges& to, const settings::Destination& destination, const ProofView& proofs) {
  using Proof = telemetry::DestinationGauges::Proof;
  // A person chose that this is proof enough, and of a node it is not.
  if (destination.reclaim_after == settings::ReclaimAfter::accepted && !proofs.nodes.contains(to.name)) {
    to.proof = Proof::given;
    return;
  }
  if (proves_nothing(destination)) to.proof = Proof::none;
  if (const auto way = proofs.ways.find(to.name); way != proofs.ways.end() && way->second != core::ProofWay::unknown)
    to.proof = way->second == core::ProofWay::none ? Proof::none : Proof::given;
  to.unproven_long = proofs.unproven_long.contains(to.name);
  if (const auto lost = proofs.lost_often.find(to.name); lost != proofs.lost_often.end()) to.lost_often = lost->second;
}

}  // namespace

telemetry::Gauges gauges_of(const settings::Settings& settings, const Gauged& gauged) {
  telemetry::Gauges gauges;
  gauges.uptime_s = gauged.uptime.count() / 1000;
  gauges.disk_free_bytes = gauged.disk.room.free_bytes;
  gauges.disk_total_bytes = gauged.disk.room.total_bytes;
  gauges.disk = disk_of(gauged.disk.state);
  if (gauged.disk.forecast.lasts) gauges.disk_lasts_s = gauged.disk.forecast.lasts->count() / 1000;
  gauges.quarantined = gauged.queue.quarantined;
  gauges.doubtful = gauged.queue.doubtful;
  gauges.duplicates = gauged.queue.duplicates;
  gauges.conflicts = gauged.queue.conflicts;
  gauges.samples_shed = gauged.queue.shed;
  for (const auto& destination : settings.destinations) {
    telemetry::DestinationGauges one;
    one.name = destination.name;
    for (const auto& snapshot : gauged.destinations)
      if (snapshot.name == one.name) add_snapshot(one, snapshot);
    for (const auto& count : gauged.queue.destinations)
      if (count.destination == one.name) add_count(one, count, gauged);
    add_proof(one, destination, gauged.proofs);
    gauges.destinations.push_back(std::move(one));
  }
  for (const auto& count : gauged.queue.destinations) {
    const bool known = std::ranges::find(settings.destinations, count.destination, &settings::Destination::name) != settings.destinations.end();
    if (known || count.waiting == 0) continue;
    telemetry::DestinationGauges counted;
    add_count(counted, count, gauged);
    gauges.stranded.push_back({count.destination, counted.waiting, counted.waiting_bytes, counted.oldest_s.value_or(0)});
  }
  return gauges;
}

}  // namespace sampan::node
