// SPDX-License-Identifier: Apache-2.0
// STOW answer: what a Store Instances Response says of each instance (PS3.18 10.5.3 and I.2), as JSON (PS3.18 F) or
// XML (PS3.19 A.1); and whom a search found (PS3.18 10.6.3), as JSON.
//
// The form is known by the content; content types of real servers are not to be relied on.
// Threads: any.
// Fails:   anything that is not such a response, HTML of a captive portal among it -> nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "uplink/found_there.h"

namespace sampan::uplink {

// The few data elements of a response, by tag as eight upper case hexadecimal digits.
struct StowElements {
  struct Element {
    std::vector<std::string> values{};
    std::vector<StowElements> items{};
  };
  std::map<std::string, Element> elements{};
};

struct StowAnswer {
  std::set<std::string> stored{};                 // SOP Instance UIDs of the Referenced SOP Sequence
  std::map<std::string, std::uint16_t> failed{};  // of the Failed SOP Sequence, with their Failure Reason
  std::vector<std::uint16_t> nameless{};          // reasons of the Other Failures Sequence
};

std::optional<StowAnswer> read_stow_answer(std::string_view body);
// Nothing as soon as one match has no SOP Instance UID, or what cannot be one.
std::optional<FoundThere> read_search_answer(std::string_view body);

}  // namespace sampan::uplink
