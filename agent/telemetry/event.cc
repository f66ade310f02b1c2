// SPDX-License-Identifier: Apache-2.0
#include "telemetry/event.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

#include "telemetry/event_words.h"
#include "telemetry/json_text.h"

namespace sampan::telemetry {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> severities{"info", "warning", "critical"};
constexpr std::array<std::string_view, 4> stages{"once", "opened", "worse", "closed"};

template <class Table>
int index_of(const Table& table, const std::string& word) {
  return static_cast<int>(std::find(table.begin(), table.end(), word) - table.begin());
}

Event event_from(const Json& in) {
  // By reference: the library would turn 1e99 into a whole number as well, and what comes of that nobody knows.
  const auto number = [&in](const char* name, std::uint64_t otherwise) {
    const auto found = in.find(name);
    return found == in.end() ? otherwise : found->get_ref<const Json::number_unsigned_t&>();
  };
  Event event;
  event.id = uuid_from(in.at("id").get<std::string>());
  event.node = in.at("node").get<std::string>();
  event.series = in.value("series", "");
  event.seq = number("seq", 0);
  event.time = time_from(in.at("time").get<std::string>()).value_or(WallTime{});
  event.name = in.at("event").get<std::string>();
  event.severity = static_cast<Severity>(index_of(severities, in.at("severity").get<std::string>()) % 3);
  event.stage = static_cast<Stage>(index_of(stages, in.at("state").get<std::string>()) % 4);
  event.cause = in.value("cause", "");
  event.device = in.value("device", "");
  event.count = number("count", 1);
  for (const auto& [name, value] : in.at("attributes").items()) event.attributes[name] = value.get<std::string>();
  return event;
}

}  // namespace

std::string_view to_string(Severity severity) { return severities[static_cast<std::size_t>(severity)]; }
std::string_view to_string(Stage stage) { return stages[static_cast<std::size_t>(stage)]; }

std::string event_line(const Event& event, InChinese in_chinese) {
  const EventWords words = words_of(event, in_chinese);
  Json out{{"schema", "sampan.event/1"}, {"id", to_string(event.id)}, {"node", event.node}};
  if (event.seq != 0) out["series"] = event.series, out["seq"] = event.seq;
  out["time"] = to_iso8601(event.time);
  out["event"] = event.name;
  out["severity"] = to_string(event.severity);
  out["state"] = to_string(event.stage);
  out["cause"] = event.cause;
  out["count"] = event.count;
  if (!event.device.empty()) out["device"] = event.device;
  out["attributes"] = Json::object();
  for (const auto& [name, value] : event.attributes) out["attributes"][name] = value;
  out["text"] = {{"en", words.en}, {"zh", words.zh}};
  if (!words.action_en.empty()) out["action"] = {{"en", words.action_en}, {"zh", words.action_zh}};
  return one_line(out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<Event> read_event(std::string_view line) {
  try {
    Event event = event_from(Json::parse(line));
    if (event.id.is_nil()) return fail(Errc::damaged, "no event: it has no id");
    return event;
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "no event");
  }
}

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return std::string(text.substr(0, bytes_max));
}

}  // namespace sampan::telemetry
