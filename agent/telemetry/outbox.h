// SPDX-License-Identifier: Apache-2.0
// Outbox: numbers events and samples and puts them into the queue, each exactly once whatever crashes in between.
//
// An item is synced here with its id and number first, then queued under that id; after a crash it is offered again, and
// the queue knows it. Without a destination that takes telemetry nothing is numbered nor queued.
// Threads: one.   Owns: <folder>/sample.last; the Journal is lent.
// Fails:   what the queue does not take waits here and is offered again by retry(), bounded; beyond that it is counted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/file.h"
#include "base/random.h"
#include "core/sink.h"
#include "telemetry/event.h"
#include "telemetry/journal.h"

namespace sampan::telemetry {

class Outbox {
 public:
  struct Needs {
    core::Sink& sink;
    FileSystem& files;
    const Clock& clock;
    Random& random;
    InChinese in_chinese = nullptr;
  };
  Outbox(Needs needs, Journal& journal, std::string folder, std::string node, bool forwards)
      : needs_(needs), journal_(journal), folder_(std::move(folder)), node_(std::move(node)), forwards_(forwards) {}

  // Goes on where it was, and offers again what may not have been queued. The newest time on record; 0 without one.
  WallTime open();

  // Gives it id, node and number, keeps it in the list, queues it.
  void send(Event event);
  // body: the fields of the line after those of every item. False: the one before is not queued yet, or the disk failed.
  struct Stamp {
    Uuid id;
    std::string node, series;
    std::uint64_t seq = 0;
    WallTime time{};
  };
  bool send_samples(const std::function<std::string(const Stamp&)>& line_of);
  // Offers again what the queue did not take.
  void retry();

  bool forwards() const { return forwards_; }
  void forward(bool yes) { forwards_ = yes; }
  std::uint64_t unsent() const { return unsent_.size() + (samples_.line.empty() ? 0 : 1); }
  std::uint64_t lost() const { return lost_; }  // events that found no room here

 private:
  struct Waiting {
    Uuid id;
    std::string series;
    std::uint64_t seq = 0;
    std::string line;
  };
  std::string new_series() { return to_string(make_uuid7(needs_.clock.wall(), needs_.random)); }
  void mark_samples();
  Status offer(core::Kind kind, const Waiting& waiting);
  void queue_events();
  bool queue_samples();

  Needs needs_;
  Journal& journal_;
  const std::string folder_, node_;
  bool forwards_;
  std::string series_, sample_series_;
  std::uint64_t seq_ = 0, sample_seq_ = 0, lost_ = 0;
  std::deque<Waiting> unsent_;
  Waiting samples_;  // not queued yet
};

}  // namespace sampan::telemetry
