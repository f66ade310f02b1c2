// SPDX-License-Identifier: Apache-2.0
// The courier against DCMTK's own storage provider.
#include "uplink/dimse.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "dimse_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

class StoreScp {
 public:
  explicit StoreScp(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"storescp", "+B", "-aet", "PACS", "-od", folder_.path().string()};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(std::to_string(port_));
    process_ = std::make_unique<Process>(words);
    if (!wait_until([this] { return answers_on(port_); })) throw std::runtime_error("storescp does not listen");
  }
  std::uint16_t port() const { return port_; }

  // sha256 of every data set received, sorted.
  std::vector<std::string> received() const {
    std::vector<std::string> hashes;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::ifstream file(entry.path(), std::ios::binary);
      const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
      const auto meta = read_file_meta(bytes);
      hashes.push_back(meta ? to_hex(sha256(ByteView(bytes).subspan(meta->data_set_offset))) : "unreadable");
    }
    std::ranges::sort(hashes);
    return hashes;
  }

 private:
  TemporaryDirectory folder_;
  std::uint16_t port_ = free_port();
  std::unique_ptr<Process> process_;
};

std::vector<std::string> hashes_of(const std::vector<core::Consignment>& batch) {
  std::vector<std::string> hashes;
  for (const auto& consignment : batch) hashes.push_back(to_hex(consignment.item.sha256));
  std::ranges::sort(hashes);
  return hashes;
}

const EchoingJudge judge;

std::unique_ptr<core::Courier> courier_to(std::uint16_t port) {
  return uplink::make_dimse_courier(options_for(port), judge, system_clock());
}

}  // namespace

TEST_CASE("data_sets_arrive_bit_for_bit_in_their_own_transfer_syntax") {
  const StoreScp peer({"+xa"});  // takes every transfer syntax DCMTK knows
  std::vector<core::Consignment> batch;
  batch.push_back(image());
  batch.push_back(image(mr_class, 132096));
  batch.push_back(image(ct_class, 600000, implicit_le));
  batch.push_back(image(ct_class, 40000, explicit_be));
  batch.push_back(image(mr_class, 262144, "1.2.840.10008.1.2.4.70"));  // not what it says: carried all the same
  const auto courier = courier_to(peer.port());
  for (const auto& outcome : attempt(*courier, batch)) CHECK_MESSAGE(delivered(outcome), retry_of(outcome));
  courier->rest();
  CHECK(peer.received() == hashes_of(batch));
}

TEST_CASE("a_receipt_names_the_item_its_bytes_and_who_took_it") {
  const StoreScp peer;
  std::vector batch{image()};
  const auto courier = courier_to(peer.port());
  const auto outcomes = attempt(*courier, batch);
  REQUIRE(delivered(outcomes[0]));
  const auto& receipt = std::get<core::Delivered>(outcomes[0]).receipt;
  CHECK(receipt.item == batch[0].item.id);
  CHECK(receipt.sha256 == batch[0].item.sha256);
  CHECK(receipt.node == "PACS@127.0.0.1:" + std::to_string(peer.port()));
  CHECK(receipt.level == core::Level::accepted);
  CHECK(receipt.time.ms > 0);
}

TEST_CASE("an_association_is_used_again_and_given_back_on_rest") {
  const StoreScp peer;
  const auto courier = courier_to(peer.port());
  for (int round = 0; round < 3; ++round) {
    std::vector batch{image(), image()};
    for (const auto& outcome : attempt(*courier, batch)) CHECK(delivered(outcome));
    if (round == 1) courier->rest();
  }
  courier->rest();
  courier->rest();
  CHECK(peer.received().size() == 6);
}

TEST_CASE("a_peer_that_writes_in_small_pieces_does_not_slow_the_courier_down") {
  // storescp answers in two pieces with Nagle's algorithm on: 44 ms for each instance unless we acknowledge at once.
  const StoreScp peer;
  const auto courier = courier_to(peer.port());
  std::vector<core::Consignment> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(image());
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& outcome : attempt(*courier, batch)) CHECK(delivered(outcome));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(2));
}

TEST_CASE("a_transfer_syntax_the_peer_does_not_take_blocks_its_class_and_nothing_else") {
  const StoreScp peer({"+xi"});  // Implicit VR only
  std::vector batch{image(ct_class, 100), image(ct_class, 100, implicit_le), image(ct_class, 100)};
  const auto courier = courier_to(peer.port());
  const auto outcomes = attempt(*courier, batch);
  CHECK(retry_of(outcomes[0]) == "sop_class: refused " + ct_class + " 4");
  CHECK(delivered(outcomes[1]));
  CHECK(retry_of(outcomes[2]) == "sop_class: refused " + ct_class + " 4");
}

TEST_CASE("a_peer_that_aborts_leaves_everything_to_be_tried_again") {
  for (const char* manner : {"--abort-after", "--abort-during"}) {
    const StoreScp peer({manner});
    std::vector batch{image(ct_class, 500000), image()};
    const auto courier = courier_to(peer.port());
    for (const auto& outcome : attempt(*courier, batch)) {
      CHECK_MESSAGE(retry_of(outcome).starts_with("destination: "), manner, ' ', retry_of(outcome));
    }
  }
}

TEST_CASE("nobody_listening_is_no_connection") {
  std::vector batch{image(), image()};
  const auto courier = courier_to(free_port());
  for (const auto& outcome : attempt(*courier, batch))
    CHECK(retry_of(outcome) == "destination: no connection: Connection refused");
}

TEST_CASE("an_address_dimse_cannot_use_is_said_so") {
  auto options = options_for(104);
  options.host = "::1";
  std::vector batch{image()};
  const auto courier = uplink::make_dimse_courier(options, judge, system_clock());
  CHECK(retry_of(attempt(*courier, batch)[0]) ==
        "destination: no connection: the address is neither a name nor an IPv4 address");
}

TEST_CASE("an_unknown_host_is_said_so") {
  auto options = options_for(104);
  options.host = "nowhere.invalid";
  std::vector batch{image()};
  const auto courier = uplink::make_dimse_courier(options, judge, system_clock());
  CHECK(retry_of(attempt(*courier, batch)[0]) == "destination: no connection: the host name is unknown");
}
