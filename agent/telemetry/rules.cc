// SPDX-License-Identifier: Apache-2.0
#include "telemetry/rules.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "core/limits.h"
#include "telemetry/event_words.h"
#include "telemetry/samples.h"

namespace sampan::telemetry {

namespace limits = core::limits;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t calling_not_recognised = 0x0103;  // PS3.8 9.3.4: service user, calling AE title
constexpr std::uint64_t insistent_times = 10;
constexpr auto insistent_within = 10min;
constexpr auto settled_after = 10min;  // of a start, after which what is not seen again is over

bool is_of_proof(const std::string& name) {
  return name == "dest.no_proof" || name == "dest.unproven" || name == "dest.lost_often";
}

bool goes_quiet(const std::string& name) {
  return name == "security.unknown_ae" || name == "assoc.rejected" || name == "instance.rejected" || name == "instance.lost" || name == "instance.quarantined" ||
         name == "telemetry.dropped";
}

Attributes identity(const Sighting& s) {
  return {{"manufacturer", s.manufacturer}, {"model", s.model},       {"serial", s.serial},
          {"software", s.software},         {"detector", s.detector}, {"station", s.station},
          {"modality", s.modality},         {"ae_title", s.ae_title}, {"address", s.address}};
}

}  // namespace

Event& Rules::emit(const std::string& name, Stage stage, const std::string& cause, Attributes attributes, WallTime time) {
  Event event;
  event.name = name;
  event.severity = find_event(name).severity;
  event.stage = stage;
  event.cause = cause;
  event.attributes = std::move(attributes);
  event.time = time;
  events_.push_back(std::move(event));
  return events_.back();
}

std::uint64_t Rules::raise(const std::string& name, const std::string& cause, Attributes attributes, Now now, std::uint64_t times) {
  const std::uint64_t count = alarms_.raise(cause, name, find_event(name).severity, attributes, now.wall, now.mono);
  alarms_.find(cause)->count += times - 1;
  if (count == 1) emit(name, Stage::opened, cause, std::move(attributes), now.wall).count = times;
  return count + times - 1;
}

void Rules::close(const std::string& cause, std::string name, Attributes attributes, WallTime time) {
  const auto alarm = alarms_.close(cause);
  if (!alarm) return;
  attributes.insert(alarm->attributes.begin(), alarm->attributes.end());
  Event& event = emit(name, Stage::closed, cause, std::move(attributes), time);
  event.severity = Severity::info;
  event.count = alarm->count;
}

void Rules::happened(const News& news) {
  const std::string& dest = news.subject;
  const Now then{news.time, news.mono};
  switch (news.what) {
    case News::What::caller_refused: return refused(news, then);
    case News::What::file_set_aside:
      raise("instance.quarantined", "instance.quarantined/" + dest + "/" + news.reason, {{"folder", dest}, {"reason", news.reason}}, then);
      return;
    case News::What::medium_incomplete:
      emit("study.incomplete", Stage::once, "", {{"folder", dest}}, then.wall).count = std::strtoull(news.detail.c_str(), nullptr, 10);
      return;
    case News::What::destination_up: return recovered(dest, then);
    case News::What::destination_down:
      if (alarms_.find("dest.down/" + dest) != nullptr)
        raise("dest.down", "dest.down/" + dest, {{"dest", dest}, {"reason", news.reason}}, then);
      else
        outages_.try_emplace(dest, Outage{then, {}}).first->second.reason = news.reason;
      return;
    case News::What::destination_refuses:
      outages_.erase(dest);
      supersede("dest.down", dest, then);
      raise("dest.auth_failed", "dest.auth_failed/" + dest, {{"dest", dest}, {"reason", news.reason}}, then);
      return;
    case News::What::class_blocked:
      raise("dest.class_blocked", "dest.class_blocked/" + dest + "/" + news.place + "/" + news.detail,
            {{"dest", dest}, {"sop_class", news.place}, {"transfer_syntax", news.detail}, {"reason", news.reason}}, then);
      return;
    case News::What::class_unblocked:
      return close("dest.class_blocked/" + dest + "/" + news.place + "/" + news.detail, "dest.class_unblocked", {}, then.wall);
    case News::What::item_rejected:
      raise("instance.rejected", "instance.rejected/" + dest + "/" + news.reason, {{"dest", dest}, {"reason", news.reason}}, then);
      return;
    case News::What::detour_begins:
      raise("dest.detour", "dest.detour/" + dest, {{"dest", dest}, {"to", news.place}}, then);
      return;
    case News::What::detour_ends: return close("dest.detour/" + dest, "dest.detour", {}, then.wall);
    case News::What::damage_seen:
      emit("spool.seen", Stage::once, "", {{"by", news.reason}, {"places", news.detail}}, then.wall);
      return;
    case News::What::destination_dropped:
      emit("dest.dropped", Stage::once, "", {{"dest", dest}, {"by", news.reason}, {"kept", news.detail}, {"given_up", news.place}}, then.wall);
      return;
    case News::What::item_lost:
      raise("instance.lost", "instance.lost/" + dest, {{"dest", dest}, {"reason", news.reason}}, then);
      return;
  }
}

