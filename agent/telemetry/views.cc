// SPDX-License-Identifier: Apache-2.0
#include "telemetry/views.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "core/limits.h"
#include "telemetry/event_words.h"
#include "telemetry/json_text.h"

namespace sampan::telemetry {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(WallTime time) { return time.ms == 0 ? Json() : Json(to_iso8601(time)); }

std::string dumped(const Json& out) { return one_line(out.dump(-1, ' ', false, Json::error_handler_t::replace)); }

Json device_json(const Devices& devices, const Device& device, WallTime now) {
  const Sighting& s = device.last;
  const Caller* caller = devices.caller_of(device);
  Json modalities = Json::array();
  for (const auto& [modality, count] : device.received) modalities.push_back(modality);
  return {{"device", s.id}, {"manufacturer", s.manufacturer}, {"model", s.model}, {"serial", s.serial}, {"software", s.software},
          {"detector", s.detector}, {"station", s.station}, {"modalities", modalities}, {"ae_title", s.ae_title},
          {"address", s.address}, {"first_seen", time_or_null(devices.by_now(device.first_seen))},
          {"last_image", time_or_null(devices.by_now(device.last_image))}, {"images_today", devices.today(device, now)}, {"images_total", device.instances()},
          {"associations", caller == nullptr ? 0 : caller->accepted}, {"refused", caller == nullptr ? 0 : caller->refused},
          {"refused_reason", caller == nullptr ? "" : caller->reason}};
}

Json caller_json(const Devices& devices, const Caller& caller, WallTime now) {
  // As long as status speaks of it.
  const bool lately = caller.refused > 0 && now.ms - devices.by_now(caller.last_refused).ms <= Millis(core::limits::refused_shown_time).count();
  return {{"ae_title", caller.ae_title}, {"address", caller.address}, {"associations", caller.accepted}, {"refused", caller.refused},
          {"refused_reason", caller.reason}, {"last_seen", time_or_null(devices.by_now(caller.last_seen))},
          {"last_refused", time_or_null(devices.by_now(caller.last_refused))}, {"refused_lately", lately}};
}

Json alarm_json(const std::string& cause, const Alarm& alarm, InChinese in_chinese, const ByNow& by_now) {
  Event event;
  event.name = alarm.name;
  event.count = alarm.count;
  event.attributes = alarm.attributes;
  const EventWords words = words_of(event, in_chinese);
  return {{"cause", cause}, {"event", alarm.name}, {"severity", to_string(alarm.severity)}, {"opened", to_iso8601(by_now(alarm.opened))},
          {"last", to_iso8601(by_now(alarm.last))}, {"count", alarm.count},
          {"text", {{"en", words.en}, {"zh", words.zh}}},
          {"action", {{"en", words.action_en}, {"zh", words.action_zh}}}};
}

}  // namespace

std::string devices_view(const Devices& devices, WallTime now) {
  std::vector<const Device*> all;
  for (const auto& [id, device] : devices.all()) all.push_back(&device);
  std::stable_sort(all.begin(), all.end(), [&](const Device* a, const Device* b) { return devices.by_now(a->last_image) > devices.by_now(b->last_image); });
  Json out{{"now", to_iso8601(now)}, {"devices", Json::array()}, {"callers", Json::array()}};
  for (const Device* device : all) out["devices"].push_back(device_json(devices, *device, now));
  std::vector<const Caller*> strangers;
  for (const Caller& caller : devices.callers())
    if (std::none_of(all.begin(), all.end(), [&](const Device* device) { return devices.caller_of(*device) == &caller; }))
      strangers.push_back(&caller);
  std::stable_sort(strangers.begin(), strangers.end(), [&](const Caller* a, const Caller* b) { return devices.by_now(a->last_refused) > devices.by_now(b->last_refused); });
  for (const Caller* caller : strangers) out["callers"].push_back(caller_json(devices, *caller, now));
  return dumped(out);
}

std::string events_view(const std::vector<std::string>& lines, const Alarms& alarms, WallTime now, InChinese in_chinese, const ByNow& by_now) {
  Json out{{"now", to_iso8601(now)}, {"events", Json::array()}, {"open", Json::array()}};
  for (const std::string& line : lines)
    if (Json event = Json::parse(line, nullptr, false); event.is_object()) out["events"].push_back(std::move(event));
  for (const auto& [cause, alarm] : alarms.all()) out["open"].push_back(alarm_json(cause, alarm, in_chinese, by_now));
  return dumped(out);
}

}  // namespace sampan::telemetry
