// SPDX-License-Identifier: Apache-2.0
#include "core/limits.h"
#include "dicom/pdata.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <thread>
#include <utility>

using namespace sampan;
using namespace sampan::dicom;

namespace {

constexpr Millis patience{1000};

// Both ends in memory: gives what it was loaded with in portions, keeps what is sent.
class MemoryWire final : public Wire {
 public:
  Result<std::size_t> receive(ByteSpan into, Millis) override {
    std::this_thread::sleep_for(std::exchange(pause_once, Millis(0)) + pause);  // as long as the peer takes
    if (at_ == incoming.size()) return fail(Errc::unreachable, "the peer closed the connection");
    const std::size_t size = std::min({into.size(), portion, incoming.size() - at_});
    std::copy_n(incoming.begin() + static_cast<std::ptrdiff_t>(at_), size, into.begin());
    at_ += size;
    return size;
  }
  Status send(std::span<const ByteView> pieces, Millis) override {
    ++sends;
    for (const ByteView piece : pieces) sent.insert(sent.end(), piece.begin(), piece.end());
    return {};
  }
  bool quiet_for(Millis) override { return at_ == incoming.size(); }
  std::shared_ptr<Plug> plug() const override { return nullptr; }

  Bytes incoming;
  Bytes sent;
  std::size_t portion = SIZE_MAX;
  Millis pause{0}, pause_once{0};
  unsigned sends = 0;

 private:
  std::size_t at_ = 0;
};

CommandSet store_request() {
  CommandSet command;
  command.command_field = command::c_store_rq;
  command.data_set_type = with_data_set;
  command.message_id = 1;
  command.affected_sop_instance_uid = "2.25.1";
  return command;
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

DataSource from(const Bytes& bytes) {
  return [&bytes](std::uint64_t offset, ByteSpan into) -> Result<std::size_t> {
    const std::size_t size = std::min<std::size_t>(into.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), size, into.begin());
    return size;
  };
}

struct Received {
  CommandSet command;
  Bytes data;
  std::uint8_t context = 0;
};

Result<Received> receive_message(PdataReader& reader) {
  auto command = reader.next_command(patience);
  if (!command) return command.error();
  Received received{command->command, {}, command->context};
  for (;;) {
    auto part = reader.next(patience);
    if (!part) return part.error();
    if (part->event != PduEvent::fragment || part->command) return fail(Errc::invalid, "not a data set");
    received.data.insert(received.data.end(), part->bytes.begin(), part->bytes.end());
    if (part->last) return received;
  }
}

// PDV lengths of the PDUs in bytes, commands left out; each PDU has exactly one PDV.
std::vector<std::size_t> data_fragments(const Bytes& bytes) {
  std::vector<std::size_t> sizes;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto big = [&](std::size_t i) {
      return (std::size_t{bytes[i]} << 24) + (std::size_t{bytes[i + 1]} << 16) + (std::size_t{bytes[i + 2]} << 8) +
             bytes[i + 3];
    };
    const std::size_t pdu = big(at + 2);
    CHECK(big(at + 6) + 4 == pdu);
    if ((bytes[at + 11] & 1) == 0) sizes.push_back(pdu - 6);
    at += 6 + pdu;
  }
  return sizes;
}

// One P-DATA-TF with the given PDVs: {control, bytes}.
Bytes pdu(std::initializer_list<std::pair<std::uint8_t, std::string_view>> pdvs) {
  Bytes body;
  for (const auto& [control, bytes] : pdvs) {
    body.insert(body.end(), {0, 0, 0, static_cast<std::uint8_t>(bytes.size() + 2), 3, control});
    body.insert(body.end(), bytes.begin(), bytes.end());
  }
  Bytes all{4, 0, 0, 0, 0, static_cast<std::uint8_t>(body.size())};
  all.insert(all.end(), body.begin(), body.end());
  return all;
}

}  // namespace

