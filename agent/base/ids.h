// SPDX-License-Identifier: Apache-2.0
// Ids: the UUIDv7 (RFC 9562) an item gets once, at the first node, and keeps on every hop.
//
// The time in it is for people. Nothing is ever ordered by it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace sampan {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  bool is_nil() const { return *this == Uuid{}; }
};

Uuid make_uuid7(WallTime now, Random& random);
// 36 characters, lower case, with hyphens.
std::string to_string(const Uuid& id);
// Nil when text is not a UUID.
Uuid uuid_from(std::string_view text);
// "2.25." and the number, a UID that needs no registration (PS3.5 B.2).
std::string to_dicom_uid(const Uuid& id);

struct UuidHash {
  std::size_t operator()(const Uuid& id) const noexcept;
};

}  // namespace sampan
