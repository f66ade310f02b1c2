// SPDX-License-Identifier: Apache-2.0
// Devices: the inventory harvested from received images, and who connects.
//
// Which device an image is of: TELEMETRY.md, "Which device". A device or caller that was silent longest makes room.
// Threads: one. Values are what headers say, decoded for display; nothing of a patient enters.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/facts.h"
#include "telemetry/by_now.h"

namespace sampan::telemetry {

// What is harvested of an image; see sighting_of().
struct Sighting {
  std::string id;  // of the device
  std::string manufacturer, model, serial, station, software, detector, modality;
  std::string ae_title, address;
};

struct Count {
  std::uint64_t instances = 0, bytes = 0;
};

struct Device {
  Sighting last;  // software, detector, modality and where from: of the last image
  std::vector<std::string> software, detectors;  // every value seen, the newest last
  std::map<std::string, Count> received;         // by modality
  WallTime first_seen{}, last_image{};
  std::uint64_t images_today = 0;  // of the day of the last image; see Devices::today()
  std::uint64_t instances() const;
};

struct Caller {
  std::string ae_title, address;
  std::uint64_t accepted = 0, refused = 0;
  WallTime last_seen{}, last_refused{};
  std::string reason;  // of the last refusal
};

// Worth an event. changed: "software", "detector" or "serial", with the value before; empty: a new device.
struct Discovery {
  std::string changed, before;
  Sighting sighting;
};

// Nothing for cargo that is no DICOM. The device is told apart by the bytes of the header, the rest is decoded.
std::optional<Sighting> sighting_of(const core::Facts& facts);
// 2026-11-26 by the clock on the wall of the clinic.
std::string local_day(WallTime time);

class Devices {
 public:
  explicit Devices(ByNow by_now = as_kept) : by_now_(std::move(by_now)) {}
  // repeated: the same bytes again, which is no new image.
  std::vector<Discovery> saw(const Sighting& sighting, Count fresh, WallTime time);
  void associated(const std::string& ae_title, const std::string& address, WallTime time);
  void refused(const std::string& ae_title, const std::string& address, const std::string& reason, WallTime time);

  const std::map<std::string, Device>& all() const { return devices_; }
  const std::vector<Caller>& callers() const { return callers_; }
  // Times as they were kept, by the clock as it goes now.
  WallTime by_now(WallTime kept) const { return kept.ms == 0 ? kept : by_now_(kept); }
  // Its images of today, whatever the clock was set to meanwhile.
  std::uint64_t today(const Device& device, WallTime now) const;
  // The caller this device connects as.
  const Caller* caller_of(const Device& device) const;
  // From what was kept.
  void restore(Device device);
  void restore(Caller caller);

 private:
  Caller& caller(const std::string& ae_title, const std::string& address);
  std::optional<std::string> former_serial(const Sighting& sighting) const;

  ByNow by_now_;
  std::map<std::string, Device> devices_;  // by id
  std::vector<Caller> callers_;            // the one seen last is the last
};

}  // namespace sampan::telemetry
