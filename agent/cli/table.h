// SPDX-License-Identifier: Apache-2.0
// Table: columns that stay straight in a terminal also when a cell is Chinese.
//
// Fails:   bytes that are not UTF-8 count one column each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sampan::cli {

// Columns a terminal uses: two for East Asian wide characters (Unicode UAX #11), none for combining marks.
std::size_t display_width(std::string_view utf8);
// Control characters, which could drive a terminal, become '?'; line feeds stay. Peers choose AE titles.
std::string printable(std::string_view utf8);

class Table {
 public:
  enum class Align { left, right };
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void add(std::vector<std::string> row);
  // Lines that end in a line feed, without blanks before it; two blanks part the columns.
  std::string text() const;

 private:
  const std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sampan::cli
