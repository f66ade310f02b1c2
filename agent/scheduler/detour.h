// SPDX-License-Identifier: Apache-2.0
// Detour: the way by which the items of one destination go to its fallback while it does not get through.
//
// It has lanes, a breaker and all else of its own, and leases from the same queue of waiting items as the destination
// itself, so that no item goes both ways at once. What the fallback takes is delivered, with its receipt; what it
// refuses goes back to waiting for the destination, uncounted: a refusal there says nothing here. It goes inside the windows of both.
// Threads: the scheduler's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "scheduler/destination.h"

namespace sampan::scheduler {

class Detour {
 public:
  // spec: of the destination, with a fallback.
  Detour(const DestinationSpec& spec, Needs needs, const Options& options);

  // Opens and closes by what the destination itself comes to; then as Destination::step(). What either gives back the other
  // hears of, for it is not new to the queue: a destination that found all in the hands of its detour would wait for ever.
  MonoTime step(Destination& first);
  Destination& way() { return *way_; }
  const Destination& way() const { return *way_; }
  bool is_open() const { return open_; }
  const std::string& to() const { return to_; }

 private:
  // The fallback's state is told under its own name, and not at all what would be said of the destination.
  class Told final : public Observer {
   public:
    Told(Observer& listener, std::string to) : listener_(listener), to_(std::move(to)) {}
    void destination_up(const std::string&) override { listener_.destination_up(to_); }
    void destination_down(const std::string&, const std::string& reason) override { listener_.destination_down(to_, reason); }
    void destination_stopped(const std::string&, const std::string& reason) override { listener_.destination_stopped(to_, reason); }
    void class_blocked(const std::string&, const ClassKey& key, const std::string& reason) override {
      listener_.class_blocked(to_, key, reason);
    }
    void class_unblocked(const std::string&, const ClassKey& key) override { listener_.class_unblocked(to_, key); }
    void item_rejected(const std::string&, const Uuid&, const std::string&) override {}
    void item_lost(const std::string&, const Uuid&, const std::string&) override {}
    void detour_begins(const std::string&, const std::string&) override {}
    void detour_ends(const std::string&, const std::string&) override {}

   private:
    Observer& listener_;
    const std::string to_;
  };

  const std::string name_, to_;
  const Millis after_;
  Needs needs_;
  std::unique_ptr<Told> told_;
  std::unique_ptr<Destination> way_;
  bool open_ = false;
  std::uint64_t given_back_ = 0;  // by the destination itself
};

}  // namespace sampan::scheduler
