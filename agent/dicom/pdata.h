// SPDX-License-Identifier: Apache-2.0
// P-DATA: reading and writing the PDUs of an established association (PS3.8 9.3.5 to 9.3.8) over a Wire.
//
// The reader hands out fragments as they arrive, in place, so that memory follows neither the peer's PDU length nor
// the object's size; any fragment length is accepted, odd ones too. The writer sends a data set byte for byte, one
// PDV per PDU, a command together with the first bytes of its data set.
// Threads: one thread at a time; Wire::plug() interrupts.
// Fails:   broken framing, fragments without content and without end among it -> Errc::invalid; a message that drips -> Errc::timeout;
//          and as Wire. After any failure the association is good for nothing but being dropped.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "dicom/command_set.h"
#include "dicom/transport.h"

namespace sampan::dicom {

inline constexpr unsigned message_bytes_per_second_min = 64;     // while a message comes, over as long as a wait may take
inline constexpr std::size_t receive_bytes = 128u << 10;         // buffer of a reader
inline constexpr std::size_t send_bytes = 256u << 10;            // data set bytes per send of a writer

enum class PduEvent { fragment, release_request, release_response, abort };

// What came next. The fields after event belong to a fragment.
struct Incoming {
  PduEvent event = PduEvent::fragment;
  std::uint8_t context = 0;
  bool command = false;
  bool last = false;  // the message's command set, or its data set, ends with these bytes
  ByteView bytes;     // part of one PDV, possibly empty; valid until the next call
  std::uint8_t abort_source = 0;
  std::uint8_t abort_reason = 0;
};

// A command set that is complete, or the end of the association.
struct IncomingCommand {
  PduEvent event = PduEvent::fragment;
  std::uint8_t context = 0;
  CommandSet command;
};

class PdataReader {
 public:
  explicit PdataReader(Wire& wire) : wire_(wire), buffer_(receive_bytes) {}

  // timeout: without any byte arriving, and the time over which a message that has begun must not drip.
  Result<Incoming> next(Millis timeout);
  // Fragments of a data set where a command is due are broken framing.
  Result<IncomingCommand> next_command(Millis timeout);
  // Nothing was received ahead of what has been handed out.
  bool drained() const { return begin_ == end_; }

 private:
  Status need(std::size_t bytes, Millis timeout);
  Result<std::size_t> receive(Millis timeout);
  Status begin_pdu(Millis timeout);
  Result<Incoming> control_pdu(std::uint8_t type, Millis timeout);
  Status begin_pdv(Millis timeout);
  Status note_content(bool some);

  Wire& wire_;
  Bytes buffer_;
  std::size_t begin_ = 0;  // unread bytes are [begin_, end_) of buffer_
  std::size_t end_ = 0;
  std::uint8_t pdu_type_ = 0;
  std::uint32_t pdu_left_ = 0;  // bytes of the current PDU not yet taken
  std::uint32_t pdv_left_ = 0;
  bool in_pdv_ = false;
  unsigned without_content_ = 0;  // fragments and PDUs in a row
  bool begun_ = false;           // bytes of a message have come
  Millis waited_{};              // for more of it, since it was last found to be fast enough
  std::uint64_t come_ = 0;       // meanwhile
  std::uint8_t context_ = 0;
  std::uint8_t control_ = 0;
};

// Fills into with the data set from offset on; fewer bytes than asked for fail the send.
using DataSource = std::function<Result<std::size_t>(std::uint64_t offset, ByteSpan into)>;

class PdataWriter {
 public:
  // peer_pdu_bytes_max: the maximum length the peer announced; 0 means no limit.
  PdataWriter(Wire& wire, std::uint32_t peer_pdu_bytes_max, Millis timeout);

  // A command without a data set: one send.
  Status send(std::uint8_t context, const CommandSet& command);
  // A command and its data set. The first read of source comes before the first byte is sent: began() tells.
  Status send(std::uint8_t context, const CommandSet& command, std::uint64_t size, const DataSource& source);
  // Reads the beginning of the data set that will be sent next, while the peer is busy with the last one. send() takes it
  // instead of its first read, so source must be of the same data set; what cannot be read is left to send() to find.
  void read_ahead(std::uint64_t size, const DataSource& source);
  // Another data set goes next.
  void forget_ahead() { ahead_bytes_ = 0; }
  // False when the send that just failed had written nothing: the association is still good.
  bool began() const { return began_; }

  Status send_release_request();
  Status send_release_response();
  // source 0: service user, 2: service provider; reason by PS3.8 table 9-26.
  Status send_abort(std::uint8_t source, std::uint8_t reason);

 private:
  using Header = std::array<std::uint8_t, 12>;  // of a PDU and the one PDV in it

  void begin(std::uint8_t context, const CommandSet& command);
  void add_header(std::uint8_t context, unsigned control, std::size_t bytes);
  // left: bytes of the data set from block on.
  void add_data(std::uint8_t context, ByteView block, std::uint64_t left);
  Status write();
  Status send_control(std::uint8_t type, std::uint8_t source, std::uint8_t reason);

  Wire& wire_;
  std::size_t pdv_bytes_max_;  // data bytes per PDV, even
  Millis timeout_;
  bool began_ = false;
  std::size_t pdv_left_ = 0;  // announced to the peer, not yet given
  Bytes command_;
  Bytes buffer_;                  // of a data set; grows to send_bytes
  Bytes ahead_;                   // of the next one; grows to sent_ahead_bytes_max
  std::size_t ahead_bytes_ = 0;   // read into ahead_
  std::deque<Header> headers_;    // of what pieces_ points to
  std::vector<ByteView> pieces_;  // of the next send
};

}  // namespace sampan::dicom
