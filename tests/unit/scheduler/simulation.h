// SPDX-License-Identifier: Apache-2.0
// Simulation: a queue, next hops and a clock in memory, so that weeks of outage run in milliseconds.
//
// Lane jobs run one by one when the simulation says so, never inside step(), as on real lanes.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/scheduler.h"

namespace sampan::scheduler::sim {

using namespace std::chrono_literals;

struct Clock final : sampan::Clock {
  MonoTime mono_now{1'000'000};
  WallTime wall_now{1'700'000'000'000};
  MonoTime mono() const override { return mono_now; }
  WallTime wall() const override { return wall_now; }
  void advance(Millis by) { mono_now = mono_now + by, wall_now.ms += by.count(); }
};

struct Random final : sampan::Random {
  std::uint64_t state = 88172645463325252ull;
  std::uint64_t next() override {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
  }
};

inline Uuid id_of(unsigned number) {
  Uuid id;
  for (int i = 0; i < 4; ++i) id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return id;
}
inline unsigned number_of(const Uuid& id) {
  unsigned number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | id.bytes[i];
  return number;
}
inline core::Item item_of(unsigned number, std::string sop_class = "ct", std::uint64_t size = 1000) {
  core::Item item;
  item.id = id_of(number);
  item.size = size;
  item.facts.set(core::Fact::sop_class_uid, std::move(sop_class));
  item.facts.set(core::Fact::transfer_syntax_uid, "explicit");
  return item;
}

// Keeps the rules of the Duties contract: an item is lent once, and settled once.
class Queue final : public Duties {
 public:
  enum class State { waiting, leased, delivered, rejected };
  struct Entry {
    core::Item item;
    State state = State::waiting;
    unsigned attempts = 0;
    MonoTime due{};
    std::string reason{};
    Millis last_wait{0};
  };
  explicit Queue(const sampan::Clock& clock) : clock_(clock) {}

  void put(const std::string& destination, core::Item item) {
    const std::lock_guard lock(mutex_);
    entries_[destination].push_back({std::move(item)});
  }
  Leased lease(const LeaseRequest& request) override {
    const std::lock_guard lock(mutex_);
    Leased leased;
    std::uint64_t bytes = 0;
    emergency_asks += request.only_emergencies ? 1 : 0;
    for (Entry& entry : entries_[request.destination]) {
      if (leased.items.size() >= request.items_max || (bytes > 0 && bytes >= request.bytes_max)) break;
      if (entry.state != State::waiting || !fits(entry, request)) continue;
      if (entry.due > clock_.mono()) {
        leased.due_at = std::min(leased.due_at.value_or(never), entry.due);
        continue;
      }
      entry.state = State::leased;
      bytes += entry.item.size;
      leased.items.push_back({entry.item, payload, entry.attempts});
    }
    if (!leased.items.empty()) leased.due_at.reset();
    return leased;
  }
  void settle(const std::string& destination, std::span<const Settlement> settlements) override {
    const std::lock_guard lock(mutex_);
    ++settle_calls;
    for (const Settlement& settlement : settlements) {
      auto& entries = entries_[destination];
      const auto entry = std::ranges::find(entries, settlement.item, [](const Entry& e) { return e.item.id; });
      if (entry == entries.end() || entry->state != State::leased) {
        ++violations;
        continue;
      }
      if (const auto* back = std::get_if<PutBack>(&settlement.what)) {
        ++put_backs;
        entry->state = State::waiting;
        entry->attempts += back->counted ? 1 : 0;
        entry->due = clock_.mono() + back->wait;
        entry->last_wait = back->wait;
        entry->reason = back->reason;
      } else if (const auto* rejected = std::get_if<core::Rejected>(&settlement.what)) {
        entry->state = State::rejected;
        entry->reason = rejected->reason;
      } else {
        entry->state = State::delivered;
        entry->reason = std::get<core::Delivered>(settlement.what).receipt.node;
      }
    }
  }
  std::size_t count(const std::string& destination, State state) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count(entries_[destination], state, [](const Entry& e) { return e.state; }));
  }
  Entry& at(const std::string& destination, unsigned number) {
    const std::lock_guard lock(mutex_);
    auto& entries = entries_[destination];
    return *std::ranges::find(entries, id_of(number), [](const Entry& e) { return e.item.id; });
  }
  int violations = 0;
  int settle_calls = 0;
  int put_backs = 0;
  int emergency_asks = 0;
  std::shared_ptr<core::Payload> payload{};  // of every item

 private:
  static bool fits(const Entry& entry, const LeaseRequest& request) {
    const ClassKey key = class_of(entry.item);
    return !request.skip_classes.contains(key) && !request.skip_items.contains(entry.item.id) &&
           (request.only_items.empty() || request.only_items.contains(entry.item.id)) &&
           (!request.only_class || *request.only_class == key) &&
           (!request.only_emergencies || entry.item.priority == core::Priority::emergency);
  }
  const sampan::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Entry>> entries_;
};

// The far end of all lanes of one destination.
struct Peer {
  std::function<core::Outcome(const core::Item&)> answer;
  std::vector<std::vector<unsigned>> trips;  // item numbers
  std::function<void(core::Payload&)> reads{};  // of every item, where it has a payload
  int rests = 0;
  int interrupts = 0;
};