void Rules::refused(const News& news, Now now) {
  const bool unknown = news.code == calling_not_recognised;
  const std::string name = unknown ? "security.unknown_ae" : "assoc.rejected";
  std::string cause = name + "/" + news.place + "/" + news.subject + (unknown ? "" : "/" + news.reason);
  Attributes attributes{{"ae_title", news.subject}, {"address", news.place}, {"reason", news.reason}};
  if (!unknown) attributes["called"] = news.detail;
  // Somebody who tries name after name makes one event, not thousands.
  if (alarms_.find(cause) == nullptr && alarms_.open_of(name) >= limits::strangers_open_max) {
    cause = name + "/others";
    attributes["ae_title"] = "*";
  }
  const std::uint64_t count = raise(name, cause, attributes, now);
  Alarm& alarm = *alarms_.find(cause);
  if (!unknown || count < insistent_times || alarm.severity == Severity::critical) return;
  if (now.mono - alarm.opened_mono > insistent_within) return;
  alarm.severity = Severity::critical;
  Event& event = emit(name, Stage::worse, cause, std::move(attributes), now.wall);
  event.severity = Severity::critical;
  event.count = count;
}

void Rules::recovered(const std::string& destination, Now now) {
  outages_.erase(destination);
  for (const char* name : {"dest.down", "dest.auth_failed"}) {
    const std::string cause = std::string(name) + "/" + destination;
    if (const Alarm* alarm = alarms_.find(cause))
      close(cause, "dest.up", {{"seconds", seconds_open(*alarm, now)}}, now.wall);
  }
}

std::string Rules::seconds_open(const Alarm& alarm, Now now) const {
  const Millis open = std::max(Millis(now.wall.ms - by_now_(alarm.opened).ms), now.mono - alarm.opened_mono);
  return std::to_string(std::max(open, Millis(0)).count() / 1000);
}

// Another alarm stands for the same destination now.
void Rules::supersede(const std::string& name, const std::string& destination, Now now) { close(name + "/" + destination, name, {}, now.wall); }

void Rules::discovered(const Discovery& discovery, WallTime time) {
  const bool fresh = discovery.changed.empty();
  Attributes attributes = identity(discovery.sighting);
  if (!fresh) attributes["changed"] = discovery.changed, attributes["before"] = discovery.before;
  emit(fresh ? "device.new" : "device.changed", Stage::once, "", std::move(attributes), time).device = discovery.sighting.id;
}

void Rules::clock_stepped(std::int64_t by_ms, WallTime time) {
  const double seconds = static_cast<double>(by_ms) / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f", seconds);
  Event& event = emit("clock.step", Stage::once, "", {{"seconds", text}}, time);
  if (Millis(std::abs(by_ms)) >= limits::clock_step_critical) event.severity = Severity::critical;
}

void Rules::started(const std::string& version, const std::string& before, WallTime time) {
  emit("agent.started", Stage::once, "", {{"version", version}, {"before", before}}, time);
}

void Rules::dropped(std::uint64_t count, const std::string& reason, Now now) {
  if (count > 0) raise("telemetry.dropped", "telemetry.dropped/" + reason, {{"reason", reason}}, now, count);
}

void Rules::measured(const Gauges& gauges, Now now) {
  look_at_disk(gauges, now);
  look_at_counts(gauges, now);
  look_at_doubtful(gauges, now);
  look_at_stranded(gauges, now);
  look_at_proof(gauges, now);
  look_at_outages(gauges, now);
  reconcile(gauges, now);
}

void Rules::look_at_disk(const Gauges& gauges, Now now) {
  using State = Gauges::Disk;
  if (gauges.disk_total_bytes == 0) return;
  const std::uint64_t percent = gauges.disk_free_bytes / std::max<std::uint64_t>(gauges.disk_total_bytes / 100, 1);
  Attributes attributes{{"free_percent", std::to_string(percent)},
                        {"free_bytes", std::to_string(gauges.disk_free_bytes)},
                        {"hours", gauges.disk_lasts_s ? std::to_string(*gauges.disk_lasts_s / 3600) : "—"},
                        {"mount", mount_}};
  Alarm* alarm = alarms_.find("disk");
  const bool critical = gauges.disk == State::critical;
  if (alarm == nullptr) {
    if (gauges.disk != State::well) raise(critical ? "disk.critical" : "disk.low", "disk", std::move(attributes), now);
  } else if (critical && alarm->severity != Severity::critical) {
    alarm->severity = Severity::critical;
    alarm->name = "disk.critical";
    emit("disk.critical", Stage::worse, "disk", std::move(attributes), now.wall);
  } else if (gauges.disk == State::well) {
    alarm->attributes.clear();
    close("disk", "disk.ok", std::move(attributes), now.wall);
  }
  if (gauges.disk == State::well) room_again(now);
}

