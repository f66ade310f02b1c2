// SPDX-License-Identifier: Apache-2.0
#include "dicom/command_set.h"

#include <doctest/doctest.h>

#include <string>

using namespace sampan;
using namespace sampan::dicom;

namespace {

CommandSet store_request() {
  CommandSet command;
  command.command_field = command::c_store_rq;
  command.data_set_type = with_data_set;
  command.message_id = 7;
  command.priority = 1;
  command.affected_sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";  // 25 characters: padded
  command.affected_sop_instance_uid = "2.25.1234";
  return command;
}

Bytes element(std::uint16_t group, std::uint16_t number, std::uint32_t length, std::string_view value) {
  Bytes bytes(8);
  store_le(&bytes[0], group);
  store_le(&bytes[2], number);
  store_le(&bytes[4], length);
  bytes.insert(bytes.end(), value.begin(), value.end());
  return bytes;
}
Bytes element(std::uint16_t number, std::string_view value) {
  return element(0, number, static_cast<std::uint32_t>(value.size()), value);
}
void add(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes least() {
  Bytes bytes = element(0x0100, std::string_view("\x30\x00", 2));
  add(bytes, element(0x0800, std::string_view("\x01\x01", 2)));
  return bytes;
}

}  // namespace

TEST_CASE("encodes_an_echo_request_byte_for_byte_as_the_standard_has_it") {
  CommandSet echo;
  echo.command_field = command::c_echo_rq;
  echo.message_id = 1;
  echo.affected_sop_class_uid = "1.2.840.10008.1.1";
  // Implicit VR Little Endian, PS3.5 7.1.3: group, element, length, value; the UID padded with one NUL.
  const std::string expected =
      "000000000400000038000000"
      "0000020012000000312e322e3834302e31303030382e312e3100"
      "00000001020000003000"
      "00001001020000000100"
      "00000008020000000101";
  CHECK(to_hex(encode(echo)) == expected);
}

TEST_CASE("group_length_counts_everything_after_it") {
  const Bytes bytes = encode(store_request());
  CHECK(load_le<std::uint32_t>(&bytes[8]) == bytes.size() - 12);
}

TEST_CASE("decodes_what_it_encodes") {
  CommandSet command = store_request();
  command.move_originator_ae = "PACS";
  command.move_originator_message_id = 9;
  command.status = 0xB007;
  command.error_comment = "odd";
  command.event_type_id = 2;
  command.action_type_id = 3;
  command.requested_sop_class_uid = "1.2.3";
  command.requested_sop_instance_uid = "1.2.3.4";
  command.message_id_responded_to = 11;
  const auto decoded = decode(encode(command));
  REQUIRE(decoded.ok());
  CHECK(decoded->command_field == command::c_store_rq);
  CHECK(decoded->has_data_set());
  CHECK(decoded->message_id == 7);
  CHECK(decoded->message_id_responded_to == 11);
  CHECK(decoded->priority == 1);
  CHECK(decoded->status == 0xB007);
  CHECK(decoded->event_type_id == 2);
  CHECK(decoded->action_type_id == 3);
  CHECK(decoded->affected_sop_class_uid == "1.2.840.10008.5.1.4.1.1.2");
  CHECK(decoded->affected_sop_instance_uid == "2.25.1234");
  CHECK(decoded->requested_sop_class_uid == "1.2.3");
  CHECK(decoded->requested_sop_instance_uid == "1.2.3.4");
  CHECK(decoded->move_originator_ae == "PACS");
  CHECK(decoded->move_originator_message_id == 9);
  CHECK(decoded->error_comment == "odd");
}

TEST_CASE("every_cut_of_a_command_set_is_an_error_or_a_shorter_command_and_never_read_beyond") {
  const Bytes whole = encode(store_request());
  unsigned refused = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));  // its own allocation
    if (!decode(cut)) ++refused;
  }
  CHECK(refused > whole.size() - 30);  // only whole elements after the data set type may be missing
}

TEST_CASE("refuses_a_value_longer_than_the_message") {
  for (const std::uint32_t length : {5u, 0x7fffffffu, 0xffffffffu}) {
    Bytes bytes = least();
    add(bytes, element(0, 0x0902, length, "abcd"));
    CHECK_FALSE(decode(bytes).ok());
  }
}

TEST_CASE("refuses_a_command_without_field_or_data_set_type") {
  CHECK(decode(least()).ok());
  CHECK_FALSE(decode(element(0x0100, std::string_view("\x30\x00", 2))).ok());
  CHECK_FALSE(decode(element(0x0800, std::string_view("\x01\x01", 2))).ok());
  CHECK_FALSE(decode({}).ok());
}

TEST_CASE("skips_elements_it_does_not_know_and_accepts_a_missing_or_wrong_group_length") {
  Bytes bytes = element(0x0000, std::string_view("\xff\xff\xff\x7f", 4));
  add(bytes, least());
  add(bytes, element(0x5020, "recognition"));
  add(bytes, element(0x0009, 0x0010, 4, "PRIV"));
  CHECK(decode(bytes).ok());
}

TEST_CASE("refuses_a_number_of_one_byte_and_takes_an_empty_one_as_absent") {
  Bytes one = least();
  add(one, element(0x0110, "\x01"));
  CHECK_FALSE(decode(one).ok());
  Bytes none = least();
  add(none, element(0x0110, ""));
  REQUIRE(decode(none).ok());
  CHECK_FALSE(decode(none)->message_id.has_value());
}

TEST_CASE("strips_padding_of_uids_and_nothing_else") {
  for (const std::string_view padded : {std::string_view("1.2.x\0", 6), std::string_view("1.2.x ", 6)}) {
    Bytes bytes = least();
    add(bytes, element(0x1000, padded));
    REQUIRE(decode(bytes).ok());
    CHECK(decode(bytes)->affected_sop_instance_uid == "1.2.x");
  }
}

TEST_CASE("a_response_names_message_class_and_instance_and_its_comment_fits") {
  const CommandSet response = response_to(store_request(), 0xA700, std::string(200, 'x'));
  CHECK(response.command_field == command::c_store_rsp);
  CHECK(response.message_id_responded_to == 7);
  CHECK_FALSE(response.message_id.has_value());
  CHECK_FALSE(response.has_data_set());
  const auto decoded = decode(encode(response));
  REQUIRE(decoded.ok());
  CHECK(decoded->status == 0xA700);
  CHECK(decoded->affected_sop_instance_uid == "2.25.1234");
  CHECK(decoded->error_comment == std::string(64, 'x'));
}