inline core::Outcome delivered(const core::Item& item) {
  core::Receipt receipt;
  receipt.item = item.id;
  return core::Delivered{receipt};
}
inline core::Retry retry(core::Scope scope, std::string reason, std::uint8_t tries_max = 0) {
  return {std::move(reason), scope, std::nullopt, tries_max};
}

// A far end that says this of everything, and one that is not there.
inline auto always(core::Outcome outcome) {
  return [outcome](const core::Item&) { return outcome; };
}
inline const auto cut = always(retry(core::Scope::destination, "no connection"));

class Courier final : public core::Courier {
 public:
  explicit Courier(Peer& peer) : peer_(peer) {}
  void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
    auto& trip = peer_.trips.emplace_back();
    for (const auto& consignment : batch) trip.push_back(number_of(consignment.item.id));
    for (const auto& consignment : batch) {
      if (const auto reads = peer_.reads; reads && consignment.payload) reads(*consignment.payload);  // a copy: it may be replaced meanwhile
      if (!report(consignment.item.id, peer_.answer(consignment.item))) return;
    }
  }
  void rest() override { ++peer_.rests; }
  void interrupt() override { ++peer_.interrupts; }

 private:
  Peer& peer_;
};

struct QueuedLanes final : Lanes {
  std::deque<std::function<void()>> jobs;
  void run(std::function<void()> job) override { jobs.push_back(std::move(job)); }
  void run_next() {
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job();
  }
};

struct Flag final : Waker {
  bool up = false;
  void wake() override { up = true; }
};

struct Events final : Observer {
  std::vector<std::string> lines;
  void destination_up(const std::string& name) override { lines.push_back(name + " up"); }
  void destination_down(const std::string& name, const std::string& reason) override {
    lines.push_back(name + " down: " + reason);
  }
  void destination_stopped(const std::string& name, const std::string& reason) override {
    lines.push_back(name + " stopped: " + reason);
  }
  void class_blocked(const std::string& name, const ClassKey& key, const std::string& reason) override {
    lines.push_back(name + " blocked " + key.sop_class + ": " + reason);
  }
  void class_unblocked(const std::string& name, const ClassKey& key) override {
    lines.push_back(name + " unblocked " + key.sop_class);
  }
  void item_rejected(const std::string& name, const Uuid& item, const std::string& reason) override {
    lines.push_back(name + " rejected " + std::to_string(number_of(item)) + ": " + reason);
  }
  void item_lost(const std::string& name, const Uuid& item, const std::string& reason) override {
    lines.push_back(name + " lost " + std::to_string(number_of(item)) + ": " + reason);
  }
  void detour_begins(const std::string& name, const std::string& to) override { lines.push_back(name + " goes via " + to); }
  void detour_ends(const std::string& name, const std::string& to) override { lines.push_back(name + " goes no more via " + to); }
};

struct World {
  Clock clock;
  Random random;
  Queue queue{clock};
  QueuedLanes lanes;
  Flag flag;
  Events events;
  std::map<std::string, Peer> peers;
  Scheduler scheduler{{queue, lanes, flag, events, clock, random}};
  int steps = 0;

  Peer& add(const std::string& name, unsigned lane_count = 2) {
    Peer& peer = peers[name];
    peer.answer = delivered;
    scheduler.add({name, lane_count, [&peer](unsigned) { return std::make_unique<Courier>(peer); }});
    return peer;
  }
  // One with items 1 to items, each of its lanes about to carry a batch of them.
  Peer& set_out(const std::string& name, unsigned lane_count, unsigned items) {
    Peer& peer = add(name, lane_count);
    put(name, 1, items);
    step();
    REQUIRE(lanes.jobs.size() == lane_count);
    return peer;
  }
  // A destination with another one, added before, as its fallback.
  Peer& add_with_fallback(const std::string& name, const std::string& to, Millis after) {
    Peer &peer = peers[name], &other = peers[to];
    peer.answer = delivered;
    DestinationSpec spec{name, 2, [&peer](unsigned) { return std::make_unique<Courier>(peer); }};
    spec.fallback = {to, after, 2, [&other](unsigned) { return std::make_unique<Courier>(other); }};
    scheduler.add(std::move(spec));
    return peer;
  }
  void put(const std::string& name, unsigned first, unsigned last, const std::string& sop_class = "ct") {
    for (unsigned n = first; n <= last; ++n) queue.put(name, item_of(n, sop_class));
    scheduler.notify();
  }
  MonoTime step() {
    flag.up = false;
    ++steps;
    return scheduler.step();
  }
  // Steps, runs lanes and lets time pass, until that much has passed.
  void run_for(Millis duration) {
    const MonoTime end = clock.mono() + duration;
    for (int here = 0;; ++here) {
      REQUIRE_MESSAGE(here < 10000, "the scheduler spins without time passing");
      const MonoTime next = step();
      while (!lanes.jobs.empty()) lanes.run_next();
      if (flag.up) continue;
      if (next <= clock.mono()) continue;
      if (next > end) break;
      clock.advance(next - clock.mono());
      here = 0;
    }
    clock.advance(end - clock.mono());
  }
  std::size_t count(const std::string& name, Queue::State state) { return queue.count(name, state); }
  std::size_t done(const std::string& name) { return count(name, Queue::State::delivered); }
  DestinationSnapshot shown(const std::string& name) {
    for (auto& snapshot : scheduler.snapshot()) {
      if (snapshot.name == name) return snapshot;
    }
    FAIL("no destination ", name);
    return {};
  }
};

}  // namespace sampan::scheduler::sim
