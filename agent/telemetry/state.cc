// SPDX-License-Identifier: Apache-2.0
#include "telemetry/state.h"

#include <nlohmann/json.hpp>

namespace sampan::telemetry {
namespace {

using Json = nlohmann::ordered_json;

// By reference: the library would turn 1e99 into a whole number as well, and what comes of that nobody knows.
std::uint64_t number(const Json& in) { return in.get_ref<const Json::number_unsigned_t&>(); }
std::int64_t moment(const Json& in) { return in.get_ref<const Json::number_integer_t&>(); }

Json device_json(const std::string& id, const Device& device) {
  const Sighting& s = device.last;
  Json received = Json::object();
  for (const auto& [modality, count] : device.received) received[modality] = {count.instances, count.bytes};
  return {{"id", id}, {"manufacturer", s.manufacturer}, {"model", s.model}, {"serial", s.serial}, {"station", s.station},
          {"software", s.software}, {"detector", s.detector}, {"modality", s.modality}, {"ae_title", s.ae_title},
          {"address", s.address}, {"all_software", device.software}, {"all_detectors", device.detectors},
          {"received", received}, {"first_seen", device.first_seen.ms}, {"last_image", device.last_image.ms},
          {"day", local_day(device.last_image)}, {"images_today", device.images_today}};
}

Device device_from(const Json& in) {
  Device device;
  Sighting& s = device.last;
  const auto word = [&](const char* name) { return in.at(name).get<std::string>(); };
  s = {word("id"),       word("manufacturer"), word("model"),    word("serial"),   word("station"),
       word("software"), word("detector"),     word("modality"), word("ae_title"), word("address")};
  device.software = in.at("all_software").get<std::vector<std::string>>();
  device.detectors = in.at("all_detectors").get<std::vector<std::string>>();
  for (const auto& [modality, count] : in.at("received").items())
    device.received[modality] = {number(count.at(0)), number(count.at(1))};
  device.first_seen.ms = moment(in.at("first_seen"));
  device.last_image.ms = moment(in.at("last_image"));
  device.images_today = number(in.at("images_today"));
  return device;
}

Json caller_json(const Caller& caller) {
  return {{"ae_title", caller.ae_title}, {"address", caller.address}, {"accepted", caller.accepted}, {"refused", caller.refused},
          {"last_seen", caller.last_seen.ms}, {"last_refused", caller.last_refused.ms}, {"reason", caller.reason}};
}

Caller caller_from(const Json& in) {
  return {in.at("ae_title").get<std::string>(),
          in.at("address").get<std::string>(),
          number(in.at("accepted")),
          number(in.at("refused")),
          WallTime{moment(in.at("last_seen"))},
          WallTime{moment(in.at("last_refused"))},
          in.at("reason").get<std::string>()};
}

Json alarm_json(const std::string& cause, const Alarm& alarm) {
  return {{"cause", cause}, {"event", alarm.name}, {"severity", static_cast<int>(alarm.severity)}, {"opened", alarm.opened.ms},
          {"last", alarm.last.ms}, {"count", alarm.count}, {"attributes", alarm.attributes}};
}

Alarm alarm_from(const Json& in) {
  Alarm alarm;
  alarm.name = in.at("event").get<std::string>();
  alarm.severity = static_cast<Severity>(number(in.at("severity")) % 3);
  alarm.opened.ms = moment(in.at("opened"));
  alarm.last.ms = moment(in.at("last"));
  alarm.count = number(in.at("count"));
  alarm.attributes = in.at("attributes").get<Attributes>();
  return alarm;
}

}  // namespace

std::string write_state(const Past& past, const Devices& devices, const Alarms& alarms) {
  Json out{{"version", past.version}, {"stopped", past.stopped}, {"written", past.written.ms}, {"quarantined", past.quarantined},
           {"refused", past.refused}, {"set_aside", past.set_aside}, {"devices", Json::array()}, {"callers", Json::array()}, {"alarms", Json::array()}};
  for (const auto& [id, device] : devices.all()) out["devices"].push_back(device_json(id, device));
  for (const auto& caller : devices.callers()) out["callers"].push_back(caller_json(caller));
  for (const auto& [cause, alarm] : alarms.all()) out["alarms"].push_back(alarm_json(cause, alarm));
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Past read_state(const std::string& text, Devices& devices, Alarms& alarms, MonoTime now) {
  Past past;
  try {
    const Json in = Json::parse(text);
    past.version = in.at("version").get<std::string>();
    past.stopped = in.at("stopped").get<bool>();
    past.written.ms = moment(in.at("written"));
    past.quarantined = number(in.at("quarantined"));
    for (const auto& [reason, count] : in.at("refused").items()) past.refused[reason] = number(count);
    if (const auto aside = in.find("set_aside"); aside != in.end())  // an older file has none
      for (const auto& [reason, count] : aside->items()) past.set_aside[reason] = number(count);
    for (const Json& one : in.at("devices")) devices.restore(device_from(one));
    for (const Json& one : in.at("callers")) devices.restore(caller_from(one));
    for (const Json& one : in.at("alarms")) alarms.restore(one.at("cause").get<std::string>(), alarm_from(one), now);
  } catch (const Json::exception&) {
    // What was read before the damage stands.
  }
  return past;
}

}  // namespace sampan::telemetry
