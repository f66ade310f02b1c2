// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_body.h"

namespace sampan::uplink {
namespace {

constexpr int depth_max = 16;

}  // namespace

nlohmann::json read_json_body(std::string_view text) {
  using nlohmann::json;
  return json::parse(text, [](int depth, json::parse_event_t, const json&) { return depth < depth_max; }, false);
}

}  // namespace sampan::uplink
