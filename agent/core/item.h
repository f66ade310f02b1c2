// SPDX-License-Identifier: Apache-2.0
// Item: immutable cargo that a node has taken custody of.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "core/facts.h"

namespace sampan::core {

// The numbers are on disk and on the wire: never reuse or renumber.
enum class Kind : std::uint8_t { image = 1, message = 2, sample = 3, event = 4 };
enum class Priority : std::uint8_t { emergency = 0, referral = 1, routine = 2, bulk = 3 };

enum class WhenFull { refuse, use_reserve, drop_oldest };

struct CargoTraits {
  Kind kind;
  std::string_view name;
  WhenFull when_full;
  bool before_images;  // taken ahead of images, within a small share of each lane
  bool expires;        // may be dropped, counted, before it was delivered
};

// The one place that knows how kinds differ (DESIGN §3).
inline constexpr std::array cargo_table{
    CargoTraits{Kind::image, "image", WhenFull::refuse, false, false},
    CargoTraits{Kind::message, "message", WhenFull::use_reserve, false, false},
    CargoTraits{Kind::sample, "sample", WhenFull::drop_oldest, true, true},
    CargoTraits{Kind::event, "event", WhenFull::use_reserve, true, false},
};
constexpr const CargoTraits& traits(Kind kind) { return cargo_table[static_cast<std::size_t>(kind) - 1]; }

std::string_view to_string(Priority priority);

struct Item {
  Uuid id;             // minted once, at the first node
  std::string origin;  // name of the first node
  Kind kind = Kind::image;
  Priority priority = Priority::routine;
  std::uint64_t size = 0;  // bytes of the payload
  Digest sha256{};         // of the payload; for DICOM the data set without preamble and group 2
  WallTime received{};     // at the first node, for people only
  Facts facts;
};

}  // namespace sampan::core
