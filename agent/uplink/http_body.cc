// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_body.h"

#include "core/limits.h"

namespace sampan::uplink {

namespace {

bool is_deeper_than(std::string_view text, int most) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if ((c == '[' || c == '{') && ++depth > most) return true;
    if (c == ']' || c == '}') --depth;
  }
  return false;
}

}  // namespace

nlohmann::json read_json_body(std::string_view text) {
  using nlohmann::json;
  if (is_deeper_than(text, core::limits::answer_depth_max)) return json(json::value_t::discarded);
  return json::parse(text, nullptr, false);
}

bool is_json_answer(std::string_view content_type, std::string_view body) {
  return content_type.find("json") != content_type.npos && read_json_body(body).is_structured();
}

}  // namespace sampan::uplink
