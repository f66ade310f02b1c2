// SPDX-License-Identifier: Apache-2.0
#include "control/events_json.h"

#include <nlohmann/json.hpp>

namespace sampan::control {
namespace {

using Json = nlohmann::json;

std::string word(const Json& in, const char* name) {
  const auto found = in.find(name);
  return found != in.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number(const Json& in, const char* name, std::uint64_t initial = 0) {
  const auto found = in.find(name);
  return found != in.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : initial;
}

bool truth(const Json& in, const char* name) {
  const auto found = in.find(name);
  return found != in.end() && found->is_boolean() && found->get<bool>();
}

const Json& part(const Json& in, const char* name) {
  static const Json none = Json::object();
  const auto found = in.find(name);
  return found != in.end() && found->is_object() ? *found : none;
}

Told told(const Json& in) {
  const Json &text = part(in, "text"), &action = part(in, "action");
  const std::string time = word(in, "time");
  return {time.empty() ? word(in, "opened") : time,
          word(in, "event"),
          word(in, "severity"),
          word(in, "state"),
          word(in, "cause"),
          number(in, "count", 1),
          word(text, "en"),
          word(text, "zh"),
          word(action, "en"),
          word(action, "zh")};
}

KnownDevice device(const Json& in) {
  return {word(in, "device"),   word(in, "manufacturer"), word(in, "model"),      word(in, "serial"),
          word(in, "software"), word(in, "station"),      word(in, "ae_title"),   word(in, "address"),
          word(in, "last_image"), word(in, "refused_reason"), number(in, "images_today"), number(in, "images_total"),
          number(in, "refused")};
}

KnownCaller caller(const Json& in) {
  return {word(in, "ae_title"),     word(in, "address"),         word(in, "refused_reason"), word(in, "last_refused"),
          word(in, "last_seen"),    number(in, "associations"), number(in, "refused"), truth(in, "refused_lately")};
}

template <class Each, class Read>
void read_all(const Json& in, const char* name, std::vector<Each>& into, Read read) {
  const auto found = in.find(name);
  if (found == in.end() || !found->is_array()) return;
  for (const Json& one : *found)
    if (one.is_object()) into.push_back(read(one));
}

}  // namespace

Result<Happenings> parse_events(std::string_view json) {
  const Json in = Json::parse(json, nullptr, false);
  if (!in.is_object()) return fail(Errc::damaged, "the answer is not JSON");
  Happenings found;
  read_all(in, "events", found.events, told);
  read_all(in, "open", found.open, told);
  return found;
}

Result<Inventory> parse_devices(std::string_view json) {
  const Json in = Json::parse(json, nullptr, false);
  if (!in.is_object()) return fail(Errc::damaged, "the answer is not JSON");
  Inventory found;
  found.now = word(in, "now");
  read_all(in, "devices", found.devices, device);
  read_all(in, "callers", found.callers, caller);
  return found;
}

}  // namespace sampan::control
