// SPDX-License-Identifier: Apache-2.0
// CommandSet: the group 0000 elements of a DIMSE message (PS3.7 6.3 and annex E), encoded and decoded by ourselves.
//
// Always Implicit VR Little Endian. Elements that this node does not use are skipped. UIDs lose their trailing padding
// and nothing else: whether they are well formed is not judged here.
// Threads: plain functions on plain values.
// Fails:   bytes that break the encoding, or no Command Field or Command Data Set Type -> Errc::invalid; never reads
//          outside what it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sampan::dicom {

// Command Field (0000,0100), PS3.7 E.1-1.
namespace command {
inline constexpr std::uint16_t c_store_rq = 0x0001;
inline constexpr std::uint16_t c_store_rsp = 0x8001;
inline constexpr std::uint16_t c_get_rq = 0x0010;
inline constexpr std::uint16_t c_find_rq = 0x0020;
inline constexpr std::uint16_t c_find_rsp = 0x8020;
inline constexpr std::uint16_t c_move_rq = 0x0021;
inline constexpr std::uint16_t c_echo_rq = 0x0030;
inline constexpr std::uint16_t c_echo_rsp = 0x8030;
inline constexpr std::uint16_t n_event_report_rq = 0x0100;
inline constexpr std::uint16_t n_event_report_rsp = 0x8100;
inline constexpr std::uint16_t n_get_rq = 0x0110;
inline constexpr std::uint16_t n_set_rq = 0x0120;
inline constexpr std::uint16_t n_set_rsp = 0x8120;
inline constexpr std::uint16_t n_action_rq = 0x0130;
inline constexpr std::uint16_t n_action_rsp = 0x8130;
inline constexpr std::uint16_t n_create_rq = 0x0140;
inline constexpr std::uint16_t n_create_rsp = 0x8140;
inline constexpr std::uint16_t n_delete_rq = 0x0150;
inline constexpr std::uint16_t c_cancel_rq = 0x0FFF;
inline constexpr std::uint16_t response_bit = 0x8000;
}  // namespace command

inline constexpr std::uint16_t no_data_set = 0x0101;    // (0000,0800)
inline constexpr std::uint16_t with_data_set = 0x0000;  // any other value means the same
inline constexpr std::size_t error_comment_bytes_max = 64;

// Absent elements are empty; absent UIDs and texts are empty strings.
struct CommandSet {
  std::uint16_t command_field = 0;
  std::uint16_t data_set_type = no_data_set;
  std::optional<std::uint16_t> message_id;
  std::optional<std::uint16_t> message_id_responded_to;
  std::optional<std::uint16_t> priority;  // 0 medium, 1 high, 2 low
  std::optional<std::uint16_t> status;
  std::optional<std::uint16_t> event_type_id;
  std::optional<std::uint16_t> action_type_id;
  std::optional<std::uint16_t> move_originator_message_id;
  std::string affected_sop_class_uid;
  std::string requested_sop_class_uid;
  std::string affected_sop_instance_uid;
  std::string requested_sop_instance_uid;
  std::string move_originator_ae;
  std::string error_comment;  // decoded: whatever the peer sent, treat as patient data

  bool has_data_set() const { return data_set_type != no_data_set; }
  bool is_response() const { return (command_field & command::response_bit) != 0; }
};

Result<CommandSet> decode(ByteView bytes);
// With the group length; an error comment is cut to error_comment_bytes_max.
Bytes encode(const CommandSet& command);

// The answer to request, naming its message and the class and instance it was about; no data set.
CommandSet response_to(const CommandSet& request, std::uint16_t status, std::string_view error_comment = {});

}  // namespace sampan::dicom
