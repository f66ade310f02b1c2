// SPDX-License-Identifier: Apache-2.0
// Corpus: real and damaged DICOM files that are not part of this tree.
//
// They are looked for at $SAMPAN_CORPUS, which run_unit.py sets to shared/corpus beside the checkout. A test that finds none says so.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace sampan::test {

// Empty when there is none.
inline std::filesystem::path corpus_directory() {
  namespace fs = std::filesystem;
  const char* named = std::getenv("SAMPAN_CORPUS");
  const fs::path path = named != nullptr ? named : "";
  std::error_code none;
  return fs::is_directory(path, none) ? path : fs::path{};
}

// Every regular file below, sorted; tables and notes are left out.
inline std::vector<std::filesystem::path> corpus_files(const std::filesystem::path& below) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(below)) {
    const auto name = entry.path().filename();
    if (entry.is_regular_file() && name != "README.md" && name != "inventory.csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline Bytes read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

// The rows of a comma separated table, each a list of cells; quotes as in RFC 4180.
inline std::vector<std::vector<std::string>> read_table(const std::filesystem::path& path) {
  const Bytes bytes = read_bytes(path);
  std::vector<std::vector<std::string>> rows;
  bool quoted = false, new_row = true;
  for (const char c : as_text(bytes)) {
    if (new_row) rows.emplace_back(1);
    new_row = !quoted && c == '\n';
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      rows.back().emplace_back();
    else if (c != '\r' && !new_row)
      rows.back().back().push_back(c);
  }
  return rows;
}

}  // namespace sampan::test
