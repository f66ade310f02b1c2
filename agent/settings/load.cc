// SPDX-License-Identifier: Apache-2.0
#include "settings/reading.h"

namespace sampan::settings {

std::string to_string(const Place& place) {
  if (place.line == 0) return place.file;
  return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::string to_string(const Problem& problem, Lang lang) { return to_string(problem.place) + ": " + problem.words.in(lang); }

static Loaded loaded(Reading reading) {
  if (!reading.problems.empty()) return std::move(reading.problems);
  return std::move(reading.settings);
}

Loaded load(const std::string& path) { return loaded(read(path)); }
Loaded load_text(const std::string& text, const std::string& name) { return loaded(read_texts({{name, text}})); }

}  // namespace sampan::settings
