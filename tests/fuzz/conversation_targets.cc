// SPDX-License-Identifier: Apache-2.0
// What a peer sends over a real socket to the real intake, from its association request to the end of the connection.
//
// One byte chooses how the node is set up and what its disk does; the rest is the conversation.
#include <unistd.h>

#include "dicom/commitment.h"
#include "fuzz/dicom_peer.h"
#include "fuzz/pdu_stream.h"
#include "intake/dimse_connection.h"

namespace sampan::fuzz {
namespace {

constexpr std::size_t choices = 1;
constexpr Millis never{3000};  // all that is said is there before anybody listens: nobody waits

struct Kept {
  std::string sop_instance_uid;
  Bytes bytes;
};

// Keeps images in memory, or does not.
class Sink final : public core::Sink {
 public:
  enum class Disk : std::uint8_t { good, full, fails_in_the_middle, fails_at_commit };
  explicit Sink(Disk its_disk) : disk(its_disk) {}
  Status admits(core::Kind) const override { return disk == Disk::full ? Status(fail(Errc::full, "full")) : Status(); }
  Result<std::unique_ptr<core::Inflow>> open(const core::Manifest&) override { return std::unique_ptr<core::Inflow>(new Inflow(*this)); }
  Disk disk;
  std::vector<Kept> kept;

 private:
  class Inflow final : public core::Inflow {
   public:
    explicit Inflow(Sink& sink) : sink_(sink) {}
    Status append(ByteView bytes) override {
      if (sink_.disk == Disk::fails_in_the_middle && bytes_.size() + bytes.size() > 150) return fail(Errc::io, "broken");
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
      return {};
    }
    Result<core::Stored> commit(const core::Facts& facts) override {
      if (sink_.disk == Disk::fails_at_commit) return fail(Errc::io, "broken");
      sink_.kept.push_back({std::string(facts.get(core::Fact::sop_instance_uid)), std::move(bytes_)});
      return core::Stored{};
    }

   private:
    Sink& sink_;
    Bytes bytes_;
  };
};

// Remembers what it was asked and told, and believes none of it.
class Office final : public core::Receipts, public core::Promises {
 public:
  Status commitment_reported(const core::CommitmentReport&) override { return ++reports % 2 == 1 ? Status() : fail(Errc::not_found, "unknown"); }
  Status asked(const core::PromiseRequest& request) override {
    expect(!request.transaction_uid.empty() && !request.instances.empty(), "a request that is kept asks for something");
    return ++requests % 3 == 0 ? fail(Errc::limit, "too many") : Status();
  }
  std::optional<core::PromiseReport> take(const std::string&) override { return std::nullopt; }
  void told(const std::string&, bool) override {}
  unsigned reports = 0, requests = 0;
};

struct Node {
  Node(std::uint8_t choice, Sink& its_sink) : house(its_sink, system_clock(), observer, with_office(choice), with_office(choice), options_of(choice)) {}
  Office* with_office(std::uint8_t choice) { return (choice & 4) != 0 ? nullptr : &office; }
  static intake::DimseIntakeOptions options_of(std::uint8_t choice) {
    intake::DimseIntakeOptions options;
    options.idle_time_max = options.negotiation_time_max = never;
    if ((choice & 8) != 0) options.called_titles = {{"CLINIC", core::Priority::routine}, {"ER", core::Priority::emergency}};
    if ((choice & 16) != 0) options.callers = {{"CT1", ""}, {"MR1", "127.0.0.1"}};
    if ((choice & 32) != 0) options.accept = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"};
    if ((choice & 64) != 0) options.associations_per_host_max = 0;
    return options;
  }
  // What was heard of it.
  Bytes converse(ByteView said) {
    const Line line = connect_line();
    say(line.near, said);
    say_no_more(line.near);
    intake::Connection(house, {intake::Socket(line.far), "127.0.0.1"}).run();
    Bytes heard = hear_all(line.near);
    ::close(line.near);
    return heard;
  }