TEST_CASE("what_is_written_is_read_back_bit_for_bit_at_any_size_and_any_portion") {
  for (const std::uint32_t peer_max : {0u, 1024u, 16384u, 131072u}) {
    for (const std::size_t size : {0ul, 1ul, 2ul, 1018ul, 1019ul, 16378ul, 131066ul, 262144ul, 262145ul, 700001ul}) {
      for (const std::size_t portion : {7ul, 1448ul, 1ul << 20}) {
        if (portion == 7 && size > 20000) continue;
        MemoryWire out;
        PdataWriter writer(out, peer_max, patience);
        const Bytes data = pattern(size);
        REQUIRE(writer.send(5, store_request(), size, from(data)).ok());
        MemoryWire in;
        in.incoming = out.sent;
        in.portion = portion;
        PdataReader reader(in);
        const auto received = receive_message(reader);
        REQUIRE_MESSAGE(received.ok(), "size ", size, " peer ", peer_max);
        CHECK(received->context == 5);
        CHECK(received->command.affected_sop_instance_uid == "2.25.1");
        CHECK(received->data == data);
        CHECK(in.quiet());
      }
    }
  }
}

TEST_CASE("fragments_fit_the_peers_maximum_and_are_even_but_for_the_last") {
  for (const std::uint32_t peer_max : {1023u, 1024u, 16384u, 0u, 1u << 30}) {
    MemoryWire wire;
    PdataWriter writer(wire, peer_max, patience);
    const Bytes data = pattern(300001);
    REQUIRE(writer.send(1, store_request(), data.size(), from(data)).ok());
    const auto sizes = data_fragments(wire.sent);
    const std::size_t most = peer_max == 0 || peer_max > core::limits::pdu_sent_bytes_max ? core::limits::pdu_sent_bytes_max : peer_max;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      CHECK(sizes[i] + 6 <= most);
      if (i + 1 < sizes.size()) CHECK(sizes[i] % 2 == 0);
    }
    CHECK(std::accumulate(sizes.begin(), sizes.end(), 0ul) == data.size());
  }
}

TEST_CASE("a_command_and_a_small_data_set_leave_in_one_send") {
  MemoryWire wire;
  PdataWriter writer(wire, 16384, patience);
  const Bytes data = pattern(132096);
  REQUIRE(writer.send(1, store_request(), data.size(), from(data)).ok());
  CHECK(wire.sends == 1);
}

TEST_CASE("a_source_that_fails_at_once_leaves_the_association_untouched") {
  MemoryWire wire;
  PdataWriter writer(wire, 16384, patience);
  const auto broken = [](std::uint64_t, ByteSpan) -> Result<std::size_t> { return fail(Errc::damaged, "bad"); };
  const Status sent = writer.send(1, store_request(), 1000, broken);
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().code == Errc::damaged);
  CHECK_FALSE(writer.began());
  CHECK(wire.sent.empty());
}

TEST_CASE("a_source_that_ends_early_fails_the_send") {
  MemoryWire wire;
  PdataWriter writer(wire, 16384, patience);
  const Bytes data = pattern(400000);
  const auto source = [&](std::uint64_t offset, ByteSpan into) -> Result<std::size_t> {
    return offset == 0 ? into.size() : into.size() - 1;
  };
  CHECK_FALSE(writer.send(1, store_request(), data.size(), source).ok());
  CHECK(writer.began());
}

TEST_CASE("what_was_read_ahead_is_sent_once_and_only_for_its_own_data_set") {
  const Bytes first = pattern(send_bytes + 1000), second(700, 7);
  MemoryWire usual, ahead;
  PdataWriter plain(usual, 16384, patience), writer(ahead, 16384, patience);
  unsigned beginnings = 0;
  const DataSource counted = [&](std::uint64_t offset, ByteSpan into) {
    beginnings += offset == 0;
    return from(first)(offset, into);
  };
  writer.read_ahead(first.size(), counted);
  REQUIRE(writer.send(1, store_request(), first.size(), counted).ok());
  CHECK(beginnings == 1);
  writer.read_ahead(first.size(), counted);
  writer.forget_ahead();
  REQUIRE(writer.send(1, store_request(), second.size(), from(second)).ok());
  REQUIRE(writer.send(1, store_request(), first.size(), counted).ok());
  CHECK(beginnings == 3);
  for (const Bytes* data : {&first, &second, &first}) REQUIRE(plain.send(1, store_request(), data->size(), from(*data)).ok());
  CHECK(ahead.sent == usual.sent);
}

