// SPDX-License-Identifier: Apache-2.0
// make_backlog: writes the state directory of a node in which many items wait.
//
//   make_backlog --state DIR --destination NAME [--items N] [--study-images N] [--days N] [--payload BYTES]
//   make_backlog --state DIR --study UID --orders N
//
// Without --payload: a ledger without the spool behind it, to ask it questions. The rows are the ledger's own: each item is
// added as one that was received, evenly over the last days, as if by its rebuild. Every fiftieth is delivered and every
// thousandth rejected. The next try of the others is a few minutes away, so that a daemon on top of it leaves them alone.
// With it: a whole queue, its spool too; each item was taken in by the queue itself, evenly over the last days, and waits.
// Prints a Study Instance UID, an accession number and a patient ID of it.
// With --orders: a person holds and resumes an exam of what is there, in turn; each order is a note that the next one undoes.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/random.h"
#include "queue/keyring.h"
#include "queue/ledger.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/queue.h"
#include "queue/sql.h"
#include "support/options.h"

using namespace sampan;
using namespace sampan::test;

// Here nothing has to survive a power cut, and a million syncs take an hour.
extern "C" int fdatasync(int) { return 0; }
extern "C" int fsync(int) { return 0; }

namespace {

// For the same reason the page cache gathers what is written.
class CachedFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    return disk().open(path, mode == Mode::append_new ? Mode::create_new : mode);
  }
  Status make_directories(const std::string& path) override { return disk().make_directories(path); }
  Status sync_directory(const std::string& path) override { return disk().sync_directory(path); }
  Status rename(const std::string& from, const std::string& to) override { return disk().rename(from, to); }
  Status unlink(const std::string& path) override { return disk().unlink(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk().list(directory); }
  Result<DiskSpace> space(const std::string& path) override { return disk().space(path); }
};

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

core::Facts facts_of(std::size_t number, std::size_t study) {
  core::Facts facts;
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
  return facts;
}

queue::IndexedItem item_of(std::size_t number, std::size_t study, WallTime received) {
  queue::IndexedItem indexed;
  indexed.seq = static_cast<queue::Sequence>(number + 1);
  indexed.record_bytes = 135'168;
  indexed.item.id = make_uuid7(received, system_random());
  indexed.item.origin = "bench";
  indexed.item.size = 131'072;
  indexed.item.received = received;
  store_le(indexed.item.sha256.data(), static_cast<std::uint64_t>(number));
  indexed.item.facts = facts_of(number, study);
  return indexed;
}

queue::Note fate_of(const queue::IndexedItem& indexed, const std::string& destination, bool rejected) {
  const core::Item& item = indexed.item;
  if (rejected) return queue::VerdictNote{item.id, core::DeliveryState::rejected, item.received, destination, "0xA900 does not match"};
  return queue::ReceiptNote{{item.id, item.sha256, "LEAD", item.received, core::Level::accepted}, destination};
}

struct Wanted {
  std::string state, destination;
  std::size_t items, per_study, payload_bytes;
  std::int64_t begin_ms, span_ms;
  WallTime received(std::size_t number) const {
    const auto part = static_cast<double>(number) / static_cast<double>(items);
    return {begin_ms + static_cast<std::int64_t>(part * static_cast<double>(span_ms))};
  }
};