// Whoever was refused for want of room may come again.
void Rules::room_again(Now now) {
  std::vector<std::string> over;
  for (const auto& [cause, alarm] : alarms_.all()) {
    const auto reason = alarm.attributes.find("reason");
    if (alarm.name == "assoc.rejected" && reason != alarm.attributes.end() && reason->second.find(no_room) != std::string::npos) over.push_back(cause);
  }
  for (const std::string& cause : over) close(cause, "assoc.rejected", {}, now.wall);
}

// An outage that lasts changes its reason, and what was open before a restart may have given way to another.
void Rules::look_at_outages(const Gauges& gauges, Now now) {
  using State = DestinationGauges::State;
  for (const DestinationGauges& one : gauges.destinations) {
    const bool down = one.state == State::down, refuses = one.state == State::refuses;
    if (refuses) supersede("dest.down", one.name, now);
    if (down && alarms_.find("dest.down/" + one.name) != nullptr) supersede("dest.auth_failed", one.name, now);
    if (one.last_error.empty() || (!down && !refuses)) continue;
    if (Alarm* alarm = alarms_.find((down ? "dest.down/" : "dest.auth_failed/") + one.name)) alarm->attributes["reason"] = one.last_error;
    if (const auto outage = outages_.find(one.name); down && outage != outages_.end()) outage->second.reason = one.last_error;
  }
}

void Rules::look_at_counts(const Gauges& gauges, Now now) {
  const auto news = [](std::uint64_t& before, std::uint64_t total) {
    const std::uint64_t more = total > before ? total - before : 0;
    before = total;
    return more;
  };
  if (const auto more = news(quarantined, gauges.quarantined); more > 0)
    emit("instance.quarantined", Stage::once, "", {{"reason", std::string(does_not_verify)}}, now.wall).count = more;
  if (const auto more = news(conflicts_, gauges.conflicts); more > 0)
    emit("instance.conflict", Stage::once, "", {}, now.wall).count = more;
  if (const auto more = news(shed_, gauges.samples_shed); more > 0)
    raise("telemetry.dropped", "telemetry.dropped/samples", {{"reason", "samples waited beyond their bound"}}, now, more);
}

// A rebuild finds them one by one: those that come on top change what is open.
void Rules::look_at_doubtful(const Gauges& gauges, Now now) {
  const std::string cause = "spool.doubtful", places = std::to_string(gauges.doubtful);
  Alarm* alarm = alarms_.find(cause);
  if (gauges.doubtful == 0) {
    if (alarm != nullptr) close(cause, "spool.doubtful", {{"places", places}}, now.wall);
  } else if (alarm != nullptr) {
    alarm->attributes["places"] = places;
  } else {
    raise("spool.doubtful", cause, {{"places", places}}, now);
  }
}

void Rules::look_at_stranded(const Gauges& gauges, Now now) {
  std::set<std::string> seen;
  for (const StrandedGauges& one : gauges.stranded) {
    if (one.waiting == 0) continue;
    const std::string cause = "route.none/" + one.destination;
    seen.insert(cause);
    if (Alarm* alarm = alarms_.find(cause))
      alarm->attributes["waiting"] = std::to_string(one.waiting);
    else
      raise("route.none", cause, {{"waiting", std::to_string(one.waiting)}, {"to", one.destination}}, now);
  }
  std::vector<std::string> over;
  for (const auto& [cause, alarm] : alarms_.all())
    if (alarm.name == "route.none" && !seen.contains(cause)) over.push_back(cause);
  for (const std::string& cause : over) close(cause, "route.none", {{"waiting", "0"}}, now.wall);
}

