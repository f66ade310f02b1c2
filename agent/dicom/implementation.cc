// SPDX-License-Identifier: Apache-2.0
#include "dicom/implementation.h"

namespace sampan::dicom {
namespace {

constexpr std::string_view characters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static_assert(characters.size() == 32);
static_assert(implementation_version.size() + 1 + identity_characters <= 16);

}  // namespace

std::string make_identity(Random& random) {
  std::string identity;
  for (std::uint64_t dice = random.next(); identity.size() < identity_characters; dice >>= 5) identity += characters[dice % characters.size()];
  return identity;
}

std::string association_name(std::string_view identity) {
  std::string name(implementation_version);
  if (!identity.empty()) name.append("_").append(identity.substr(0, identity_characters));
  return name;
}

bool is_oneself(std::string_view identity, std::string_view class_uid, std::string_view version_name) {
  return !identity.empty() && class_uid == implementation_uid && version_name == association_name(identity);
}

}  // namespace sampan::dicom
