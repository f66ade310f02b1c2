// SPDX-License-Identifier: Apache-2.0
#include "settings/suggest.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "settings/options.h"

namespace sampan::settings {
namespace {

constexpr std::size_t word_bytes_max = 64;  // a longer word resembles nothing
constexpr std::size_t distance_max = 2;

// Edits (insert, delete, replace) between two words, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

Words suggest(std::string_view group, std::string_view word) {
  std::string all;
  std::string_view nearest;
  std::size_t least = distance_max + 1;
  for (const Option& option : option_table()) {
    if (!is_child(option.path, group)) continue;
    const std::string_view name = leaf(option.path);
    all += (all.empty() ? "" : ", ") + std::string(name);
    const std::size_t edits = word.size() > word_bytes_max ? least : distance(word, name);
    if (edits < least) least = edits, nearest = name;
  }
  if (!nearest.empty()) return {"expected " + std::string(nearest), "应为 " + std::string(nearest)};
  return {"expected one of " + all, "应为其中之一：" + all};
}

}  // namespace sampan::settings
