// SPDX-License-Identifier: Apache-2.0
// Event words: the catalogue of events: how grave each is, what happened and what to do, in both languages.
//
// A sentence holds {names} of attributes, and {count}. Threads: any; the table is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "telemetry/event.h"

namespace sampan::telemetry {

struct EventRow {
  std::string_view name;
  Severity severity;
  std::string_view en, zh, action_en, action_zh;
};

std::span<const EventRow> event_table();
// A name that is not in the table is a panic.
const EventRow& find_event(std::string_view name);
// What the reason holds when a device was refused because the disk is full.
inline constexpr std::string_view no_room = "no room for images";

struct EventWords {
  std::string en, zh, action_en, action_zh;  // the actions are empty where there is nothing to do
};
// What happened and what to do, also by the reason of it, with the values of the event; a name without one becomes "?". Words of ours
// among the values are translated.
EventWords words_of(const Event& event, InChinese in_chinese);

}  // namespace sampan::telemetry
