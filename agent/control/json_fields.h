// SPDX-License-Identifier: Apache-2.0
// Json fields: one list of fields per struct, `fields(a, value)`, serves writing and reading, so that they cannot disagree.
//
// Times are ISO 8601 in UTC, absent values are null. A field a reader does not find keeps its initial value, so that a
// command and a daemon of different versions understand each other.
// Part of the client half: stands on base alone. Included by sources of control only.
// Fails:   reading a wrong type throws Json::exception, which no function of control lets out.
#pragma once

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "control/node_status.h"

namespace sampan::control {

using Json = nlohmann::ordered_json;

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

inline Json write(const std::string& v) { return v; }
inline Json write(bool v) { return v; }
inline Json write(std::uint16_t v) { return v; }
inline Json write(std::uint64_t v) { return v; }
inline Json write(std::int64_t v) { return v; }
inline Json write(Verdict v) { return to_string(v); }
inline Json write(DestinationState v) { return to_string(v); }
inline Json write(WallTime v) { return to_iso8601(v); }
inline Json write(const AgeCounts& v) {
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

// Reading. Wrong types throw Json::exception; the caller catches.
template <class T>
void from_json(const Json& in, T& value);

struct Reader {
  const Json& in;
  template <class T>
  void operator()(const char* name, T& value) {
    if (const auto found = in.find(name); found != in.end() && !found->is_null()) from_json(*found, value);
  }
};

// Numbers by reference: the library would turn 1e99 into a whole number as well, and what comes of that nobody knows.
inline void read(const Json& in, std::string& v) { in.get_to(v); }
inline void read(const Json& in, bool& v) { in.get_to(v); }
inline void read(const Json& in, std::uint64_t& v) { v = in.get_ref<const Json::number_unsigned_t&>(); }
inline void read(const Json& in, std::int64_t& v) { v = in.get_ref<const Json::number_integer_t&>(); }
inline void read(const Json& in, std::uint16_t& v) { v = static_cast<std::uint16_t>(std::min<std::uint64_t>(in.get_ref<const Json::number_unsigned_t&>(), UINT16_MAX)); }
inline void read(const Json& in, Verdict& v) {
  const auto word = in.get<std::string>();
  v = word == "good" ? Verdict::good : word == "attention" ? Verdict::attention : Verdict::failure;
}
inline void read(const Json& in, DestinationState& v) {
  const auto word = in.get<std::string>();
  v = DestinationState::unknown;
  for (const auto s : {DestinationState::up, DestinationState::backing_off, DestinationState::stopped})
    if (to_string(s) == word) v = s;
}
inline void read(const Json& in, WallTime& v) {
  const auto text = in.get<std::string>();
  std::tm parts{};
  int millis = 0;
  if (std::sscanf(text.c_str(), "%6d-%2d-%2dT%2d:%2d:%2d.%3dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                  &parts.tm_min, &parts.tm_sec, &millis) != 7)
    return;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  v.ms = std::int64_t{::timegm(&parts)} * 1000 + millis;
}
inline void read(const Json& in, AgeCounts& v) {
  for (std::size_t i = 0; i < v.size(); ++i)
    if (const auto found = in.find(std::string(age_names[i])); found != in.end()) read(*found, v[i]);
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
inline std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

// A whole answer, for the parsers of each kind.
template <class T>
Result<T> answer_of(std::string_view json) {
  try {
    T value;
    from_json(Json::parse(json), value);
    return value;
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "the answer is not one this version understands");
  }
}

}  // namespace sampan::control
