// SPDX-License-Identifier: Apache-2.0
#include "support/raw_dicom.h"

#include <algorithm>
#include <deque>

namespace sampan::test {
namespace {

constexpr std::string_view application_context = "1.2.840.10008.3.1.1.1";
constexpr std::string_view implementation_uid = "2.25.138464117250894011247863091875230541226";
constexpr std::size_t associate_fixed_bytes = 68;
constexpr std::size_t pdu_body_bytes_max = 64u << 20;
constexpr std::uint16_t no_data_set = 0x0101;

void put_be(Bytes& out, std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i))));
}
void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

std::uint32_t load_be(ByteView bytes) {
  std::uint32_t value = 0;
  for (const auto byte : bytes) value = value << 8 | byte;
  return value;
}

void put_item(Bytes& out, std::uint8_t type, ByteView body) {
  put_be(out, type, 1);
  put_be(out, 0, 1);
  put_be(out, static_cast<std::uint32_t>(body.size()), 2);
  put(out, body);
}

std::string trimmed(ByteView bytes) {
  std::string_view text = as_text(bytes);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return std::string(text);
}

Bytes context_item(const Context& context, bool answer) {
  Bytes body{context.id, 0, context.result, 0};
  if (!answer) put_item(body, 0x30, as_bytes(context.abstract_syntax));
  for (const auto& syntax : context.transfer_syntaxes) put_item(body, 0x40, as_bytes(syntax));
  return body;
}

// Calls take(type, body) for every item; false when lengths do not fit.
template <class Take>
bool each_item(ByteView bytes, Take take) {
  while (bytes.size() >= 4) {
    const std::size_t length = load_be(bytes.subspan(2, 2));
    if (length > bytes.size() - 4) return false;
    take(bytes[0], bytes.subspan(4, length));
    bytes = bytes.subspan(4 + length);
  }
  return bytes.empty();
}

bool read_context(ByteView body, Context& context) {
  if (body.size() < 4) return false;
  context.id = body[0];
  context.result = body[2];
  return each_item(body.subspan(4), [&](std::uint8_t type, ByteView value) {
    if (type == 0x30) context.abstract_syntax = trimmed(value);
    if (type == 0x40) context.transfer_syntaxes.push_back(trimmed(value));
  });
}

// Elements of a command set: group 0000, Implicit VR Little Endian.
void put_element(Bytes& out, std::uint16_t element, ByteView value, bool pad) {
  Bytes header(8);
  store_le<std::uint16_t>(&header[2], element);
  store_le<std::uint32_t>(&header[4], static_cast<std::uint32_t>(value.size() + (pad ? value.size() % 2 : 0)));
  put(out, header);
  put(out, value);
  if (pad && value.size() % 2 != 0) out.push_back(0);
}
void put_u16(Bytes& out, std::uint16_t element, std::uint16_t value) {
  Bytes bytes(2);
  store_le(bytes.data(), value);
  put_element(out, element, bytes, false);
}

bool is_response(std::uint16_t field) { return (field & 0x8000) != 0; }

// One PDU holding one fragment: its 12 bytes of headers.
Bytes fragment_header(std::uint8_t context, bool command, bool last, std::size_t bytes) {
  Bytes out;
  put_be(out, 4, 1);
  put_be(out, 0, 1);
  put_be(out, static_cast<std::uint32_t>(bytes + 6), 4);
  put_be(out, static_cast<std::uint32_t>(bytes + 2), 4);
  out.push_back(context);
  out.push_back(static_cast<std::uint8_t>((command ? 1 : 0) | (last ? 2 : 0)));
  return out;
}

// Views of [from, from + count) of the pieces laid end to end.
void add_range(std::vector<ByteView>& out, std::span<const ByteView> pieces, std::size_t from, std::size_t count) {
  for (const ByteView piece : pieces) {
    if (from >= piece.size()) {
      from -= piece.size();
      continue;
    }
    const std::size_t here = std::min(count, piece.size() - from);
    if (here != 0) out.push_back(piece.subspan(from, here));
    count -= here;
    from = 0;
    if (count == 0) return;
  }
}

