// SPDX-License-Identifier: Apache-2.0
#include "dicom/command_set.h"

#include <algorithm>
#include <string_view>

namespace sampan::dicom {
namespace {

// Element numbers in group 0000, PS3.7 E.1-1 and E.2-1.
enum Element : std::uint16_t {
  group_length = 0x0000,
  affected_class = 0x0002,
  requested_class = 0x0003,
  command_field = 0x0100,
  message_id = 0x0110,
  message_id_responded_to = 0x0120,
  priority = 0x0700,
  data_set_type = 0x0800,
  status = 0x0900,
  error_comment = 0x0902,
  affected_instance = 0x1000,
  requested_instance = 0x1001,
  event_type_id = 0x1002,
  action_type_id = 0x1008,
  move_originator_ae = 0x1030,
  move_originator_id = 0x1031
};

constexpr std::size_t header_bytes = 8;  // group, element, 32-bit length

std::string without_padding(ByteView value) {
  std::string_view text = as_text(value);
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

std::string trimmed(ByteView value) {
  std::string text = without_padding(value);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// Where each element lives, once for both directions.
template <class Command, class Number, class Text>
void visit(Command& c, const Number& number, const Text& text) {
  text(affected_class, c.affected_sop_class_uid, '\0');
  text(requested_class, c.requested_sop_class_uid, '\0');
  number(command_field, c.command_field);
  number(message_id, c.message_id);
  number(message_id_responded_to, c.message_id_responded_to);
  number(priority, c.priority);
  number(data_set_type, c.data_set_type);
  number(status, c.status);
  text(error_comment, c.error_comment, ' ');
  text(affected_instance, c.affected_sop_instance_uid, '\0');
  text(requested_instance, c.requested_sop_instance_uid, '\0');
  number(event_type_id, c.event_type_id);
  number(action_type_id, c.action_type_id);
  text(move_originator_ae, c.move_originator_ae, ' ');
  number(move_originator_id, c.move_originator_message_id);
}

// Elements of one value, ascending as they are written.
class Encoder {
 public:
  void number(std::uint16_t element, std::uint16_t value) {
    header(element, sizeof value);
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(&bytes_[at], value);
  }
  void text(std::uint16_t element, std::string_view value, char padding) {
    header(element, static_cast<std::uint32_t>(value.size() + value.size() % 2));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    if (value.size() % 2 != 0) bytes_.push_back(static_cast<std::uint8_t>(padding));
  }
  Bytes finish() && {
    const std::size_t length_element_bytes = header_bytes + sizeof(std::uint32_t);
    store_le(&bytes_[header_bytes], static_cast<std::uint32_t>(bytes_.size() - length_element_bytes));
    return std::move(bytes_);
  }
  Encoder() {
    bytes_.reserve(256);
    header(group_length, sizeof(std::uint32_t));
    bytes_.resize(bytes_.size() + sizeof(std::uint32_t));
  }

 private:
  void header(std::uint16_t element, std::uint32_t length) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + header_bytes);
    store_le(&bytes_[at], std::uint16_t{0});
    store_le(&bytes_[at + 2], element);
    store_le(&bytes_[at + 4], length);
  }
  Bytes bytes_;
};

// One element put where it belongs; false when a number is too short to be one.
bool take(CommandSet& command, std::uint16_t element, ByteView value) {
  bool fits = true;
  const auto number = [&](std::uint16_t mine, auto& to) {
    if (mine != element || value.empty()) return;
    fits = value.size() >= sizeof(std::uint16_t);
    if (fits) to = load_le<std::uint16_t>(value.data());
  };
  const auto text = [&](std::uint16_t mine, std::string& to, char padding) {
    if (mine == element) to = padding == ' ' ? trimmed(value) : without_padding(value);
  };
  visit(command, number, text);
  return fits;
}

}  // namespace

Result<CommandSet> decode(ByteView bytes) {
  CommandSet command;
  bool has_field = false;
  bool has_type = false;
  while (!bytes.empty()) {
    if (bytes.size() < header_bytes) return fail(Errc::invalid, "command set: element cut short");
    const auto group = load_le<std::uint16_t>(bytes.data());
    const auto element = load_le<std::uint16_t>(bytes.data() + 2);
    const auto length = load_le<std::uint32_t>(bytes.data() + 4);
    bytes = bytes.subspan(header_bytes);
    if (length > bytes.size()) return fail(Errc::invalid, "command set: value longer than the message");
    const ByteView value = bytes.first(length);
    bytes = bytes.subspan(length);
    if (group != 0) continue;
    if (!take(command, element, value)) return fail(Errc::invalid, "command set: number of one byte");
    has_field |= element == command_field && length != 0;
    has_type |= element == data_set_type && length != 0;
  }
  if (!has_field) return fail(Errc::invalid, "command set: no Command Field (0000,0100)");
  if (!has_type) return fail(Errc::invalid, "command set: no Command Data Set Type (0000,0800)");
  return command;
}

Bytes encode(const CommandSet& command) {
  Encoder encoder;
  struct Number {
    Encoder& to;
    void operator()(std::uint16_t element, std::uint16_t value) const { to.number(element, value); }
    void operator()(std::uint16_t element, const std::optional<std::uint16_t>& value) const {
      if (value) to.number(element, *value);
    }
  };
  const auto text = [&](std::uint16_t element, std::string_view value, char padding) {
    if (element == error_comment) value = value.substr(0, error_comment_bytes_max);
    if (!value.empty()) encoder.text(element, value, padding);
  };
  visit(command, Number{encoder}, text);
  return std::move(encoder).finish();
}

CommandSet response_to(const CommandSet& request, std::uint16_t status, std::string_view error_comment) {
  CommandSet response;
  response.command_field = request.command_field | command::response_bit;
  response.message_id_responded_to = request.message_id;
  response.status = status;
  response.affected_sop_class_uid =
      request.affected_sop_class_uid.empty() ? request.requested_sop_class_uid : request.affected_sop_class_uid;
  response.affected_sop_instance_uid = request.affected_sop_instance_uid.empty() ? request.requested_sop_instance_uid
                                                                                 : request.affected_sop_instance_uid;
  response.error_comment = error_comment;
  return response;
}

}  // namespace sampan::dicom
