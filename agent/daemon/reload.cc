// SPDX-License-Identifier: Apache-2.0
#include "daemon/reload.h"

#include <time.h>

#include <array>
#include <cstdint>

#include "base/log.h"

namespace sampan::daemon {
namespace {

// sd_notify(3): the manager tells by it which READY=1 answers which request.
std::string monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

// For the log and the manager.
std::string in_a_line(const settings::ReloadReport& report) {
  if (!report.problems.empty())
    return "new settings refused, " + std::to_string(report.problems.size()) +
           (report.problems.size() == 1 ? " mistake" : " mistakes") + "; the old ones are kept";
  if (!report.applied) return "new settings refused: " + report.failure + "; the old ones are kept";
  if (report.after_restart.empty()) return "new settings applied";
  return "new settings applied; takes effect after a restart: " + joined(report.after_restart);
}

}  // namespace

void set_log_level(const settings::Settings& settings) {
  constexpr std::array names{std::pair{"debug", log::Level::debug}, std::pair{"warn", log::Level::warn},
                             std::pair{"error", log::Level::error}};
  log::Level least = log::Level::info;
  for (const auto& [word, level] : names)
    if (settings.log_level == word) least = level;
  log::start(least);
}

settings::ReloadReport Reload::operator()() {
  const std::lock_guard lock(mutex_);
  notifier_.tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_usec());
  settings::ReloadReport report = read_and_apply();
  const std::string line = in_a_line(report);
  for (const auto& problem : report.problems) log::error(to_string(problem));
  log::write(report.applied ? log::Level::info : log::Level::error, line);
  notifier_.tell("READY=1\nSTATUS=" + line);
  return report;
}

settings::ReloadReport Reload::read_and_apply() {
  auto loaded = settings::load(path_);
  if (auto* problems = std::get_if<settings::Problems>(&loaded)) {
    settings::ReloadReport report;
    report.problems = std::move(*problems);
    return report;
  }
  auto& next = std::get<settings::Settings>(loaded);
  if (!state_.empty()) next.state_directory = state_;
  settings::ReloadReport report = apply_(next);
  if (report.applied) set_log_level(next);
  return report;
}

}  // namespace sampan::daemon
