// SPDX-License-Identifier: Apache-2.0
#include "telemetry/samples.h"

#include <nlohmann/json.hpp>

#include "telemetry/json_text.h"

namespace sampan::telemetry {
namespace {

using Json = nlohmann::ordered_json;
using Labels = std::initializer_list<std::pair<const char*, std::string_view>>;

class Readings {
 public:
  template <class Value>
  void gauge(const char* metric, const char* unit, Labels labels, Value value) {
    add(metric, "gauge", unit, labels, value);
  }
  void counter(const char* metric, const char* unit, Labels labels, std::uint64_t value) { add(metric, "counter", unit, labels, value); }
  Json take() { return std::move(all_); }

 private:
  template <class Value>
  void add(const char* metric, const char* type, const char* unit, Labels labels, Value value) {
    Json reading{{"metric", metric}, {"type", type}, {"unit", unit}};
    Json& named = reading["labels"] = Json::object();
    for (const auto& [name, text] : labels) named[name] = text;
    reading["value"] = value;
    all_.push_back(std::move(reading));
  }
  Json all_ = Json::array();
};

void add_node(Readings& out, const Measured& in) {
  const Gauges& gauges = in.gauges;
  out.gauge("sampan_build_info", "1", {{"version", in.build.version}, {"dcmtk", in.build.dcmtk}, {"openssl", in.build.openssl}}, 1);
  out.gauge("sampan_uptime_seconds", "seconds", {}, gauges.uptime_s);
  for (const auto& [reason, count] : in.refused) out.counter("sampan_rejected_associations_total", "associations", {{"reason", reason}}, count);
  out.counter("sampan_quarantined_instances_total", "instances", {{"reason", does_not_verify}}, gauges.quarantined);
  for (const auto& [reason, count] : in.set_aside) out.counter("sampan_quarantined_instances_total", "instances", {{"reason", reason}}, count);
  out.gauge("sampan_spool_doubtful_places", "places", {}, gauges.doubtful);
  out.counter("sampan_duplicate_instances_total", "instances", {{"kind", "identical"}}, gauges.duplicates);
  out.counter("sampan_duplicate_instances_total", "instances", {{"kind", "conflict"}}, gauges.conflicts);
  out.gauge("sampan_disk_free_bytes", "bytes", {{"mount", in.mount}}, gauges.disk_free_bytes);
  if (gauges.disk_lasts_s) out.gauge("sampan_disk_full_forecast_seconds", "seconds", {{"mount", in.mount}}, *gauges.disk_lasts_s);
  for (const auto& [kind, count] : in.dropped) out.counter("sampan_telemetry_dropped_total", "items", {{"kind", kind}}, count);
}

void add_destination(Readings& out, const DestinationGauges& dest) {
  using State = DestinationGauges::State;
  const std::string& name = dest.name;
  const auto instances = [&](const char* state, std::uint64_t count) {
    out.gauge("sampan_queue_instances", "instances", {{"dest", name}, {"state", state}}, count);
  };
  instances("waiting", dest.waiting);
  instances("on_hold", dest.on_hold);
  instances("rejected", dest.rejected);
  instances("delivered", dest.delivered);
  out.gauge("sampan_queue_bytes", "bytes", {{"dest", name}}, dest.waiting_bytes);
  out.gauge("sampan_queue_oldest_age_seconds", "seconds", {{"dest", name}}, dest.oldest_s.value_or(0));
  out.gauge("sampan_event_backlog", "items", {{"dest", name}}, dest.news_waiting);
  const auto attempts = [&](const char* outcome, std::uint64_t count) {
    out.counter("sampan_send_attempts_total", "instances", {{"dest", name}, {"outcome", outcome}}, count);
  };
  attempts("delivered", dest.attempts_delivered);
  attempts("put_back", dest.attempts_put_back);
  attempts("rejected", dest.attempts_rejected);
  if (dest.state != State::unknown) out.gauge("sampan_dest_up", "1", {{"dest", name}}, dest.state == State::up ? 1 : 0);
  out.gauge("sampan_dest_blocked_classes", "classes", {{"dest", name}}, dest.blocked.size());
}

// Of what goes nowhere there is always one reading, so that it is seen to be over.
void add_stranded(Readings& out, const Gauges& gauges) {
  StrandedGauges none;
  for (const StrandedGauges& one : gauges.stranded)
    if (one.destination.empty()) none = one;
  out.gauge("sampan_queue_instances", "instances", {{"dest", ""}, {"state", "waiting"}}, none.waiting);
  out.gauge("sampan_queue_bytes", "bytes", {{"dest", ""}}, none.waiting_bytes);
  out.gauge("sampan_queue_oldest_age_seconds", "seconds", {{"dest", ""}}, none.oldest_s);
}

void add_device(Readings& out, const std::string& id, const Device& device) {
  for (const auto& [modality, count] : device.received) {
    out.counter("sampan_received_instances_total", "instances", {{"device", id}, {"modality", modality}}, count.instances);
    out.counter("sampan_received_bytes_total", "bytes", {{"device", id}, {"modality", modality}}, count.bytes);
  }
  out.gauge("sampan_last_image_timestamp_seconds", "seconds", {{"device", id}}, device.last_image.ms / 1000);
}

Json inventory(const Devices& devices) {
  Json all = Json::array();
  for (const auto& [id, device] : devices.all()) {
    const Sighting& s = device.last;
    all.push_back({{"device", id}, {"manufacturer", s.manufacturer}, {"model", s.model}, {"serial", s.serial},
                   {"software", s.software}, {"station", s.station}, {"ae_title", s.ae_title}});
  }
  return all;
}

}  // namespace

std::string samples_line(const Measured& measured, const Outbox::Stamp& stamp) {
  Readings readings;
  add_node(readings, measured);
  for (const auto& destination : measured.gauges.destinations) add_destination(readings, destination);
  add_stranded(readings, measured.gauges);
  for (const auto& [id, device] : measured.devices.all()) add_device(readings, id, device);
  Json out{{"schema", "sampan.samples/1"}, {"id", to_string(stamp.id)}, {"node", stamp.node}, {"series", stamp.series},
           {"seq", stamp.seq}, {"time", to_iso8601(stamp.time)}, {"period_s", measured.period_s}};
  out["readings"] = readings.take();
  out["devices"] = inventory(measured.devices);
  return one_line(out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace sampan::telemetry
