// SPDX-License-Identifier: Apache-2.0
#include "dicom/pdata.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "dicom/big_endian.h"

namespace sampan::dicom {
namespace {

constexpr std::uint8_t type_data = 0x04;
constexpr std::uint8_t type_release_request = 0x05;
constexpr std::uint8_t type_release_response = 0x06;
constexpr std::uint8_t type_abort = 0x07;
constexpr std::size_t pdu_header_bytes = 6;  // type, reserved, length
constexpr std::size_t pdv_header_bytes = 6;  // length, context, control
constexpr std::uint8_t control_command = 0x01;
constexpr std::uint8_t control_last = 0x02;
constexpr std::uint32_t control_pdu_bytes = 4;
constexpr unsigned without_content_max = 1000;  // fragments and PDUs in a row that bring nothing nearer
constexpr std::size_t pdv_bytes_min = 256;  // sent per PDV even where the peer announced a senseless maximum

std::size_t pdv_bytes_for(std::uint32_t peer_pdu_bytes_max) {
  const std::uint32_t pdu =
      peer_pdu_bytes_max == 0 ? core::limits::pdu_sent_bytes_max : std::min(peer_pdu_bytes_max, core::limits::pdu_sent_bytes_max);
  const std::size_t data = pdu > pdv_header_bytes ? pdu - pdv_header_bytes : 0;
  return std::max(data & ~std::size_t{1}, pdv_bytes_min);
}

}  // namespace

// Reader

Status PdataReader::need(std::size_t bytes, Millis timeout) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - begin_ < bytes) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < bytes) {
    auto got = receive(timeout);
    if (!got) return got.error();
    end_ += *got;
  }
  return {};
}

// Whoever sends a byte now and then, so that no wait is ever too long, must not keep an association for ever. Only
// waiting counts: what was there already came fast enough.
Result<std::size_t> PdataReader::receive(Millis timeout) {
  const MonoTime before = system_clock().mono();
  auto got = wire_.receive(ByteSpan(buffer_).subspan(end_), timeout);
  if (!got || !std::exchange(begun_, true)) return got;  // nobody knows when a message begins
  waited_ += system_clock().mono() - before;
  come_ += *got;
  if (waited_ < timeout) return got;
  if (come_ * 1000 < message_bytes_per_second_min * static_cast<std::uint64_t>(waited_.count()))
    return fail(Errc::timeout, "the peer sends too slowly");
  waited_ = Millis(0);
  come_ = 0;
  return got;
}

Status PdataReader::begin_pdu(Millis timeout) {
  if (Status ready = need(pdu_header_bytes, timeout); !ready) return ready;
  pdu_type_ = buffer_[begin_];
  pdu_left_ = load_be32(&buffer_[begin_ + 2]);
  begin_ += pdu_header_bytes;
  return {};
}

Result<Incoming> PdataReader::control_pdu(std::uint8_t type, Millis timeout) {
  if (pdu_left_ != control_pdu_bytes) return fail(Errc::invalid, "PDU of a wrong length");
  if (Status ready = need(control_pdu_bytes, timeout); !ready) return ready.error();
  Incoming incoming;
  switch (type) {
    case type_release_request:
      incoming.event = PduEvent::release_request;
      break;
    case type_release_response:
      incoming.event = PduEvent::release_response;
      break;
    case type_abort:
      incoming.event = PduEvent::abort;
      break;
    default:
      return fail(Errc::invalid, "PDU that does not belong here");
  }
  incoming.abort_source = buffer_[begin_ + 2];
  incoming.abort_reason = buffer_[begin_ + 3];
  begin_ += control_pdu_bytes;
  pdu_left_ = 0;
  return incoming;
}

Status PdataReader::begin_pdv(Millis timeout) {
  if (pdu_left_ < pdv_header_bytes) return fail(Errc::invalid, "PDV header cut short");
  if (Status ready = need(pdv_header_bytes, timeout); !ready) return ready;
  const std::uint32_t length = load_be32(&buffer_[begin_]);
  if (length < 2 || length > pdu_left_ - 4) return fail(Errc::invalid, "PDV longer than its PDU");
  context_ = buffer_[begin_ + 4];
  control_ = buffer_[begin_ + 5];
  begin_ += pdv_header_bytes;
  pdu_left_ -= pdv_header_bytes;
  pdv_left_ = length - 2;
  in_pdv_ = true;
  return {};
}

// They come as fast as the line carries them, so that no time limit ends them, and fill nothing, so that no other does.
Status PdataReader::note_content(bool some) {
  without_content_ = some ? 0 : without_content_ + 1;
  return without_content_ > without_content_max ? fail(Errc::invalid, "fragments without content and without end") : Status();
}

Result<Incoming> PdataReader::next(Millis timeout) {
  while (!in_pdv_) {
    if (pdu_left_ == 0) {
      if (Status begun = begin_pdu(timeout); !begun) return begun.error();
      if (pdu_type_ != type_data) return control_pdu(pdu_type_, timeout);
      if (pdu_left_ == 0) {  // an empty P-DATA-TF says nothing
        if (Status noted = note_content(false); !noted) return noted.error();
        continue;
      }
    }
    if (Status begun = begin_pdv(timeout); !begun) return begun.error();
  }
  if (pdv_left_ != 0) {
    if (Status ready = need(1, timeout); !ready) return ready.error();
  }
  const std::size_t bytes = std::min<std::size_t>(pdv_left_, end_ - begin_);
  Incoming incoming;
  incoming.context = context_;
  incoming.command = (control_ & control_command) != 0;
  incoming.bytes = ByteView(buffer_).subspan(begin_, bytes);
  begin_ += bytes;
  pdv_left_ -= static_cast<std::uint32_t>(bytes);
  pdu_left_ -= static_cast<std::uint32_t>(bytes);
  in_pdv_ = pdv_left_ != 0;
  incoming.last = !in_pdv_ && (control_ & control_last) != 0;
  if (Status noted = note_content(bytes > 0 || incoming.last); !noted) return noted.error();
  return incoming;
}