// A message on its way in.
struct Assembly {
  Message message;
  Bytes command;
  bool command_done = false;
  bool complete = false;
};

// fragment: context id, control byte, bytes.
Status add_fragment(Assembly& assembly, ByteView fragment, const TakeData& take) {
  const bool is_command = (fragment[1] & 1) != 0, is_last = (fragment[1] & 2) != 0;
  const ByteView bytes = fragment.subspan(2);
  if (is_command == assembly.command_done) return fail(Errc::invalid, "command and data set out of turn");
  assembly.message.context = fragment[0];
  if (!is_command) {
    take(assembly.message, bytes);
    assembly.complete = is_last;
    return {};
  }
  put(assembly.command, bytes);
  if (!is_last) return {};
  auto decoded = decode_command(assembly.command);
  if (!decoded) return decoded.error();
  assembly.message.command = *decoded;
  assembly.command_done = true;
  assembly.complete = !decoded->has_data_set;
  return {};
}

}  // namespace

Status read_pdu(Connection& connection, Pdu& pdu) {
  std::uint8_t header[6];
  if (Status got = connection.read(header); !got) return got;
  const std::size_t length = load_be(ByteView(header).subspan(2));
  if (header[0] < 1 || header[0] > 7 || length > pdu_body_bytes_max)
    return fail(Errc::invalid, "the peer does not speak DICOM");
  pdu.type = PduType{header[0]};
  pdu.body.resize(length);
  return connection.read(pdu.body);
}

Status send_pdu(Connection& connection, PduType type, ByteView body) {
  Bytes header{static_cast<std::uint8_t>(type), 0};
  put_be(header, static_cast<std::uint32_t>(body.size()), 4);
  const ByteView pieces[] = {header, body};
  return connection.send(pieces);
}

Bytes encode_associate(PduType type, const Associate& associate) {
  const bool answer = type == PduType::associate_ac;
  Bytes body{0, 1, 0, 0};
  for (std::string title : {associate.called, associate.calling}) {
    title.resize(16, ' ');
    put(body, as_bytes(title));
  }
  body.resize(associate_fixed_bytes);
  put_item(body, 0x10, as_bytes(application_context));
  for (const Context& context : associate.contexts) put_item(body, answer ? 0x21 : 0x20, context_item(context, answer));
  Bytes user, limit;
  put_be(limit, associate.pdu_bytes_max, 4);
  put_item(user, 0x51, limit);
  put_item(user, 0x52, as_bytes(implementation_uid));
  put_item(user, 0x55, as_bytes("SAMPAN_TEST"));
  put_item(body, 0x50, user);
  return body;
}

Result<Associate> decode_associate(ByteView body) {
  if (body.size() < associate_fixed_bytes) return fail(Errc::invalid, "association request is too short");
  Associate associate;
  associate.called = trimmed(body.subspan(4, 16));
  associate.calling = trimmed(body.subspan(20, 16));
  bool good = true;
  good &= each_item(body.subspan(associate_fixed_bytes), [&](std::uint8_t type, ByteView value) {
    if (type == 0x20 || type == 0x21) good &= read_context(value, associate.contexts.emplace_back());
    if (type != 0x50) return;
    good &= each_item(value, [&](std::uint8_t inner, ByteView limit) {
      if (inner == 0x51 && limit.size() == 4) associate.pdu_bytes_max = load_be(limit);
    });
  });
  if (!good) return fail(Errc::invalid, "association items do not fit their lengths");
  return associate;
}

