// SPDX-License-Identifier: Apache-2.0
// World: the time, the dice and the list of what happens next; everything in a simulation happens in one of its events.
//
// One seed, one history: events of one moment happen in the order they were planned in.
// Threads: one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace sampan::sim {

constexpr std::int64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

// A small generator whose numbers are the same with every library.
class Dice final : public Random {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 0x1234567) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // From both ends.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool chance(unsigned in_1000) { return next() % 1000 < in_1000; }

 private:
  std::uint64_t state_;
};

class World {
 public:
  World(std::uint64_t from_seed, bool traces) : seed(from_seed), dice(from_seed), traces_(traces) {}

  std::int64_t now() const { return now_; }
  // Time that passes while something happens; what was planned meanwhile happens late.
  void pass(std::int64_t ms) { now_ += ms; }
  void at(std::int64_t when, std::function<void()> what) { events_.emplace(std::pair(std::max(when, now_), ++planned_), std::move(what)); }
  void in(std::int64_t ms, std::function<void()> what) { at(now_ + ms, std::move(what)); }
  // False when nothing is planned any more, or not before the end.
  bool step(std::int64_t end) {
    if (events_.empty() || events_.begin()->first.first > end) return false;
    auto event = events_.extract(events_.begin());
    now_ = std::max(now_, event.key().first);
    event.mapped()();
    ++happened_;
    return true;
  }
  std::uint64_t happened() const { return happened_; }
  void forget_events() { events_.clear(); }

  void trace(const std::string& line) {
    for (const char c : line) digest_ = (digest_ ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ull;
    digest_ = (digest_ ^ static_cast<std::uint64_t>(now_)) * 0x100000001b3ull;
    if (traces_) std::fprintf(stdout, "%9.3f %s\n", static_cast<double>(now_) / 1000.0, line.c_str());
  }
  // Of everything that was traced: equal for two runs of one seed.
  std::uint64_t digest() const { return digest_; }
  // A promise that was not kept.
  void broken(const std::string& what) {
    if (complaints.size() < 20) complaints.push_back(what);
    trace("BROKEN " + what);
  }

  const std::uint64_t seed;
  Dice dice;
  std::vector<std::string> complaints;
  bool healed = false;  // no more faults

 private:
  const bool traces_;
  std::int64_t now_ = 0;
  std::uint64_t planned_ = 0, happened_ = 0, digest_ = 0xcbf29ce484222325ull;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace sampan::sim
