// SPDX-License-Identifier: Apache-2.0
// What a lead answers to the real couriers, over real connections: never does an item count as delivered, or as kept, that
// no answer named; and once the lead is good, everything goes.
#include <array>
#include <set>

#include "base/hash.h"
#include "fuzz/scripted_lead.h"
#include "policy/table_judge.h"
#include "uplink/dimse.h"
#include "uplink/dimse_prover.h"
#include "uplink/dimse_reporter.h"

namespace sampan::fuzz {
namespace {

const policy::TableJudge judge;
constexpr std::array classes{"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"};
constexpr std::array instances{"2.25.4711", "2.25.4712"};

ScriptedLead& lead() {
  static auto* const one = new ScriptedLead;
  return *one;
}

uplink::DimseOptions options() {
  uplink::DimseOptions options;
  options.name = "lead";
  options.host = "127.0.0.1";
  options.port = lead().port();
  options.called_ae = "LEAD";
  options.calling_ae = "SAMPAN";
  options.connect_time_max = Millis(20000);
  options.answer_time_max = Millis(20000);
  return options;
}

core::Item item(std::size_t number) {
  core::Item item;
  item.id.bytes[15] = static_cast<std::uint8_t>(number + 1);
  item.facts.set(core::Fact::sop_class_uid, classes[number]);
  item.facts.set(core::Fact::sop_instance_uid, instances[number]);
  item.facts.set(core::Fact::study_instance_uid, "2.25.1");
  item.facts.set(core::Fact::series_instance_uid, "2.25.2");
  item.facts.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
  return item;
}

std::vector<core::Consignment> batch() {
  std::vector<core::Consignment> batch;
  for (std::size_t number = 0; number < instances.size(); ++number) {
    auto payload = std::make_shared<Held>(Bytes(300 + 100 * number, static_cast<std::uint8_t>(number)));
    batch.push_back({item(number), std::move(payload)});
    batch.back().item.size = batch.back().payload->size();
  }
  return batch;
}

// Whom the courier says it delivered; every item has one outcome. why: what it said of the others.
std::set<Uuid> deliver(core::Courier& courier, std::string& why) {
  std::set<Uuid> told, delivered;
  auto items = batch();
  courier.attempt(items, [&](const Uuid& id, const core::Outcome& outcome) {
    expect(told.insert(id).second, "an item has one outcome");
    if (std::holds_alternative<core::Delivered>(outcome)) delivered.insert(id);
    if (const auto* retry = std::get_if<core::Retry>(&outcome)) why += ": " + retry->reason;
    if (const auto* rejected = std::get_if<core::Rejected>(&outcome)) why += ": " + rejected->reason;
    return true;
  });
  expect(told.size() == items.size(), "every item has an outcome");
  return delivered;
}

// It named this item, or nobody, in an answer to one of the messages in which this item can have gone, with a status that
// means that it is stored there. Messages of an association are counted from 1, and items go in order.
bool was_answered(std::size_t number, const std::vector<Message>& said) {
  return std::ranges::any_of(said, [number](const Message& answer) {
    const dicom::CommandSet& command = answer.command;
    const bool stored = command.command_field == dicom::command::c_store_rsp && command.status &&
                        std::holds_alternative<core::Delivered>(judge.dimse_status(*command.status, {}));
    const bool names_it = command.affected_sop_instance_uid.empty() || command.affected_sop_instance_uid == instances[number];
    return stored && names_it && command.message_id_responded_to >= 1 && command.message_id_responded_to <= number + 1;
  });
}

class Office final : public core::Transactions, public core::Receipts {
 public:
  Result<std::string> begin(const std::string&) override { return std::string("2.25.99"); }
  Status commitment_reported(const core::CommitmentReport& report) override {
    return report.transaction_uid == "2.25.99" ? Status() : fail(Errc::not_found, "unknown");
  }
};

bool holds(const Bytes& bytes, std::string_view text) { return as_text(bytes).find(text) != std::string_view::npos; }

const PduStream lead_stream("lead", 0), proof_stream("lead_proof", 1);

}  // namespace

FUZZ_TARGET(lead) {
  lead().play(input);
  const auto courier = uplink::make_dimse_courier(options(), judge, system_clock());
  std::string before, why = "a lead that is good again gets everything";
  const auto delivered = deliver(*courier, before);
  courier->rest();
  const auto said = lead().said();
  for (std::size_t number = 0; number < instances.size(); ++number)
    expect(!delivered.contains(item(number).id) || was_answered(number, said), "what counts as delivered was answered by name");
  lead().be_good();
  expect(deliver(*courier, why).size() == instances.size(), why.c_str());
  courier->rest();
  lead().forget();
}

namespace {

// The far end is a modality that asked for a promise. It was told only when it says so.
void report_to_modality() {
  const core::PromiseReport report{"2.25.99", {{classes[0], instances[0]}}, {{{classes[1], instances[1]}, 0x0112}}};
  const Status told = uplink::tell_promises(options(), report, [](const auto&) {});
  const auto said = lead().said();
  expect(!told || std::ranges::any_of(said, [](const Message& one) { return one.command.command_field == dicom::command::n_event_report_rsp && one.command.status == 0; }),
         "who counts as told said so");
}

void ask_for_proof(std::uint8_t choice) {
  Office office;
  const auto prover = uplink::make_dimse_prover({options(), choice % 4 != 1, choice % 4 != 2, Millis(20000)}, office, office, system_clock());
  const std::array items{item(0), item(1)};
  std::set<Uuid> told, held;
  prover->ask(items, [&](const Uuid& id, const core::Proof& proof) {
    expect(told.insert(id).second, "an item has one proof");
    if (std::holds_alternative<core::Held>(proof)) held.insert(id);
  });
  expect(told.size() == items.size(), "every item has a proof");
  const auto said = lead().said();
  for (std::size_t number = 0; number < items.size(); ++number)
    expect(!held.contains(items[number].id) || std::ranges::any_of(said, [&](const Message& one) { return holds(one.data_set, instances[number]); }),
           "what counts as held was named");
}

}  // namespace

FUZZ_TARGET(lead_proof) {
  Feed feed(input);
  const std::uint8_t choice = feed.byte();
  lead().play(feed.rest());
  if (choice % 8 >= 4)
    report_to_modality();
  else
    ask_for_proof(choice);
  lead().forget();
}

}  // namespace sampan::fuzz
