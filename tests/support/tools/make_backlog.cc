// SPDX-License-Identifier: Apache-2.0
// make_backlog: writes a ledger with many items that wait, without the spool behind it, to ask it questions.
//
//   make_backlog --state DIR --destination NAME [--items N] [--study-images N] [--days N]
//
// The rows are the ledger's own: each item is added as one that was received, evenly over the last days, as if by its
// rebuild. Every fiftieth is delivered and every thousandth rejected. The next try of the others is a few minutes away, so
// that a daemon on top of it leaves them alone. Prints a Study Instance UID, an accession number and a patient ID of it.
#include <filesystem>
#include <iostream>

#include "base/random.h"
#include "queue/keyring.h"
#include "queue/ledger.h"
#include "queue/sql.h"
#include "support/options.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr std::size_t items_per_commit = 20'000;

template <class T>
T need(Result<T> result) {
  if (!result) Options::usage(result.error().message);
  return std::move(*result);
}
void need(const Status& status) {
  if (!status) Options::usage(status.error().message);
}

std::string study_uid(std::size_t study) { return "2.25.7000." + std::to_string(study); }

queue::IndexedItem item_of(std::size_t number, std::size_t study, WallTime received) {
  queue::IndexedItem indexed;
  indexed.seq = static_cast<queue::Sequence>(number + 1);
  indexed.record_bytes = 135'168;
  indexed.item.id = make_uuid7(received, system_random());
  indexed.item.origin = "bench";
  indexed.item.size = 131'072;
  indexed.item.received = received;
  store_le(indexed.item.sha256.data(), static_cast<std::uint64_t>(number));
  core::Facts& facts = indexed.item.facts;
  facts.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  facts.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
  facts.set(core::Fact::sop_instance_uid, study_uid(study) + "." + std::to_string(number));
  facts.set(core::Fact::study_instance_uid, study_uid(study));
  facts.set(core::Fact::series_instance_uid, study_uid(study) + ".1");
  facts.set(core::Fact::modality, "CT");
  facts.set(core::Fact::calling_ae, "CT1");
  facts.set(core::Fact::called_ae, "CLINIC");
  facts.set(core::Fact::peer_address, "192.0.2.7");
  facts.set(core::Fact::character_set, "ISO_IR 192");
  facts.set(core::Fact::patient_name, "陈^晓雨");
  facts.set(core::Fact::patient_id, "P" + std::to_string(study));
  facts.set(core::Fact::accession_number, "A" + std::to_string(study));
  return indexed;
}

queue::Note fate_of(const queue::IndexedItem& indexed, const std::string& destination, bool rejected) {
  const core::Item& item = indexed.item;
  if (rejected) return queue::VerdictNote{item.id, core::DeliveryState::rejected, item.received, destination, "0xA900 does not match"};
  return queue::ReceiptNote{{item.id, item.sha256, "LEAD", item.received, core::Level::accepted}, destination};
}

}  // namespace

int main(int count, char** words) {
  const Options options(count, words, {}, {"state", "destination", "items", "study-images", "days"});
  const std::string state = options.text("state"), destination = options.text("destination", "lead");
  const std::size_t items = options.number("items", 1'000'000), per_study = options.number("study-images", 200);
  const std::int64_t span_ms = static_cast<std::int64_t>(options.number("days", 7)) * 86'400'000;
  if (state.empty()) Options::usage("--state DIR is needed");
  std::filesystem::create_directories(state);
  const auto keys = need(queue::Keyring::open_or_make(disk(), state));
  auto opened = need(queue::Ledger::open(disk(), state + "/ledger.db", keys, system_clock()));
  queue::Ledger& ledger = *opened.ledger;
  const std::vector<std::string> destinations{destination};
  const std::int64_t start = system_clock().wall().ms - span_ms;
  for (std::size_t i = 0; i < items; ++i) {
    if (i % items_per_commit == 0) ledger.begin();
    const auto part = static_cast<double>(i) / static_cast<double>(items);
    const auto indexed = item_of(i, i / per_study, {start + static_cast<std::int64_t>(part * static_cast<double>(span_ms))});
    ledger.add(indexed, destinations, false);
    if (i % 50 == 0) ledger.apply(fate_of(indexed, destination, i % 1000 == 0), 0);
    if (i % items_per_commit == items_per_commit - 1 || i + 1 == items) need(ledger.commit());
  }
  opened.ledger.reset();
  auto sql = need(queue::Sql::open(state + "/ledger.db", false));
  sql->execute(("UPDATE delivery SET not_before_ms=" + std::to_string(system_clock().wall().ms + 14 * 60'000) + " WHERE state=1").c_str());
  need(sql->status());
  std::cout << study_uid(items / per_study / 2) << " A" << items / per_study / 2 << " P" << items / per_study / 2 << "\n";
}
