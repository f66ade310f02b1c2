// SPDX-License-Identifier: Apache-2.0
#include "control/status_json.h"

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace sampan::control {
namespace {

using Json = nlohmann::ordered_json;

// The fields of every struct, once.
template <class A>
void fields(A& a, Finding& v) {
  a("code", v.code), a("severity", v.severity), a("zh", v.zh), a("en", v.en);
  a("action_zh", v.action_zh), a("action_en", v.action_en);
}
template <class A>
void fields(A& a, RefusedCaller& v) {
  a("time", v.time), a("address", v.address), a("calling", v.calling), a("called", v.called), a("reason", v.reason);
}
template <class A>
void fields(A& a, IntakeStatus& v) {
  a("enabled", v.enabled), a("address", v.address), a("port", v.port), a("ae_titles", v.ae_titles);
  a("associations_now", v.associations_now), a("received_total", v.received_total), a("last_image", v.last_image);
  a("refused", v.refused), a("accepting", v.accepting), a("refusing_reason", v.refusing_reason);
}
template <class A>
void fields(A& a, SpoolStatus& v) {
  a("items", v.items), a("bytes", v.bytes), a("quarantined", v.quarantined), a("rebuilding", v.rebuilding);
  a("rebuilt_items", v.rebuilt_items), a("disk_free_bytes", v.disk_free_bytes),
      a("disk_total_bytes", v.disk_total_bytes);
}
template <class A>
void fields(A& a, BlockedClass& v) {
  a("sop_class", v.sop_class), a("transfer_syntax", v.transfer_syntax), a("reason", v.reason);
}
template <class A>
void queue_fields(A& a, DestinationStatus& v) {
  a("name", v.name), a("state", v.state), a("waiting", v.waiting), a("waiting_bytes", v.waiting_bytes);
  a("oldest_waiting_s", v.oldest_waiting_s), a("sending", v.sending), a("on_hold", v.on_hold);
  a("rejected", v.rejected), a("ages", v.ages), a("telemetry_waiting", v.telemetry_waiting);
}
template <class A>
void fields(A& a, DestinationStatus& v) {
  queue_fields(a, v);
  a("courier", v.courier), a("address", v.address), a("state_age_s", v.state_age_s), a("last_error", v.last_error);
  a("next_attempt_in_s", v.next_attempt_in_s), a("last_success", v.last_success), a("delivered", v.delivered);
  a("archived", v.archived), a("blocked_classes", v.blocked_classes);
}
template <class A>
void fields(A& a, StrandedStatus& v) {
  a("destination", v.destination), a("waiting", v.waiting), a("oldest_waiting_s", v.oldest_waiting_s);
}
template <class A>
void fields(A& a, NodeStatus& v) {
  a("site", v.site), a("version", v.version), a("state_directory", v.state_directory), a("now", v.now);
  a("started", v.started), a("uptime_s", v.uptime_s), a("verdict", v.verdict), a("attention", v.attention);
  a("intake", v.intake), a("spool", v.spool), a("destinations", v.destinations);
  a("stranded", v.stranded);
}

// Writing.
template <class T>
Json to_json(const T& value);

struct Writer {
  Json out = Json::object();
  template <class T>
  void operator()(const char* name, const T& value) {
    out[name] = to_json(value);
  }
};

Json write(const std::string& v) { return v; }
Json write(bool v) { return v; }
Json write(std::uint16_t v) { return v; }
Json write(std::uint64_t v) { return v; }
Json write(std::int64_t v) { return v; }
Json write(Verdict v) { return to_string(v); }
Json write(DestinationState v) { return to_string(v); }
Json write(WallTime v) { return to_iso8601(v); }
Json write(const AgeCounts& v) {
  Json out = Json::object();
  for (std::size_t i = 0; i < v.size(); ++i) out[std::string(age_names[i])] = v[i];
  return out;
}
template <class T>
Json write(const std::optional<T>& v) {
  return v ? to_json(*v) : Json();
}
template <class T>
Json write(const std::vector<T>& v) {
  Json out = Json::array();
  for (const T& each : v) out.push_back(to_json(each));
  return out;
}

template <class T>
Json to_json(const T& value) {
  if constexpr (requires(Writer & w, T & v) { fields(w, v); }) {
    Writer writer;
    T copy = value;  // one list of fields serves reading too, which needs them open
    fields(writer, copy);
    return std::move(writer.out);
  } else {
    return write(value);
  }
}

// Reading. Wrong types throw; parse_status catches.
template <class T>
void from_json(const Json& in, T& value);

struct Reader {
  const Json& in;
  template <class T>
  void operator()(const char* name, T& value) {
    if (const auto found = in.find(name); found != in.end() && !found->is_null()) from_json(*found, value);
  }
};

void read(const Json& in, std::string& v) { in.get_to(v); }
void read(const Json& in, bool& v) { in.get_to(v); }
void read(const Json& in, std::uint16_t& v) { in.get_to(v); }
void read(const Json& in, std::uint64_t& v) { in.get_to(v); }
void read(const Json& in, std::int64_t& v) { in.get_to(v); }
void read(const Json& in, Verdict& v) {
  const auto word = in.get<std::string>();
  v = word == "good" ? Verdict::good : word == "attention" ? Verdict::attention : Verdict::failure;
}
void read(const Json& in, DestinationState& v) {
  const auto word = in.get<std::string>();
  v = DestinationState::unknown;
  for (const auto s : {DestinationState::up, DestinationState::backing_off, DestinationState::stopped})
    if (to_string(s) == word) v = s;
}
void read(const Json& in, WallTime& v) {
  const auto text = in.get<std::string>();
  std::tm parts{};
  int millis = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                  &parts.tm_min, &parts.tm_sec, &millis) != 7)
    return;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  v.ms = std::int64_t{::timegm(&parts)} * 1000 + millis;
}
void read(const Json& in, AgeCounts& v) {
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = in.value(std::string(age_names[i]), std::uint64_t{0});
}
template <class T>
void read(const Json& in, std::optional<T>& v) {
  from_json(in, v.emplace());
}
template <class T>
void read(const Json& in, std::vector<T>& v) {
  for (const Json& each : in.get_ref<const Json::array_t&>()) from_json(each, v.emplace_back());
}

template <class T>
void from_json(const Json& in, T& value) {
  if constexpr (requires(Reader & r) { fields(r, value); }) {
    static_cast<void>(in.get_ref<const Json::object_t&>());  // anything but an object throws here
    Reader reader{in};
    fields(reader, value);
  } else {
    read(in, value);
  }
}

// Peers choose AE titles: bytes that are not UTF-8 are replaced, not thrown at.
std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string status_json(const NodeStatus& status) { return dump(to_json(status)); }

std::string queue_json(const NodeStatus& status) {
  Json destinations = Json::array();
  for (DestinationStatus destination : status.destinations) {
    Writer writer;
    queue_fields(writer, destination);
    destinations.push_back(std::move(writer.out));
  }
  Json out = Json::object();
  out["verdict"] = to_json(status.verdict);
  out["destinations"] = std::move(destinations);
  return dump(out);
}

Result<NodeStatus> parse_status(std::string_view json) {
  try {
    NodeStatus status;
    from_json(Json::parse(json), status);
    return status;
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "the answer is not a status this version understands");
  }
}

std::string flat_json(std::initializer_list<std::pair<std::string_view, std::string_view>> words) {
  Json out = Json::object();
  for (const auto& [name, value] : words) out[std::string(name)] = std::string(value);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sampan::control
