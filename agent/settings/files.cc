// SPDX-License-Identifier: Apache-2.0
#include "settings/files.h"

#include <filesystem>

#include "base/file.h"
#include "core/limits.h"

namespace sampan::settings {
namespace {

namespace fs = std::filesystem;
namespace limits = core::limits;

Problem problem_of(const std::string& name, std::string en, std::string zh) {
  return {{name, 0, 0}, {std::move(en), std::move(zh)}};
}

// A pipe would be waited for, a device never ends: only a file is opened.
bool is_file(const std::string& name, Problems& problems) {
  std::error_code failed;
  const fs::file_status status = fs::status(name, failed);
  if (fs::is_directory(status)) {
    problems.push_back(problem_of(name, "is a folder, expected a file", "是一个目录，应为文件"));
    return false;
  }
  if (!fs::exists(status) || fs::is_regular_file(status)) return true;  // what fails is said by opening it
  problems.push_back(problem_of(name, "is no regular file, expected a file", "不是普通文件，应为文件"));
  return false;
}

File read_one(const std::string& name, Problems& problems) {
  File file{name, {}, false};
  if (!is_file(name, problems)) return file;
  const auto bytes = read_whole(disk(), name, limits::settings_bytes_max);
  if (bytes) {
    file.text = as_text(*bytes);
    file.read = true;
    return file;
  }
  const std::string& why = bytes.error().message;
  problems.push_back(problem_of(name, "cannot be read (" + why + "), expected a readable file",
                                "无法读取（" + why + "），应为可读的文件"));
  return file;
}

std::string folder_beside(const std::string& path) {
  const auto slash = path.rfind('/');
  return (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + "conf.d";
}

// The names of settings files in the folder; none when there is no such folder.
std::vector<std::string> names_in(const std::string& folder, Problems& problems) {
  std::vector<std::string> names;
  auto listed = disk().list(folder);
  if (!listed) {
    const std::string& why = listed.error().message;
    if (listed.error().code != Errc::not_found)
      problems.push_back(problem_of(folder, "cannot be read (" + why + "), expected a readable folder",
                                    "无法读取（" + why + "），应为可读的目录"));
    return names;
  }
  for (const std::string& name : *listed) {
    if (name.starts_with('.')) continue;
    if (name.ends_with(".yml"))
      problems.push_back(problem_of(folder + "/" + name, "is not read, expected a name that ends with .yaml",
                                    "不会被读取，文件名应以 .yaml 结尾"));
    if (name.ends_with(".yaml")) names.push_back(name);
  }
  return names;
}

}  // namespace

std::vector<File> read_files(const std::string& path, Problems& problems) {
  std::vector<File> files{read_one(path, problems)};
  const std::string folder = folder_beside(path);
  const auto names = names_in(folder, problems);
  if (names.size() > limits::settings_files_max) {
    problems.push_back(problem_of(folder, "holds " + std::to_string(names.size()) + " files, expected at most " +
                                              std::to_string(limits::settings_files_max),
                                  "含有 " + std::to_string(names.size()) + " 个文件，至多应为 " +
                                      std::to_string(limits::settings_files_max) + " 个"));
    return files;
  }
  for (const std::string& name : names) files.push_back(read_one(folder + "/" + name, problems));
  return files;
}

}  // namespace sampan::settings
