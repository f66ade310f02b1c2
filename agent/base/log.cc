// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>

namespace sampan::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// sd-daemon(3) priorities, understood by the journal.
const char* journal_prefix(Level level) {
  switch (level) {
    case Level::debug: return "<7>";
    case Level::info: return "<6>";
    case Level::warn: return "<4>";
    case Level::error: return "<3>";
  }
  return "";
}

const bool under_journal = std::getenv("JOURNAL_STREAM") != nullptr;

spdlog::logger& logger() {
  static spdlog::logger instance("sampan", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  static const bool ready = [] {
    instance.set_pattern(under_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %L %v");
    instance.flush_on(spdlog::level::debug);
    return true;
  }();
  static_cast<void>(ready);
  return instance;
}

}  // namespace

void start(Level least) { logger().set_level(to_spdlog(least)); }

void write(Level level, std::string_view line) {
  if (under_journal)
    logger().log(to_spdlog(level), "{}{}", journal_prefix(level), line);
  else
    logger().log(to_spdlog(level), line);
}

std::string safe(std::string_view foreign) {
  std::string text;
  for (char c : foreign.substr(0, 64)) text.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return text;
}

}  // namespace sampan::log
