// SPDX-License-Identifier: Apache-2.0
// Telemetry verbs: `sampan devices` and `sampan events`.
#pragma once

#include <array>
#include <string>

#include "cli/verb.h"
#include "control/events_json.h"

namespace sampan::cli {

inline constexpr std::array events_options{
    Option{"--since", "TIME", "from then on: 30min, 24h, 7d, or a date as 2026-11-26", "起始时间：30min、24h、7d，或日期 2026-11-26"},
    Option{"--limit", "COUNT", "the newest so many; without it, 100", "最多显示的条数，默认 100"},
};

// good; attention: no device yet, or somebody whose attempts were refused lately.
int run_devices(Session& session);
int judge_devices(const control::Inventory& inventory);
// good; attention or failure: something is open that asks for a person.
int run_events(Session& session);

std::string show_devices(const control::Inventory& inventory, control::Lang lang);
std::string show_events(const control::Happenings& happenings, control::Lang lang);

}  // namespace sampan::cli