TEST_CASE("what_cannot_be_read_ahead_is_left_to_the_send_to_find") {
  MemoryWire wire;
  PdataWriter writer(wire, 0, patience);
  const auto broken = [](std::uint64_t, ByteSpan) -> Result<std::size_t> { return fail(Errc::damaged, "does not verify"); };
  writer.read_ahead(100, broken);
  CHECK(wire.sent.empty());
  const Status sent = writer.send(1, store_request(), 100, broken);
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().code == Errc::damaged);
  CHECK_FALSE(writer.began());
}

TEST_CASE("reads_odd_fragments_several_to_a_pdu_and_empty_ones") {
  MemoryWire wire;
  wire.incoming = pdu({{0, "abc"}, {0, ""}, {0, "d"}});
  const Bytes rest = pdu({{2, "efghi"}});
  wire.incoming.insert(wire.incoming.end(), rest.begin(), rest.end());
  PdataReader reader(wire);
  std::string text;
  for (bool last = false; !last;) {
    const auto part = reader.next(patience);
    REQUIRE(part.ok());
    CHECK(part->context == 3);
    text += as_text(part->bytes);
    last = part->last;
  }
  CHECK(text == "abcdefghi");
}

TEST_CASE("a_pdu_larger_than_the_buffer_arrives_in_pieces") {
  const Bytes data = pattern(3 * receive_bytes + 11);
  MemoryWire wire;
  const auto big = [&](std::size_t value) {
    for (const int shift : {24, 16, 8, 0}) wire.incoming.push_back(static_cast<std::uint8_t>(value >> shift));
  };
  wire.incoming = {4, 0};
  big(data.size() + 6);
  big(data.size() + 2);
  wire.incoming.insert(wire.incoming.end(), {1, 2});
  wire.incoming.insert(wire.incoming.end(), data.begin(), data.end());
  PdataReader reader(wire);
  Bytes got;
  for (bool last = false; !last;) {
    const auto part = reader.next(patience);
    REQUIRE(part.ok());
    got.insert(got.end(), part->bytes.begin(), part->bytes.end());
    last = part->last;
  }
  CHECK(got == data);
}

TEST_CASE("names_release_and_abort") {
  MemoryWire out;
  PdataWriter writer(out, 0, patience);
  REQUIRE(writer.send_release_request().ok());
  REQUIRE(writer.send_release_response().ok());
  REQUIRE(writer.send_abort(2, 6).ok());
  CHECK(to_hex(out.sent) ==
        "05000000000400000000"
        "06000000000400000000"
        "07000000000400000206");
  MemoryWire in;
  in.incoming = out.sent;
  PdataReader reader(in);
  CHECK(reader.next(patience)->event == PduEvent::release_request);
  CHECK(reader.next_command(patience)->event == PduEvent::release_response);
  const auto abort = reader.next(patience);
  REQUIRE(abort.ok());
  CHECK(abort->event == PduEvent::abort);
  CHECK(abort->abort_source == 2);
  CHECK(abort->abort_reason == 6);
}

