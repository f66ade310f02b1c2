// SPDX-License-Identifier: Apache-2.0
// Site: a machine with a disk, clocks and a power switch, and the node that runs on it: its real engine, run by hand.
//
// Lane jobs and the work of the queue's thread happen in events of their own, some time after they were asked for.
// Threads: one.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "node/engine.h"
#include "policy/table_judge.h"
#include "queue/lookup.h"
#include "sim/images.h"
#include "sim/world.h"
#include "sim/simulated_disk.h"

namespace sampan::sim {

class Site final : public scheduler::Lanes, public scheduler::Waker, public scheduler::Observer {
 public:
  enum class End { orderly, process, power };
  Site(World& world, settings::Settings settings, node::Transport& transport, std::uint64_t disk_bytes);

  void boot();
  // Ends it now, or before the nth change of its disk from now on; boots again some time later.
  void end(End how, std::int64_t down_ms);
  void end_at_operation(End how, std::uint64_t nth, std::int64_t down_ms);
  // After everything that touched it: has the dead die, and what was handed to the queue written soon.
  void touched();
  bool up() const { return engine_ != nullptr; }
  // What was handed to the queue could not all be written yet.
  bool is_behind() const { return behind_; }
  // While it is down.
  void lose_ledger();
  void jump_clock(std::int64_t wall_ms) { clock_.offset += wall_ms, jumped_ = world_.now(); }
  // The window of its destination was closed for so long that no batch of images may begin.
  bool long_closed() const;

  const std::string& name() const { return name_; }
  const settings::Settings& settings() const { return settings_; }
  SimulatedDisk& disk() { return disk_; }
  node::Engine& engine() { return *engine_; }
  queue::Queue& queue() { return engine_->queue(); }
  const Clock& clock() const { return clock_; }
  unsigned boots() const { return boots_; }
  // The disk failed while it started: what it could not read is left for the next start.
  bool started_badly() const { return started_badly_; }
  // What the node shows of an image it took.
  struct Shown {
    queue::Payload payload = queue::Payload::here;
    core::DeliveryState state = core::DeliveryState::waiting;
    std::string reason, destination;
  };
  using Holdings = std::multimap<std::string, Shown>;  // by SOP Instance UID
  Holdings holdings(const Images& images);
  // Compares what the node says of itself with what it shows, one by one.
  void audit(const Holdings& holdings);
  // What it said it has, to somebody who then forgot his own.
  std::set<Content> taken;

  // Lanes, Waker, Observer
  void run(std::function<void()> job) override;
  void wake() override;
  void destination_up(const std::string& name) override { world_.trace(name_ + ": " + name + " up"); }
  void destination_down(const std::string& name, const std::string& why) override { world_.trace(name_ + ": " + name + " down: " + why); }
  void destination_stopped(const std::string& name, const std::string& why) override { world_.trace(name_ + ": " + name + " stopped: " + why); }
  void class_blocked(const std::string&, const scheduler::ClassKey& key, const std::string& why) override {
    world_.trace(name_ + ": blocked " + key.sop_class + ": " + why);
  }
  void class_unblocked(const std::string&, const scheduler::ClassKey& key) override { world_.trace(name_ + ": unblocked " + key.sop_class); }
  void item_rejected(const std::string&, const Uuid&, const std::string& why) override { world_.trace(name_ + ": rejected: " + why); }
  void item_lost(const std::string&, const Uuid&, const std::string& why) override { world_.trace(name_ + ": lost: " + why); }
  void detour_begins(const std::string&, const std::string&) override {}
  void detour_ends(const std::string&, const std::string&) override {}

 private:
  struct SiteClock final : Clock {
    explicit SiteClock(const World& w) : world(w) {}
    MonoTime mono() const override { return {world.now() - booted + 1000}; }
    WallTime wall() const override { return {world.now() + 1'800'000'000'000 + offset}; }
    const World& world;
    std::int64_t booted = 0, offset = 0;
  };
  // Runs what in an event of this boot; not at all when it has ended by then.
  void later(std::int64_t ms, std::function<void()> what);
  void step();
  void tick();
  void write_soon();
  void die();
  void end_in_order();

  World& world_;
  const std::string name_;
  const settings::Settings settings_;
  SiteClock clock_;
  Dice dice_;
  SimulatedDisk disk_;
  node::Transport& transport_;
  const policy::TableJudge judge_{};
  std::unique_ptr<node::Live> live_;
  std::unique_ptr<node::Engine> engine_;
  unsigned boots_ = 0;
  std::uint64_t epoch_ = 0;
  std::int64_t step_at_ = INT64_MAX;
  bool writes_soon_ = false;
  std::map<std::uint64_t, std::function<void()>> jobs_;  // of its lanes, not begun yet
  std::uint64_t jobs_given_ = 0;
  std::int64_t jumped_ = 0;
  bool ending_ = false, started_badly_ = false, behind_ = false;
  End how_ = End::power;
  std::int64_t down_ms_ = 0;
};

}  // namespace sampan::sim
