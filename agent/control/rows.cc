// SPDX-License-Identifier: Apache-2.0
#include "control/rows.h"

#include <nlohmann/json.hpp>

namespace sampan::control {

std::string rows_json(std::initializer_list<std::pair<std::string_view, std::vector<Row>>> tables) {
  using Json = nlohmann::ordered_json;
  Json out = Json::object();
  for (const auto& [name, rows] : tables) {
    Json& list = out[std::string(name)] = Json::array();
    for (const Row& row : rows) {
      Json one = Json::object();
      for (const auto& [word, value] : row) one[std::string(word)] = value;
      list.push_back(std::move(one));
    }
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sampan::control
