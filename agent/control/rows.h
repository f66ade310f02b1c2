// SPDX-License-Identifier: Apache-2.0
// Rows: lists of flat objects of words as JSON, for what is a table: {"options": [{"path": "site", ...}, ...]}.
//
// Part of the client half: stands on base alone.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sampan::control {

using Row = std::vector<std::pair<std::string_view, std::string>>;  // in the order of the names

std::string rows_json(std::initializer_list<std::pair<std::string_view, std::vector<Row>>> tables);

}  // namespace sampan::control