// What cannot be known yet after a start neither begins nor ends anything, so that it is told once.
void Rules::look_at_proof(const Gauges& gauges, Now now) {
  using Proof = DestinationGauges::Proof;
  const bool settled = std::chrono::seconds(gauges.uptime_s) >= settled_after;
  std::set<std::string> stay;
  const auto look = [&](const char* name, const DestinationGauges& one, bool holds, bool may_hold) {
    const std::string cause = std::string(name) + "/" + one.name;
    if (holds || may_hold) stay.insert(cause);
    Attributes attributes{{"dest", one.name}};
    if (one.lost_often > 0) attributes["images"] = std::to_string(one.lost_often);
    if (Alarm* alarm = alarms_.find(cause); alarm == nullptr && holds)
      raise(name, cause, std::move(attributes), now);
    else if (alarm != nullptr && holds)
      alarm->attributes = std::move(attributes);
  };
  for (const DestinationGauges& one : gauges.destinations) {
    look("dest.no_proof", one, one.proof == Proof::none, one.proof == Proof::unknown);
    look("dest.unproven", one, one.unproven_long && one.proof != Proof::none, false);
    look("dest.lost_often", one, one.lost_often > 0, !settled);
  }
  std::vector<std::string> over;
  for (const auto& [cause, alarm] : alarms_.all())
    if (is_of_proof(alarm.name) && !stay.contains(cause)) over.push_back(cause);
  for (const std::string& cause : over) close(cause, std::string(alarms_.find(cause)->name), {}, now.wall);
}

// What was open when the node stopped, and what was missed: the picture decides.
void Rules::reconcile(const Gauges& gauges, Now now) {
  const bool settled = std::chrono::seconds(gauges.uptime_s) >= settled_after;
  std::vector<std::string> over;
  std::map<std::string, const DestinationGauges*> by_name;
  for (const auto& destination : gauges.destinations) by_name[destination.name] = &destination;
  for (const auto& [cause, alarm] : alarms_.all()) {
    const auto dest = alarm.attributes.find("dest");
    if (dest == alarm.attributes.end() || goes_quiet(alarm.name) || is_of_proof(alarm.name)) continue;
    const auto known = by_name.find(dest->second);
    const bool up = known != by_name.end() && known->second->state == DestinationGauges::State::up;
    if (known == by_name.end() || (alarm.name == "dest.detour" && known->second->detour_to.empty())) over.push_back(cause);
    if (!up) continue;
    const auto& blocked = known->second->blocked;
    const std::pair key{alarm.attributes.contains("sop_class") ? alarm.attributes.at("sop_class") : "",
                        alarm.attributes.contains("transfer_syntax") ? alarm.attributes.at("transfer_syntax") : ""};
    const bool is_class = alarm.name == "dest.class_blocked";
    if (alarm.name == "dest.detour") continue;
    if (!is_class || (settled && std::find(blocked.begin(), blocked.end(), key) == blocked.end())) over.push_back(cause);
  }
  for (const std::string& cause : over) {
    const Alarm alarm = *alarms_.find(cause);
    const bool is_class = alarm.name == "dest.class_blocked";
    const bool is_detour = alarm.name == "dest.detour";
    close(cause, is_class ? "dest.class_unblocked" : is_detour ? "dest.detour" : "dest.up", {{"seconds", seconds_open(alarm, now)}}, now.wall);
  }
}

std::optional<MonoTime> Rules::pass(Now now) {
  std::optional<MonoTime> next;
  const auto later = [&](MonoTime at) { next = next ? std::min(*next, at) : at; };
  for (auto entry = outages_.begin(); entry != outages_.end();) {
    const auto& [dest, outage] = *entry;
    if (const MonoTime due = outage.since.mono + outage_; due > now.mono) {
      later(due);
      ++entry;
      continue;
    }
    supersede("dest.auth_failed", dest, now);
    raise("dest.down", "dest.down/" + dest, {{"dest", dest}, {"reason", outage.reason}}, outage.since);
    entry = outages_.erase(entry);
  }
  std::vector<std::string> quiet;
  for (const auto& [cause, alarm] : alarms_.all()) {
    const bool outage = alarm.name == "dest.down" && alarm.severity != Severity::critical;
    if (!outage && !goes_quiet(alarm.name)) continue;
    const MonoTime due = outage ? alarm.opened_mono + limits::outage_critical : alarm.last_mono + limits::alarm_quiet_time;
    due > now.mono ? later(due) : quiet.push_back(cause);
  }
  for (const std::string& cause : quiet) {
    Alarm& alarm = *alarms_.find(cause);
    if (goes_quiet(alarm.name)) {
      // Said once already; the last word is worth it only where the number grew.
      alarm.count > 1 ? close(cause, alarm.name, {}, now.wall) : static_cast<void>(alarms_.close(cause));
      continue;
    }
    alarm.severity = Severity::critical;
    Event& event = emit("dest.down", Stage::worse, cause, alarm.attributes, now.wall);
    event.severity = Severity::critical;
    event.count = alarm.count;
  }
  return next;
}

std::vector<Event> Rules::take() { return std::exchange(events_, {}); }

}  // namespace sampan::telemetry
