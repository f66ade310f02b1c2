// SPDX-License-Identifier: Apache-2.0
#include "telemetry/rules.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/limits.h"
#include "telemetry/event_words.h"

namespace sampan::telemetry {

namespace limits = core::limits;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t calling_not_recognised = 0x0103;  // PS3.8 9.3.4: service user, calling AE title
constexpr std::uint64_t insistent_times = 10;
constexpr auto insistent_within = 10min;
constexpr auto settled_after = 10min;  // of a start, after which what is not seen again is over
constexpr auto trend_every = 10min;
constexpr auto trend_least = 1h;
constexpr std::uint64_t low_percent = 20, critical_percent = 5, ease_percent = 2;

bool goes_quiet(const std::string& name) {
  return name == "security.unknown_ae" || name == "assoc.rejected" || name == "instance.rejected" || name == "instance.lost" || name == "instance.quarantined" ||
         name == "telemetry.dropped";
}

std::string seconds_between(WallTime from, WallTime to) { return std::to_string(std::max<std::int64_t>((to.ms - from.ms) / 1000, 0)); }

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
        outages_.emplace(dest, Outage{then, news.reason});
      return;
    case News::What::destination_refuses:
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
      close(cause, "dest.up", {{"seconds", seconds_between(alarm->opened, now.wall)}}, now.wall);
  }
}

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
  foresee(gauges, now.mono);
  look_at_disk(gauges, now);
  look_at_counts(gauges, now);
  reconcile(gauges, now);
}

void Rules::look_at_disk(const Gauges& gauges, Now now) {
  if (gauges.disk_total_bytes == 0) return;
  const std::uint64_t percent = gauges.disk_free_bytes * 100 / gauges.disk_total_bytes;
  const std::int64_t least_s = std::chrono::seconds(limits::disk_forecast_least).count();
  const bool fills = forecast_s_ && *forecast_s_ < least_s;
  Attributes attributes{{"free_percent", std::to_string(percent)},
                        {"free_bytes", std::to_string(gauges.disk_free_bytes)},
                        {"hours", forecast_s_ ? std::to_string(*forecast_s_ / 3600) : "—"},
                        {"mount", mount_}};
  Alarm* alarm = alarms_.find("disk");
  const bool critical = percent < critical_percent, low = critical || percent < low_percent || fills;
  if (alarm == nullptr) {
    if (low) raise(critical ? "disk.critical" : "disk.low", "disk", std::move(attributes), now);
  } else if (critical && alarm->severity != Severity::critical) {
    alarm->severity = Severity::critical;
    alarm->name = "disk.critical";
    emit("disk.critical", Stage::worse, "disk", std::move(attributes), now.wall);
  } else if (percent >= low_percent + ease_percent && !fills) {
    alarm->attributes.clear();
    close("disk", "disk.ok", std::move(attributes), now.wall);
  }
}

// Least squares would say no more: the oldest room of the last day against the room now.
void Rules::foresee(const Gauges& gauges, MonoTime now) {
  if (trend_.empty() || now - trend_.back().at >= trend_every) trend_.push_back({now, gauges.disk_free_bytes});
  while (now - trend_.front().at > limits::disk_trend_time) trend_.pop_front();
  forecast_s_.reset();
  if (trend_.empty() || now - trend_.front().at < trend_least) return;
  const auto then = static_cast<double>(trend_.front().free_bytes), left = static_cast<double>(gauges.disk_free_bytes);
  const double per_s = (then - left) / (static_cast<double>((now - trend_.front().at).count()) / 1000);
  if (per_s > 1) forecast_s_ = static_cast<std::int64_t>(left / per_s);
}

void Rules::look_at_counts(const Gauges& gauges, Now now) {
  const auto news = [](std::uint64_t& before, std::uint64_t total) {
    const std::uint64_t more = total > before ? total - before : 0;
    before = total;
    return more;
  };
  if (const auto more = news(quarantined, gauges.quarantined); more > 0)
    emit("instance.quarantined", Stage::once, "", {{"reason", "what is stored does not verify"}}, now.wall).count = more;
  if (const auto more = news(conflicts_, gauges.conflicts); more > 0)
    emit("instance.conflict", Stage::once, "", {}, now.wall).count = more;
  if (const auto more = news(shed_, gauges.samples_shed); more > 0)
    raise("telemetry.dropped", "telemetry.dropped/samples", {{"reason", "samples waited beyond their bound"}}, now, more);
}

// What was open when the node stopped, and what was missed: the picture decides.
void Rules::reconcile(const Gauges& gauges, Now now) {
  const bool settled = std::chrono::seconds(gauges.uptime_s) >= settled_after;
  std::vector<std::string> over;
  std::map<std::string, const DestinationGauges*> by_name;
  for (const auto& destination : gauges.destinations) by_name[destination.name] = &destination;
  for (const auto& [cause, alarm] : alarms_.all()) {
    const auto dest = alarm.attributes.find("dest");
    if (dest == alarm.attributes.end() || goes_quiet(alarm.name)) continue;
    const auto known = by_name.find(dest->second);
    const bool up = known != by_name.end() && known->second->state == DestinationGauges::State::up;
    if (known == by_name.end()) over.push_back(cause);
    if (!up) continue;
    const auto& blocked = known->second->blocked;
    const std::pair key{alarm.attributes.contains("sop_class") ? alarm.attributes.at("sop_class") : "",
                        alarm.attributes.contains("transfer_syntax") ? alarm.attributes.at("transfer_syntax") : ""};
    const bool is_class = alarm.name == "dest.class_blocked";
    if (!is_class || (settled && std::find(blocked.begin(), blocked.end(), key) == blocked.end())) over.push_back(cause);
  }
  for (const std::string& cause : over) {
    const Alarm alarm = *alarms_.find(cause);
    const bool is_class = alarm.name == "dest.class_blocked";
    close(cause, is_class ? "dest.class_unblocked" : "dest.up", {{"seconds", seconds_between(alarm.opened, now.wall)}}, now.wall);
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