TEST_CASE("refuses_framing_that_cannot_be") {
  const auto refused = [](const Bytes& bytes) {
    MemoryWire wire;
    wire.incoming = bytes;
    wire.incoming.resize(bytes.size() + 64);  // more follows: the fault is in the frame, not in the end
    PdataReader reader(wire);
    const auto part = reader.next(patience);
    return !part.ok() && part.error().code == Errc::invalid;
  };
  CHECK(refused({4, 0, 0, 0, 0, 5, 0, 0, 0, 1, 1, 2}));                    // PDU too short for a PDV
  CHECK(refused({4, 0, 0, 0, 0, 8, 0, 0, 0, 5, 1, 2, 0, 0, 0}));           // PDV longer than its PDU
  CHECK(refused({4, 0, 0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 1, 2, 0, 0}));  // far longer
  CHECK(refused({4, 0, 0, 0, 0, 8, 0, 0, 0, 1, 1, 2, 0, 0}));              // PDV without its header
  CHECK(refused({1, 0, 0, 0, 0, 4, 0, 0, 0, 0}));                          // A-ASSOCIATE-RQ in an association
  CHECK(refused({9, 0, 0, 0, 0, 4, 0, 0, 0, 0}));                          // no such PDU
  CHECK(refused({7, 0, 0, 0, 1, 0, 0, 0, 0, 0}));                          // A-ABORT of 256 bytes
  CHECK(refused({'G', 'E', 'T', ' ', '/', ' ', 'H', 'T'}));
}

TEST_CASE("refuses_a_command_that_never_ends_or_a_data_set_in_its_place") {
  MemoryWire data;
  data.incoming = pdu({{2, "data"}});
  PdataReader data_reader(data);
  CHECK_FALSE(data_reader.next_command(patience).ok());

  MemoryWire endless;
  const std::string filler(200, 'x');
  for (std::size_t i = 0; i <= core::limits::command_bytes_max / filler.size(); ++i) {
    const Bytes more = pdu({{1, filler}});
    endless.incoming.insert(endless.incoming.end(), more.begin(), more.end());
  }
  PdataReader reader(endless);
  const auto command = reader.next_command(patience);
  REQUIRE_FALSE(command.ok());
  CHECK(command.error().code == Errc::invalid);
}

TEST_CASE("fragments_without_content_and_without_end_are_broken_framing_as_no_time_limit_ends_them" * doctest::description("contract 8, 10")) {
  MemoryWire wire;
  Bytes nothing = pdu({});
  SUBCASE("where a command is due") { nothing = pdu({{1, ""}}); }
  SUBCASE("where a data set is due") { nothing = pdu({{0, ""}, {0, ""}}); }
  SUBCASE("not even a fragment") {}
  constexpr int many = 5000;
  for (int i = 0; i < many; ++i) wire.incoming.insert(wire.incoming.end(), nothing.begin(), nothing.end());
  PdataReader reader(wire);
  auto part = reader.next(patience);
  int parts = 0;
  while (part && parts++ < 2 * many) part = reader.next(patience);
  REQUIRE_FALSE(part.ok());
  CHECK(part.error().code == Errc::invalid);
}

TEST_CASE("an_empty_fragment_now_and_then_is_none_the_worse_however_many_there_are") {
  MemoryWire wire;
  constexpr int many = 3000;
  for (int i = 0; i < many; ++i) {
    const Bytes some = pdu({{0, ""}, {0, "x"}, {2, ""}});
    wire.incoming.insert(wire.incoming.end(), some.begin(), some.end());
  }
  PdataReader reader(wire);
  for (int i = 0; i < 3 * many; ++i) REQUIRE(reader.next(patience).ok());
}

TEST_CASE("a_message_that_drips_is_cut_off_and_one_that_takes_its_time_is_not" * doctest::description("contract 10")) {
  MemoryWire wire;
  const Bytes command = encode(store_request());
  const std::string text(as_text(command));
  wire.incoming = pdu({{0x03, text}});
  wire.pause = Millis(3);
  SUBCASE("a byte now and then") {
    wire.pause = Millis(20);
    wire.portion = 1;
    PdataReader reader(wire);
    CHECK(reader.next_command(Millis(20)).error().code == Errc::timeout);
  }
  SUBCASE("fast enough") {
    wire.portion = 40;
    PdataReader reader(wire);
    CHECK(reader.next_command(Millis(5)).ok());
  }
  SUBCASE("what was waited for before it began does not count") {
    wire.pause_once = Millis(60);
    wire.pause = Millis(0);
    wire.portion = 1;
    PdataReader reader(wire);
    CHECK(reader.next_command(Millis(20)).ok());
  }
}
