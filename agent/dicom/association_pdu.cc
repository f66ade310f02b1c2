// SPDX-License-Identifier: Apache-2.0
#include "dicom/association_pdu.h"

#include <cstdint>

#include "dicom/big_endian.h"

namespace sampan::dicom {
namespace {

constexpr std::size_t before_items = 6 + 68;  // header, version, titles, reserved
constexpr std::size_t uid_bytes_max = 64;
constexpr std::uint8_t name_and_password = 2;
constexpr std::uint8_t associate_request = 0x01, associate_acceptance = 0x02;
constexpr std::uint8_t application_context = 0x10, proposed_context = 0x20, answered_context = 0x21, abstract_syntax = 0x30,
                       transfer_syntax = 0x40, user_information = 0x50, maximum_length = 0x51, implementation_class = 0x52, role = 0x54,
                       implementation_version = 0x55, extended_negotiation = 0x56, identity = 0x58, identity_answer = 0x59;

// Items that follow each other without a gap, each of which is as it should be.
template <class Sound>
bool all_items(ByteView left, const Sound& sound) {
  while (!left.empty()) {
    if (left.size() < 4) return false;
    const std::size_t bytes = load_be16(&left[2]);
    if (bytes > left.size() - 4 || !sound(left[0], left.subspan(4, bytes))) return false;
    left = left.subspan(4 + bytes);
  }
  return true;
}

// A UID or a text with its length before it, and so many bytes around it.
bool holds_text(ByteView value, std::size_t around, std::size_t at, std::size_t bytes_max) {
  if (value.size() < around) return false;
  const std::size_t bytes = load_be16(&value[at]);
  return bytes <= value.size() - around && bytes <= bytes_max;
}

// Only a name with a password has two fields (PS3.7 D.3.3.7.1).
bool is_sound_identity(ByteView value) {
  if (!holds_text(value, 6, 2, value.size())) return false;
  const std::size_t primary = load_be16(&value[2]), secondary = value.size() - 6 - primary;
  return load_be16(&value[4 + primary]) == secondary && (secondary == 0 || value[0] == name_and_password);
}

// Its answer, to the last byte.
bool is_sound_identity_answer(ByteView value) { return value.size() >= 2 && load_be16(value.data()) == value.size() - 2; }

bool is_sound_context(std::uint8_t type, ByteView value) {
  if (value.size() < 4) return false;
  const bool answer = type == answered_context;
  if (answer && value[2] != 0) return true;  // refused: nobody reads on
  std::size_t syntaxes = 0;
  const bool sound = all_items(value.subspan(4), [&syntaxes](std::uint8_t inner, ByteView uid) {
    syntaxes += inner == transfer_syntax;
    return (inner != abstract_syntax && inner != transfer_syntax) || uid.size() <= uid_bytes_max;
  });
  return sound && (answer ? syntaxes == 1 : syntaxes > 0);
}

bool is_sound_information(ByteView information) {
  unsigned identities = 0;
  return all_items(information, [&identities](std::uint8_t type, ByteView value) {
    switch (type) {
      case maximum_length: return value.size() == 4;
      case implementation_class:
      case implementation_version: return value.size() <= uid_bytes_max;
      case role: return holds_text(value, 4, 0, uid_bytes_max);
      case extended_negotiation: return holds_text(value, 2, 0, uid_bytes_max);
      case identity: return ++identities == 1 && is_sound_identity(value);
      case identity_answer: return ++identities == 1 && is_sound_identity_answer(value);
      default: return true;
    }
  });
}

}  // namespace

bool is_association_pdu(std::uint8_t type) { return type == associate_request || type == associate_acceptance; }

bool is_sound_association_pdu(ByteView pdu) {
  if (pdu.size() < before_items || !is_association_pdu(pdu[0])) return false;
  unsigned users = 0;
  const std::uint8_t context = pdu[0] == associate_request ? proposed_context : answered_context;
  return all_items(pdu.subspan(before_items), [&users, context](std::uint8_t type, ByteView value) {
    switch (type) {
      case application_context: return value.size() <= uid_bytes_max;
      case proposed_context:
      case answered_context: return type == context && is_sound_context(type, value);
      case user_information: return ++users == 1 && is_sound_information(value);
      default: return true;
    }
  });
}

}  // namespace sampan::dicom
