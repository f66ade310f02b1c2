// SPDX-License-Identifier: Apache-2.0
// A queue in a folder of its own, with one destination, that can be stopped and started, damaged and robbed of its ledger.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "queue/queue.h"
#include "queue/record.h"
#include "queue/sql.h"
#include "support/faulty_files.h"
#include "support/noise.h"
#include "support/temporary_directory.h"

namespace sampan::test {

class TestClock final : public Clock {
 public:
  MonoTime mono() const override { return {mono_ms}; }
  WallTime wall() const override { return {wall_ms}; }
  std::atomic<std::int64_t> mono_ms{1000}, wall_ms{1'800'000'000'000};
};

inline Bytes pattern(std::size_t size, unsigned seed) { return noise(size, seed * 2654435761u + 1); }

inline core::Facts image_facts(const std::string& sop, const std::string& study = "1.2.3") {
  core::Facts facts;
  facts.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  facts.set(core::Fact::sop_instance_uid, sop);
  facts.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
  facts.set(core::Fact::study_instance_uid, study);
  facts.set(core::Fact::patient_name, "CANARY^PATIENT");
  return facts;
}

struct QueueFixture {
  TemporaryDirectory home;
  std::filesystem::path at(const std::string& name) const { return home.path() / name; }
  FaultyFiles files;
  TestClock clock;
  std::vector<std::string> destinations{"lead"};
  std::function<bool(const core::Consignment&, const core::Consignment&)> same_content;
  std::function<queue::Likeness(const core::Consignment&, const core::Consignment&)> compare;  // takes precedence
  std::atomic<core::Level> enough{core::Level::archived};  // asked on the queue's thread
  bool is_asked = true;  // what it keeps
  std::atomic<int> words{0};  // that something became due
  std::function<void()> at_word = [] {};  // on the queue's thread; set while the queue is stopped
  std::size_t unindexed_items_max = 100'000;
  std::uint64_t notes_slack_bytes = core::limits::notes_slack_bytes;
  std::size_t gone_images_kept = core::limits::gone_images_kept;
  Millis settled_for{};  // of the delivery last asked about
  std::unique_ptr<queue::Queue> queue;

  QueueFixture() { start(); }

  void start() {
    queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, {}};
    needs.route = [this](const core::Item&) { return destinations; };
    needs.may_reclaim = [this](std::span<const queue::DeliveryStanding> all, bool) {
      for (const auto& one : all) settled_for = one.settled_for;
      for (const auto& one : all)
        if (one.state != core::DeliveryState::delivered || one.level < enough) return false;
      return true;
    };
    needs.compare = [this](const core::Consignment& a, const core::Consignment& b) {
      if (compare) return compare(a, b);
      return same_content && same_content(a, b) ? queue::Likeness::same : queue::Likeness::other;
    };
    needs.changed = [this] {
      ++words;
      at_word();
    };
    needs.is_asked = [this](const std::string&) { return is_asked; };
    auto opened = queue::Queue::open({home.path().string(), "test", unindexed_items_max, notes_slack_bytes, gone_images_kept}, std::move(needs));
    REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
    queue = std::move(*opened);
  }
  void stop() { queue.reset(); }
  void lose_ledger() {
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(at(std::string("ledger.db") + part));
  }
  void restart(bool without_ledger = false) {
    stop();
    if (without_ledger) lose_ledger();
    start();
    queue->drain();
  }

  Result<core::Stored> put(ByteView bytes, const core::Facts& facts, core::Manifest manifest = {}) {
    auto inflow = queue->open(manifest);
    if (!inflow) return inflow.error();
    for (std::size_t at = 0; at < bytes.size(); at += 100'000)
      if (Status done = (*inflow)->append(bytes.subspan(at, std::min<std::size_t>(100'000, bytes.size() - at))); !done) return done.error();
    return (*inflow)->commit(facts);
  }
  std::vector<core::Consignment> lease(std::size_t items_max = 1000, const std::string& destination = "lead") {
    queue->drain();
    queue::LeaseQuery query;
    query.destination = destination;
    query.items_max = items_max;
    return std::move(queue->lease(query).items);
  }
  void give_back(const std::vector<core::Consignment>& items) {
    for (const auto& one : items) queue->put_back("lead", one.item.id, "test", Millis(0), false);
  }
  void deliver(const core::Consignment& one, core::Level level = core::Level::archived, const std::string& destination = "lead") {
    queue->deliver(destination, {one.item.id, one.item.sha256, "PACS", clock.wall(), level});
    queue->drain();
  }
  queue::DestinationCount count(const std::string& destination = "lead") {
    queue->drain();
    for (const auto& one : queue->summary().destinations)
      if (one.destination == destination) return one;
    return {};
  }
  void turns(unsigned count = 3) {
    for (unsigned i = 0; i < count; ++i) queue->tick(), queue->drain();
  }
  // The first number of the first row.
  std::int64_t asked(const char* sql) {
    queue->drain();
    auto ledger = queue::Sql::open(at("ledger.db").string(), true);
    REQUIRE(ledger.ok());
    queue::Statement row(**ledger, sql);
    REQUIRE(row.step());
    return row.number(0);
  }
  // Done to the ledger behind the back of the queue.
  void tamper(const char* sql) {
    auto ledger = queue::Sql::open(at("ledger.db").string(), false);
    REQUIRE(ledger.ok());
    (*ledger)->execute(sql);
    REQUIRE((*ledger)->status().ok());
  }
  std::vector<std::string> segments(char stream = 'i') {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(at("spool")))
      if (entry.path().filename().string()[0] == stream) found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
  }
};

// True once it holds; false when the time is up.
template <class Condition>
bool within(std::chrono::milliseconds patience, Condition holds) {
  for (const auto end = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

inline Bytes content(const core::Consignment& one) {
  Bytes bytes(one.payload->size());
  auto got = one.payload->read(0, bytes);
  REQUIRE(got.ok());
  REQUIRE(*got == bytes.size());
  return bytes;
}

inline void overwrite(const std::string& path, std::uint64_t offset, const Bytes& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(file.good());
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace sampan::test