void write_ledger(const Wanted& wanted) {
  const auto keys = need(queue::Keyring::open_or_make(disk(), wanted.state));
  auto opened = need(queue::Ledger::open(disk(), wanted.state + "/ledger.db", keys, system_clock()));
  queue::Ledger& ledger = *opened.ledger;
  ledger.forget_rebuilding();
  const std::vector<std::string> destinations{wanted.destination};
  for (std::size_t i = 0; i < wanted.items; ++i) {
    if (i % items_per_commit == 0) ledger.begin();
    const auto indexed = item_of(i, i / wanted.per_study, wanted.received(i));
    ledger.add(indexed, destinations, false);
    if (i % 50 == 0) ledger.apply(fate_of(indexed, wanted.destination, i % 1000 == 0), 0);
    if (i % items_per_commit == items_per_commit - 1 || i + 1 == wanted.items) need(ledger.commit());
  }
  opened.ledger.reset();
  auto sql = need(queue::Sql::open(wanted.state + "/ledger.db", false));
  sql->execute(("UPDATE delivery SET not_before_ms=" + std::to_string(system_clock().wall().ms + 14 * 60'000) + " WHERE state=1").c_str());
  need(sql->status());
}

// The wall shows when the item was received that is being taken in.
class PastClock final : public Clock {
 public:
  MonoTime mono() const override { return system_clock().mono(); }
  WallTime wall() const override { return {wall_ms}; }
  std::atomic<std::int64_t> wall_ms{0};
};

std::unique_ptr<queue::Queue> open_queue(const Wanted& wanted, FileSystem& files, const Clock& clock, bool own_thread) {
  queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, [] {}};
  needs.route = [&](const core::Item&) { return std::vector<std::string>{wanted.destination}; };
  needs.may_reclaim = [](auto, bool) { return false; };
  queue::QueueOptions options{wanted.state, "bench"};
  options.notes_slack_bytes = 1ull << 40;  // what is written stays until a node looks at it
  options.own_thread = own_thread;
  return need(queue::Queue::open(std::move(options), std::move(needs)));
}

void write_orders(const Wanted& wanted, const std::string& study, std::size_t orders) {
  CachedFiles files;
  const auto queue = open_queue(wanted, files, system_clock(), false);
  queue->drain();
  const auto found = queue->lookup().find(study, 1);
  if (found.empty()) Options::usage("no such study");
  std::atomic<bool> done{false};
  std::thread store([&] {  // it gathers nothing: each order is a record
    for (; !done; std::this_thread::yield()) queue->drain();
  });
  for (std::size_t i = 0; i < orders; ++i)
    need(i % 2 == 0 ? queue->orders().hold(found[0], "") : queue->orders().resume(found[0], ""));
  done = true;
  store.join();
}

void write_queue(const Wanted& wanted) {
  PastClock clock;
  CachedFiles files;
  const auto queue = open_queue(wanted, files, clock, true);
  Bytes payload(wanted.payload_bytes);
  for (auto& byte : payload) byte = static_cast<std::uint8_t>(system_random().next());
  for (std::size_t i = 0; i < wanted.items; ++i) {
    while (!queue->admits(core::Kind::image)) std::this_thread::yield();  // the ledger is behind
    clock.wall_ms = wanted.received(i).ms;
    store_le(payload.data(), static_cast<std::uint64_t>(i));
    auto inflow = need(queue->open(core::Manifest{}));
    need(inflow->append(payload));
    need(inflow->commit(facts_of(i, i / wanted.per_study)));
  }
  queue->drain();
}

}  // namespace

int main(int count, char** words) {
  const Options options(count, words, {}, {"state", "destination", "items", "study-images", "days", "payload", "study", "orders"});
  Wanted wanted{options.text("state"), options.text("destination", "lead"), options.number("items", 1'000'000),
                options.number("study-images", 200), options.number("payload", 0), 0, 0};
  if (wanted.state.empty()) Options::usage("--state DIR is needed");
  if (const std::size_t orders = options.number("orders", 0); orders > 0) return write_orders(wanted, options.text("study"), orders), 0;
  wanted.span_ms = static_cast<std::int64_t>(options.number("days", 7)) * 86'400'000;
  wanted.begin_ms = system_clock().wall().ms - wanted.span_ms;
  std::filesystem::create_directories(wanted.state);
  wanted.payload_bytes >= 8 ? write_queue(wanted) : write_ledger(wanted);
  const std::string study = std::to_string(wanted.items / wanted.per_study / 2);
  std::cout << study_uid(wanted.items / wanted.per_study / 2) << " A" << study << " P" << study << "\n";
}