  Office office;
  intake::DimseIntake::Observer observer;
  intake::House house;
};

void check_promises(const Node& node, const std::vector<Message>& answers) {
  unsigned taken = 0, promised = 0;
  for (const auto& [context, command, data_set] : answers) {
    const bool success = command.status == 0;
    taken += success && command.command_field == dicom::command::n_event_report_rsp;
    promised += success && command.command_field == dicom::command::n_action_rsp;
  }
  expect(taken <= node.office.reports && promised <= node.office.requests, "nothing is taken that nobody heard of");
}

// Whatever is kept was sent whole, in this order; whatever was answered with success is kept.
void check_images(const std::vector<Kept>& kept, const std::vector<Message>& requests, const std::vector<Message>& answers) {
  auto sent = requests.begin();
  for (const Kept& image : kept) {
    sent = std::find_if(sent, requests.end(), [&image](const Message& message) {
      return message.command.command_field == dicom::command::c_store_rq && message.command.affected_sop_instance_uid == image.sop_instance_uid &&
             message.data_set == image.bytes;
    });
    expect(sent != requests.end(), "what is kept was sent whole");
    ++sent;
  }
  auto held = kept.begin();
  for (const auto& [context, command, data_set] : answers) {
    if (command.command_field != dicom::command::c_store_rsp || command.status != 0) continue;
    expect(held != kept.end() && held->sop_instance_uid == command.affected_sop_instance_uid, "what was answered with success is kept");
    ++held;
  }
}

Bytes pdu(std::uint8_t type, ByteView body) {
  Bytes out{type, 0, 0, 0, static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size())};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes p_data(std::uint8_t control, ByteView bytes) {
  Bytes body{0, 0, static_cast<std::uint8_t>((bytes.size() + 2) >> 8), static_cast<std::uint8_t>(bytes.size() + 2), 1, control};
  body.insert(body.end(), bytes.begin(), bytes.end());
  return pdu(4, body);
}

void add_item(Bytes& to, std::uint8_t type, ByteView body) {
  to.insert(to.end(), {type, 0, static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size())});
  to.insert(to.end(), body.begin(), body.end());
}

constexpr std::string_view mr_class = "1.2.840.10008.5.1.4.1.1.4", good_instance = "2.25.4711";

// A modality as it should be, whom every setting above lets in.
Bytes good_conversation() {
  Bytes request{0, 1, 0, 0};
  for (const std::string_view title : {"CLINIC          ", "CT1             "}) request.insert(request.end(), title.begin(), title.end());
  request.resize(68);
  add_item(request, 0x10, as_bytes("1.2.840.10008.3.1.1.1"));
  Bytes context{1, 0, 0, 0};
  add_item(context, 0x30, as_bytes(mr_class));
  add_item(context, 0x40, as_bytes("1.2.840.10008.1.2"));
  add_item(request, 0x20, context);
  Bytes user;
  add_item(user, 0x51, Bytes{0, 0, 64, 0});
  add_item(user, 0x52, as_bytes("1.2.826.0.1"));
  add_item(request, 0x50, user);
  dicom::CommandSet store;
  store.command_field = dicom::command::c_store_rq;
  store.data_set_type = dicom::with_data_set;
  store.message_id = 7;
  store.affected_sop_class_uid = mr_class;
  store.affected_sop_instance_uid = good_instance;
  Bytes all = pdu(1, request);
  for (const Bytes& part : {p_data(3, dicom::encode(store)), p_data(2, Bytes{0x10, 0, 0x20, 0, 2, 0, 0, 0, 'P', '1'}), pdu(5, Bytes(4))})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

const PduStream conversation_stream("conversation", choices);

FUZZ_TARGET(conversation) {
  Feed feed(input);
  const std::uint8_t choice = feed.byte();
  expect(write_stream(parse_stream(feed.rest())) == Bytes(feed.rest().begin(), feed.rest().end()), "a stream is put together as it was");
  Sink sink(static_cast<Sink::Disk>(choice & 3));
  Node node(choice, sink);
  const auto answers = messages_of(node.converse(feed.rest()));
  check_images(sink.kept, messages_of(feed.rest()), answers);
  check_promises(node, answers);
  expect(node.house.associations.taken() == 0, "nobody keeps a seat");
  expect(node.house.refusals.snapshot().size() <= core::limits::refused_callers_kept, "the list of the refused has an end");

  static const Bytes good = good_conversation();
  sink.disk = Sink::Disk::good;
  sink.kept.clear();
  node.house.set_options(Node::options_of(choice & 0x3f));
  const auto next = messages_of(node.converse(good));
  expect(next.size() == 1 && next[0].command.status == 0 && sink.kept.size() == 1 && sink.kept[0].sop_instance_uid == good_instance,
         "the next good image is taken");
}

}  // namespace sampan::fuzz
