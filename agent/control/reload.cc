// SPDX-License-Identifier: Apache-2.0
#include "control/reload.h"

#include <nlohmann/json.hpp>

namespace sampan::control {

using Json = nlohmann::ordered_json;

std::string reload_json(const ReloadAnswer& answer) {
  Json out{{"applied", answer.applied}, {"problems", Json::array()}, {"after_restart", answer.after_restart}};
  for (const auto& problem : answer.problems) out["problems"].push_back({{"en", problem.en}, {"zh", problem.zh}});
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<ReloadAnswer> parse_reload(std::string_view json) {
  try {
    const auto in = Json::parse(json);
    ReloadAnswer answer;
    answer.applied = in.at("applied").get<bool>();
    for (const auto& one : in.at("problems"))
      answer.problems.push_back({one.at("en").get<std::string>(), one.at("zh").get<std::string>()});
    answer.after_restart = in.at("after_restart").get<std::vector<std::string>>();
    return answer;
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "the answer is not one this version understands");
  }
}

}  // namespace sampan::control
