// SPDX-License-Identifier: Apache-2.0
#include "sim/site.h"

#include <algorithm>

#include "core/limits.h"
#include "node/windows.h"
#include "sim/sqlite_disk.h"

namespace sampan::sim {

Site::Site(World& world, settings::Settings settings, node::Transport& transport, std::uint64_t disk_bytes)
    : world_(world),
      name_(settings.site),
      settings_(std::move(settings)),
      clock_(world),
      dice_(world.dice.next()),
      disk_(world.dice.next(), disk_bytes),
      transport_(transport) {
  mount_sqlite_disk("/" + name_ + "/", disk_);
}

void Site::later(std::int64_t ms, std::function<void()> what) {
  world_.in(ms, [this, epoch = epoch_, what = std::move(what)] {
    if (epoch != epoch_ || !engine_) return;
    what();
    touched();
  });
}

void Site::boot() {
  ++boots_, ++epoch_;
  clock_.booted = world_.now();
  step_at_ = INT64_MAX;
  writes_soon_ = behind_ = false;
  jobs_.clear();
  const std::uint64_t failures = disk_.failures();
  live_ = std::make_unique<node::Live>(settings_);
  engine_ = std::make_unique<node::Engine>(node::Engine::Needs{{disk_, clock_, dice_, &transport_}, *live_, judge_, *this, *this, *this});
  if (Status opened = engine_->open(false); !opened) {
    engine_.reset();
    if (disk_.dead()) return die();
    if (disk_.failures() == failures) world_.broken(name_ + ": a start was refused: " + opened.error().message);
    world_.trace(name_ + ": a start failed: " + opened.error().message);
    return world_.in(5 * second, [this] { boot(); });
  }
  engine_->start();
  if (!disk_.dead()) queue().drain();
  started_badly_ = disk_.failures() != failures;
  world_.trace(name_ + ": started" + (started_badly_ ? ", badly" : ""));
  wake();
  later(Millis(core::limits::queue_tick_every).count(), [this] { tick(); });
  touched();
}

void Site::tick() {
  engine_->tick();
  later(Millis(core::limits::queue_tick_every).count(), [this] { tick(); });
}

void Site::wake() {
  if (ending_ || step_at_ <= world_.now()) return;
  step_at_ = world_.now();
  later(0, [this] { step(); });
}

void Site::step() {
  step_at_ = INT64_MAX;
  const MonoTime next = engine_->step();
  if (next == scheduler::never) return;
  const std::int64_t wait = std::max<std::int64_t>(0, (next - clock_.mono()).count());
  const std::int64_t when = world_.now() + wait;
  if (when >= step_at_) return;
  step_at_ = when;
  later(wait, [this, when] {
    if (step_at_ == when) step();
  });
}

void Site::run(std::function<void()> job) {
  const std::uint64_t number = ++jobs_given_;
  jobs_[number] = std::move(job);
  if (ending_) return;
  later(dice_.between(0, 200), [this, number] {
    if (const auto given = jobs_.extract(number)) given.mapped()();
  });
}

void Site::touched() {
  if (disk_.dead()) return die();
  write_soon();
}

void Site::write_soon() {
  if (!engine_ || std::exchange(writes_soon_, true)) return;
  // As its thread would: soon, or later when the machine is busy.
  world_.in(dice_.chance(50) ? dice_.between(500, 5000) : dice_.between(1, 30), [this, epoch = epoch_] {
    if (epoch != epoch_ || !engine_) return;
    writes_soon_ = false;
    const std::uint64_t failures = disk_.failures();
    queue().drain();
    if (disk_.dead()) return die();
    behind_ = disk_.failures() != failures;
    if (behind_) later(3 * second, [] {});  // what failed is tried again
  });
}

void Site::end(End how, std::int64_t down_ms) {
  if (!engine_) return;
  if (how == End::orderly) end_in_order();
  how_ = how, down_ms_ = down_ms;
  disk_.die_now();
  die();
}

void Site::end_at_operation(End how, std::uint64_t nth, std::int64_t down_ms) {
  how_ = how, down_ms_ = down_ms;
  disk_.die_at(disk_.operations() + nth);
}

// Whoever carries something may finish it.
void Site::end_in_order() {
  ending_ = true;
  engine_->stop(Millis(0));
  for (unsigned round = 0; round < 1000 && !engine_->stopped(); ++round) {
    engine_->step();
    for (const auto& [number, job] : std::exchange(jobs_, {})) job();
  }
  if (!engine_->stopped()) world_.broken(name_ + ": it does not stop when it is told to");
  ending_ = false;
  engine_->quiet();
  engine_->close();
}

void Site::die() {
  world_.trace(name_ + (how_ == End::power ? ": power lost" : how_ == End::process ? ": killed" : ": stopped"));
  ++epoch_;
  jobs_.clear();
  engine_.reset();
  live_.reset();
  if (how_ == End::power)
    disk_.cut_power();
  else
    disk_.restart();
  world_.in(down_ms_, [this] { boot(); });
}

bool Site::long_closed() const {
  constexpr std::int64_t long_ago = 30 * minute;  // a batch may still come to its end over a slow line, and the next one was ready
  const auto& destination = settings_.destinations.front();
  const auto closed = [&](std::int64_t before) { return node::window_now(destination, {clock_.wall().ms - before}).closed; };
  return world_.now() - std::max(jumped_, clock_.booted) > long_ago && closed(0) && closed(long_ago / 2) && closed(long_ago);
}

void Site::lose_ledger() {
  if (engine_) return;
  const std::string path = settings_.state_directory + "/ledger.db";
  switch (dice_.between(0, 2)) {
    case 0:
      for (const char* part : {"", "-wal"}) disk_.erase(path + part);
      break;
    case 1: disk_.truncate(path, static_cast<std::uint64_t>(dice_.between(0, 20'000))); break;
    default: {
      Bytes garbage(static_cast<std::size_t>(dice_.between(1, 9000)), 0x5a);
      disk_.overwrite(path, static_cast<std::uint64_t>(dice_.between(0, 3000)), garbage);
    }
  }
  world_.trace(name_ + ": the ledger is damaged");
}

Site::Holdings Site::holdings(const Images& images) {
  Holdings all;
  std::map<std::int64_t, std::multimap<Uuid, Shown>> exams;
  std::set<std::string> asked;
  for (const Image& image : images.all) {
    if (!asked.insert(image.sop_instance).second) continue;
    for (const auto& match : queue().lookup().find(image.sop_instance, 20)) {
      if (!match.item) continue;
      const auto [exam, fresh] = exams.try_emplace(match.exam);
      auto pages = queue().lookup().images(match.exam, std::nullopt);
      for (auto page = fresh ? pages.next() : std::vector<queue::ImageDelivery>{}; !page.empty(); page = pages.next())
        for (const auto& one : page) exam->second.insert({one.item, {one.payload, one.state, one.reason, one.destination}});
      const auto [from, to] = exam->second.equal_range(*match.item);
      for (auto one = from; one != to; ++one) all.insert({image.sop_instance, one->second});
    }
  }
  return all;
}

void Site::audit(const Holdings& holdings) {
  std::map<std::pair<std::string, core::DeliveryState>, std::uint64_t> so;
  for (const auto& [name, one] : holdings) {
    ++so[{one.destination, one.state}];
    const bool waits_for_somebody = one.state == core::DeliveryState::rejected || one.state == core::DeliveryState::on_hold;
    if (waits_for_somebody && one.reason.empty()) world_.broken(name_ + ": " + name + " waits for a person and does not say why");
    if (one.payload == queue::Payload::damaged) world_.broken(name_ + ": " + name + " is damaged: " + one.reason);
    if (one.payload == queue::Payload::reclaimed && one.state != core::DeliveryState::delivered)
      world_.broken(name_ + ": " + name + " was given up undelivered: " + one.reason);
  }
  for (const auto& count : queue().summary().destinations) {
    const auto compare = [&](core::DeliveryState state, std::uint64_t said) {
      const std::uint64_t shows = so[{count.destination, state}];
      if (shows != said)
        world_.broken(name_ + ": of " + std::string(to_string(state)) + " it counts " + std::to_string(said) + " and shows " + std::to_string(shows));
    };
    compare(core::DeliveryState::waiting, count.waiting);
    compare(core::DeliveryState::on_hold, count.on_hold);
    compare(core::DeliveryState::rejected, count.rejected);
    compare(core::DeliveryState::delivered, count.delivered);
  }
}

}  // namespace sampan::sim