Bytes encode_command(const Command& command) {
  const bool response = is_response(command.field);
  Bytes elements;
  if (!command.sop_class.empty()) put_element(elements, 0x0002, as_bytes(command.sop_class), true);
  put_u16(elements, 0x0100, command.field);
  put_u16(elements, response ? 0x0120 : 0x0110, command.message_id);
  if (command.field == c_store_rq) put_u16(elements, 0x0700, 0);
  put_u16(elements, 0x0800, command.has_data_set ? 0x0000 : no_data_set);
  if (response) put_u16(elements, 0x0900, command.status);
  if (!command.comment.empty()) put_element(elements, 0x0902, as_bytes(command.comment), true);
  if (!command.sop_instance.empty()) put_element(elements, 0x1000, as_bytes(command.sop_instance), true);
  Bytes out, length(4);
  store_le(length.data(), static_cast<std::uint32_t>(elements.size()));
  put_element(out, 0x0000, length, false);
  put(out, elements);
  return out;
}

Result<Command> decode_command(ByteView bytes) {
  Command command;
  while (bytes.size() >= 8) {
    const auto element = load_le<std::uint16_t>(&bytes[2]);
    const auto length = load_le<std::uint32_t>(&bytes[4]);
    if (length > bytes.size() - 8) return fail(Errc::invalid, "command set does not fit its lengths");
    const ByteView value = bytes.subspan(8, length);
    const std::uint16_t number = length >= 2 ? load_le<std::uint16_t>(value.data()) : 0;
    if (element == 0x0002) command.sop_class = trimmed(value);
    if (element == 0x0100) command.field = number;
    if (element == 0x0110 || element == 0x0120) command.message_id = number;
    if (element == 0x0800) command.has_data_set = number != no_data_set;
    if (element == 0x0900) command.status = number;
    if (element == 0x1000) command.sop_instance = trimmed(value);
    bytes = bytes.subspan(8 + length);
  }
  return command;
}

Status send_message(Connection& connection, std::uint8_t context, const Command& command,
                    std::span<const ByteView> data_set, const Cutting& cutting) {
  constexpr std::size_t fragments_at_once = 128;
  std::size_t total = 0;
  for (const ByteView piece : data_set) total += piece.size();
  std::size_t most = (cutting.pdu_bytes_max == 0 ? 131072u : std::max(cutting.pdu_bytes_max, 16u)) - 6;
  most = cutting.odd ? (most - 1) | 1 : most & ~std::size_t{1};

  const Bytes encoded = encode_command(command);
  std::deque<Bytes> headers{fragment_header(context, true, true, encoded.size())};
  std::vector<ByteView> pieces{headers.back(), encoded};
  std::size_t at = 0;
  bool more = command.has_data_set;
  while (more || !pieces.empty()) {
    for (; more && headers.size() < fragments_at_once; more = at < total) {
      const std::size_t count = std::min(most, total - at);
      pieces.push_back(headers.emplace_back(fragment_header(context, false, at + count == total, count)));
      add_range(pieces, data_set, at, count);
      at += count;
    }
    if (Status sent = connection.send(pieces); !sent) return sent;
    pieces.clear();
    headers.clear();
  }
  return {};
}

std::string word_of(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }, '_');
  return text.empty() ? "-" : text;
}

Result<Message> read_message(Connection& connection, Pdu& pdu, const TakeData& take) {
  Assembly assembly;
  while (!assembly.complete) {
    if (Status got = read_pdu(connection, pdu); !got) return got.error();
    assembly.message.type = pdu.type;
    if (pdu.type != PduType::data) break;
    ByteView left = pdu.body;
    while (left.size() >= 6 && !assembly.complete) {
      const std::size_t length = load_be(left.first(4));
      if (length < 2 || length > left.size() - 4) return fail(Errc::invalid, "fragment does not fit its PDU");
      if (Status added = add_fragment(assembly, left.subspan(4, length), take); !added) return added.error();
      left = left.subspan(4 + length);
    }
    if (!left.empty()) return fail(Errc::invalid, "bytes after the end of a message");
  }
  return assembly.message;
}

}  // namespace sampan::test