Result<IncomingCommand> PdataReader::next_command(Millis timeout) {
  Bytes gathered;
  std::uint8_t context = 0;
  begun_ = false;
  waited_ = Millis(0);
  come_ = 0;
  for (;;) {
    auto incoming = next(timeout);
    if (!incoming) return incoming.error();
    if (incoming->event != PduEvent::fragment) return IncomingCommand{incoming->event, 0, {}};
    if (!incoming->command) return fail(Errc::invalid, "data set where a command was due");
    if (!gathered.empty() && incoming->context != context) return fail(Errc::invalid, "command over two contexts");
    context = incoming->context;
    if (gathered.size() + incoming->bytes.size() > core::limits::command_bytes_max)
      return fail(Errc::invalid, "command set too long");
    gathered.insert(gathered.end(), incoming->bytes.begin(), incoming->bytes.end());
    if (!incoming->last) continue;
    auto command = decode(gathered);
    if (!command) return command.error();
    return IncomingCommand{PduEvent::fragment, context, std::move(*command)};
  }
}

// Writer

PdataWriter::PdataWriter(Wire& wire, std::uint32_t peer_pdu_bytes_max, Millis timeout)
    : wire_(wire), pdv_bytes_max_(pdv_bytes_for(peer_pdu_bytes_max)), timeout_(timeout) {}

void PdataWriter::begin(std::uint8_t context, const CommandSet& command) {
  began_ = false;
  pdv_left_ = 0;
  headers_.clear();
  pieces_.clear();
  command_ = encode(command);
  ByteView rest(command_);
  while (!rest.empty()) {
    const ByteView part = rest.first(std::min(pdv_bytes_max_, rest.size()));
    rest = rest.subspan(part.size());
    add_header(context, rest.empty() ? control_command | control_last : control_command, part.size());
    pieces_.push_back(part);
  }
}

void PdataWriter::add_header(std::uint8_t context, unsigned control, std::size_t bytes) {
  Header& header = headers_.emplace_back();
  header[0] = type_data;
  store_be32(&header[2], static_cast<std::uint32_t>(bytes + pdv_header_bytes));
  store_be32(&header[6], static_cast<std::uint32_t>(bytes + 2));
  header[10] = context;
  header[11] = static_cast<std::uint8_t>(control);
  pieces_.emplace_back(header);
}

void PdataWriter::add_data(std::uint8_t context, ByteView block, std::uint64_t left) {
  do {
    if (pdv_left_ == 0) {
      pdv_left_ = static_cast<std::size_t>(std::min<std::uint64_t>(pdv_bytes_max_, left));
      add_header(context, pdv_left_ == left ? control_last : 0u, pdv_left_);
    }
    const ByteView part = block.first(std::min(pdv_left_, block.size()));
    pieces_.push_back(part);
    block = block.subspan(part.size());
    pdv_left_ -= part.size();
    left -= part.size();
  } while (!block.empty());
}

Status PdataWriter::write() {
  began_ = true;
  Status sent = wire_.send(pieces_, timeout_);
  headers_.clear();
  pieces_.clear();
  return sent;
}

Status PdataWriter::send(std::uint8_t context, const CommandSet& command) {
  begin(context, command);
  return write();
}

void PdataWriter::read_ahead(std::uint64_t size, const DataSource& source) {
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(size, core::limits::sent_ahead_bytes_max));
  if (ahead_.size() < bytes) ahead_.resize(bytes);
  const auto got = source(0, ByteSpan(ahead_).first(bytes));
  ahead_bytes_ = got && *got == bytes ? bytes : 0;
}

Status PdataWriter::send(std::uint8_t context, const CommandSet& command, std::uint64_t size,
                         const DataSource& source) {
  begin(context, command);
  std::uint64_t at = 0;
  if (const std::size_t ready = std::exchange(ahead_bytes_, 0); ready > 0 && ready <= size) {
    add_data(context, ByteView(ahead_).first(ready), size);
    if (Status sent = write(); !sent) return sent;
    at = ready;
  }
  const auto block_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, send_bytes));
  if (buffer_.size() < block_bytes) buffer_.resize(block_bytes);
  while (at < size || at == 0) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, block_bytes));
    const ByteSpan block = ByteSpan(buffer_).first(bytes);
    const auto got = source(at, block);
    if (!got) return got.error();
    if (*got != bytes) return fail(Errc::damaged, "the data set ends early");
    add_data(context, block, size - at);
    if (Status sent = write(); !sent) return sent;
    if ((at += bytes) == 0) break;  // an empty data set is one empty fragment
  }
  return {};
}

Status PdataWriter::send_control(std::uint8_t type, std::uint8_t source, std::uint8_t reason) {
  const std::array<std::uint8_t, pdu_header_bytes + control_pdu_bytes> pdu{type, 0, 0,      0,     0, control_pdu_bytes,
                                                                           0,    0, source, reason};
  const std::array<ByteView, 1> pieces{ByteView(pdu)};
  return wire_.send(pieces, timeout_);
}

Status PdataWriter::send_release_request() { return send_control(type_release_request, 0, 0); }
Status PdataWriter::send_release_response() { return send_control(type_release_response, 0, 0); }
Status PdataWriter::send_abort(std::uint8_t source, std::uint8_t reason) {
  return send_control(type_abort, source, reason);
}

}  // namespace sampan::dicom
