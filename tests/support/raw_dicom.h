// SPDX-License-Identifier: Apache-2.0
// Raw DICOM: associations and messages over plain sockets, without DCMTK, for the tools the tests drive.
//
// Bytes of a data set pass as they are, in fragments of any length. Both ends are here: what one encodes the other
// decodes (PS3.7 annex E, PS3.8 section 9.3).
// Threads: a Connection belongs to one thread; shut() may come from any.
// Fails:   a broken or silent peer -> Errc::unreachable or Errc::timeout; nonsense from it -> Errc::invalid.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace sampan::test {

class Connection {
 public:
  // Takes a connected socket over and sets TCP_NODELAY. silence_max bounds every wait for the peer.
  Connection(int fd, Millis silence_max);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  // Without it, the kernel delays its acknowledgements as it does for a program that does nothing about it.
  void acknowledge_at_once() { quickack_ = true; }
  // All pieces, in order.
  Status send(std::span<const ByteView> pieces);
  Status send(ByteView bytes) { return send(std::span(&bytes, 1)); }
  // All of into.
  Status read(ByteSpan into);
  void shut();

 private:
  int fd_;
  bool quickack_ = false;
};

Result<Connection> dial(const std::string& host, std::uint16_t port, Millis silence_max);
struct Listener {
  int fd = -1;
  std::uint16_t port = 0;
};
// port 0 takes a free one.
Result<Listener> listen_at(const std::string& host, std::uint16_t port);

enum class PduType : std::uint8_t { associate_rq = 1, associate_ac, associate_rj, data, release_rq, release_rp, abort };
struct Pdu {
  PduType type{};
  Bytes body;
};
// Reads into pdu, whose memory is reused.
Status read_pdu(Connection& connection, Pdu& pdu);
Status send_pdu(Connection& connection, PduType type, ByteView body);

// A presentation context. In an answer: one transfer syntax, and the result as on the wire.
struct Context {
  std::uint8_t id = 1;
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;
  std::uint8_t result = 0;
};
struct Associate {
  std::string called;
  std::string calling;
  std::uint32_t pdu_bytes_max = 0;  // what the sender of it is ready to receive; 0 no limit
  std::vector<Context> contexts;
};
Bytes encode_associate(PduType type, const Associate& associate);
Result<Associate> decode_associate(ByteView body);

inline constexpr std::uint16_t c_store_rq = 0x0001, c_store_rsp = 0x8001, c_echo_rq = 0x0030, c_echo_rsp = 0x8030;
struct Command {
  std::uint16_t field = 0;
  std::uint16_t message_id = 0;  // in a response: the one responded to
  std::uint16_t status = 0;      // only in a response
  bool has_data_set = false;
  std::string sop_class;
  std::string sop_instance;
  std::string comment{};  // only in a response, and only written
};
Bytes encode_command(const Command& command);
Result<Command> decode_command(ByteView bytes);

// How a message is cut into PDUs.
struct Cutting {
  std::uint32_t pdu_bytes_max = 16384;
  bool odd = false;  // fragments of the data set get an odd length, which the standard forbids (but for the last)
};
// The data set is the pieces one after the other.
Status send_message(Connection& connection, std::uint8_t context, const Command& command,
                    std::span<const ByteView> data_set, const Cutting& cutting);

struct Message {
  PduType type = PduType::data;  // anything else ended the association; the command is empty then
  std::uint8_t context = 0;
  Command command;
};
// Text of a peer as one word of a line: "-" when empty, "_" for what is not printable.
std::string word_of(std::string text);

using TakeData = std::function<void(const Message&, ByteView fragment)>;
// The next message; its data set goes to take as it arrives.
Result<Message> read_message(Connection& connection, Pdu& pdu, const TakeData& take);

}  // namespace sampan::test
