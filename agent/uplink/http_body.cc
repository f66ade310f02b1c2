// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_body.h"

#include "core/limits.h"

namespace sampan::uplink {

nlohmann::json read_json_body(std::string_view text) {
  using nlohmann::json;
  constexpr int most = core::limits::answer_depth_max;
  return json::parse(text, [](int depth, json::parse_event_t, const json&) { return depth < most; }, false);
}

}  // namespace sampan::uplink
