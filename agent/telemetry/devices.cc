// SPDX-License-Identifier: Apache-2.0
#include "telemetry/devices.h"

#include <time.h>

#include <algorithm>

#include "base/hash.h"
#include "core/limits.h"
#include "dicom/text.h"
#include "telemetry/event.h"

namespace sampan::telemetry {

using core::Fact;
namespace limits = core::limits;

namespace {

constexpr std::size_t id_digits = 16;

// Of the bytes as they came: a header that is read in another character set is still the same device.
std::string id_of(const core::Facts& facts) {
  const bool numbered = facts.has(Fact::device_serial);
  std::string named;
  for (const Fact fact : {Fact::manufacturer, Fact::model, numbered ? Fact::device_serial : Fact::calling_ae,
                          numbered ? Fact::device_serial : Fact::station_name}) {
    const std::string_view value = facts.get(fact);
    named += std::to_string(value.size()) + ":" + std::string(value);
  }
  return to_hex(sha256(as_bytes(named))).substr(0, id_digits);
}

// Whether the value is new to a device that had others.
bool learn(std::vector<std::string>& known, const std::string& value, std::string& before) {
  if (value.empty()) return false;
  const auto found = std::find(known.begin(), known.end(), value);
  if (found != known.end()) {
    std::rotate(found, found + 1, known.end());
    return false;
  }
  const bool first = known.empty();
  if (!first) before = known.back();
  if (known.size() >= limits::device_values_max) known.erase(known.begin());
  known.push_back(value);
  return !first;
}

// Several values, for a person: 1.0\build 7 becomes 1.0, build 7.
std::string values_apart(std::string_view text) {
  std::string apart;
  for (const char c : text) c == '\\' ? apart.append(", ") : apart.append(1, c);
  return apart;
}

template <class Map>
void make_room(Map& devices) {
  if (devices.size() < limits::devices_max) return;
  devices.erase(std::min_element(devices.begin(), devices.end(),
                                 [](const auto& a, const auto& b) { return a.second.last_image < b.second.last_image; }));
}

}  // namespace

std::uint64_t Device::instances() const {
  std::uint64_t sum = 0;
  for (const auto& [modality, count] : received) sum += count.instances;
  return sum;
}

std::optional<Sighting> sighting_of(const core::Facts& facts) {
  if (!facts.has(Fact::sop_class_uid)) return {};
  const auto shown = [&](Fact fact) {
    return cut(values_apart(dicom::display_text(facts.get(fact), facts.get(Fact::character_set)).utf8), limits::device_text_bytes_max);
  };
  return Sighting{id_of(facts),
                  shown(Fact::manufacturer),
                  shown(Fact::model),
                  shown(Fact::device_serial),
                  shown(Fact::station_name),
                  shown(Fact::software_versions),
                  shown(Fact::detector_id),
                  shown(Fact::modality),
                  shown(Fact::calling_ae),
                  shown(Fact::peer_address)};
}

std::string local_day(WallTime time) {
  const std::time_t seconds = static_cast<std::time_t>(time.ms / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[16];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return {text, size};
}

std::vector<Discovery> Devices::saw(const Sighting& sighting, Count fresh, WallTime time) {
  std::vector<Discovery> found;
  auto known = devices_.find(sighting.id);
  if (known == devices_.end()) {
    if (const auto serial = former_serial(sighting))
      found.push_back({"serial", *serial, sighting});
    else
      found.push_back({{}, {}, sighting});
    make_room(devices_);
    known = devices_.emplace(sighting.id, Device{}).first;
    known->second.first_seen = time;
  }
  Device& device = known->second;
  std::string before;
  if (learn(device.software, sighting.software, before)) found.push_back({"software", before, sighting});
  if (learn(device.detectors, sighting.detector, before)) found.push_back({"detector", before, sighting});
  device.images_today = today(device, by_now(time)) + fresh.instances;
  device.last = sighting;
  device.last_image = time;
  const bool room = device.received.contains(sighting.modality) || device.received.size() < limits::device_modalities_max;
  Count& count = device.received[room ? sighting.modality : std::string()];
  count.instances += fresh.instances;
  count.bytes += fresh.bytes;
  return found;
}

std::uint64_t Devices::today(const Device& device, WallTime now) const {
  return local_day(by_now(device.last_image)) == local_day(now) ? device.images_today : 0;
}

// One device of this make at this place, with another serial number: it was replaced, or got a new mainboard.
std::optional<std::string> Devices::former_serial(const Sighting& sighting) const {
  const Sighting* former = nullptr;
  for (const auto& [id, device] : devices_) {
    const Sighting& other = device.last;
    const bool same_place = other.ae_title == sighting.ae_title && other.station == sighting.station && !other.station.empty();
    if (!same_place || other.manufacturer != sighting.manufacturer || other.model != sighting.model) continue;
    if (former != nullptr) return {};
    former = &other;
  }
  if (former == nullptr || former->serial.empty() || sighting.serial.empty()) return {};
  return former->serial;
}

Caller& Devices::caller(const std::string& ae_title, const std::string& address) {
  auto found = std::find_if(callers_.begin(), callers_.end(),
                            [&](const Caller& c) { return c.ae_title == ae_title && c.address == address; });
  if (found != callers_.end()) {
    std::rotate(found, found + 1, callers_.end());
    return callers_.back();
  }
  if (callers_.size() >= limits::callers_max) callers_.erase(callers_.begin());
  callers_.emplace_back();
  callers_.back().ae_title = ae_title;
  callers_.back().address = address;
  return callers_.back();
}

void Devices::associated(const std::string& ae_title, const std::string& address, WallTime time) {
  Caller& who = caller(ae_title, address);
  ++who.accepted;
  who.last_seen = time;
}

void Devices::refused(const std::string& ae_title, const std::string& address, const std::string& reason, WallTime time) {
  Caller& who = caller(ae_title, address);
  ++who.refused;
  who.last_seen = who.last_refused = time;
  who.reason = reason;
}

const Caller* Devices::caller_of(const Device& device) const {
  const auto found = std::find_if(callers_.rbegin(), callers_.rend(), [&](const Caller& c) {
    return c.ae_title == device.last.ae_title && c.address == device.last.address;
  });
  return found == callers_.rend() ? nullptr : &*found;
}

void Devices::restore(Device device) {
  if (devices_.size() < limits::devices_max) devices_.emplace(device.last.id, std::move(device));
}
void Devices::restore(Caller caller) {
  if (callers_.size() < limits::callers_max) callers_.push_back(std::move(caller));
}

}  // namespace sampan::telemetry
