// SPDX-License-Identifier: Apache-2.0
// Inbox: what the threads of modalities and lanes leave for telemetry, and go on at once (DESIGN, contract 12).
//
// Images of one kind are one entry with a count, so that a thousand images a second cost no memory. The first entry
// wakes the reader; nothing that follows does, until it took them.
// Threads: any for the writers, one for the reader.   Bounded: limits::sightings_max and news_waiting_max; what finds
// no room is counted. Fails: never.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/facts.h"
#include "telemetry/devices.h"
#include "telemetry/news.h"

namespace sampan::telemetry {

class Inbox {
 public:
  struct Seen {
    core::Facts facts;  // those a device is told by, and no other
    Count fresh;
    WallTime last{};
  };
  struct Connected {
    std::string ae_title, address;
    WallTime time{};
  };
  struct Taken {
    std::vector<Seen> seen;
    std::vector<Connected> connected;
    std::vector<News> news;
    std::uint64_t lost = 0;
    std::uint64_t repeated = 0;  // images that were here already
  };

  void saw(const core::Facts& facts, std::uint64_t bytes, bool repeated, WallTime time);
  void connected(std::string ae_title, std::string address, WallTime time);
  void put(News news);

  // Waits until something is here, the time has come (by the machine's running clock) or stop().
  enum class Woken { something, time, stopped };
  Woken wait(Millis at_most);
  // Lets more come, unless it is stopped.
  Woken pause(Millis time);
  void wake();
  Taken take();
  void stop();

 private:
  template <class List, class Entry>
  void add(List& list, Entry entry, std::size_t most);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Seen> seen_;
  std::vector<Connected> connected_;
  std::vector<News> news_;
  std::uint64_t lost_ = 0, repeated_ = 0;
  bool something_ = false, stopped_ = false;
};

}  // namespace sampan::telemetry
