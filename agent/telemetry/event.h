// SPDX-License-Identifier: Apache-2.0
// Event: something that happened and is worth telling. TELEMETRY.md lists them all.
//
// Values only. Fails: text that is no event -> Errc::damaged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace sampan::telemetry {

enum class Severity { info, warning, critical };
// once; or of a cause that lasts.
enum class Stage { once, opened, worse, closed };

using Attributes = std::map<std::string, std::string>;

struct Event {
  Uuid id;
  std::string node;
  std::string series;     // empty with seq 0
  std::uint64_t seq = 0;  // 0: stays here, because no destination takes telemetry
  WallTime time{};        // when it happened
  std::string name;
  Severity severity = Severity::info;
  Stage stage = Stage::once;
  std::string cause;
  std::string device;  // its id, of a device
  std::uint64_t count = 1;
  Attributes attributes;
};

std::string_view to_string(Severity severity);
std::string_view to_string(Stage stage);

// A reason in Chinese; none: it stays as it came.
using InChinese = std::string (*)(std::string_view reason);

// One line with its line feed, as TELEMETRY.md has it, with the sentences of event_words.h.
std::string event_line(const Event& event, InChinese in_chinese);
Result<Event> read_event(std::string_view line);

// UTF-8 cut at a character, at most so many bytes.
std::string cut(std::string_view text, std::size_t bytes_max);

}  // namespace sampan::telemetry
