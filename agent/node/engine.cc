// SPDX-License-Identifier: Apache-2.0
#include "node/engine.h"

#include <algorithm>

#include "node/couriers.h"
#include "node/plans.h"
#include "queue/lookup.h"

namespace sampan::node {

// Tells the listener, and proof: who was away may be another than before.
class Engine::Watch final : public scheduler::Observer {
 public:
  Watch(scheduler::Observer& listener, std::atomic<Proving*>& prover) : listener_(listener), prover_(prover) {}
  void destination_up(const std::string& name) override {
    listener_.destination_up(name);
    if (auto* proving = prover_.load()) proving->is_up(name, true);
  }
  void destination_down(const std::string& name, const std::string& reason) override {
    listener_.destination_down(name, reason);
    if (auto* proving = prover_.load()) proving->is_up(name, false);
  }
  void destination_stopped(const std::string& name, const std::string& reason) override {
    listener_.destination_stopped(name, reason);
    if (auto* proving = prover_.load()) proving->is_up(name, false);
  }
  void class_blocked(const std::string& name, const scheduler::ClassKey& key, const std::string& reason) override {
    listener_.class_blocked(name, key, reason);
  }
  void class_unblocked(const std::string& name, const scheduler::ClassKey& key) override { listener_.class_unblocked(name, key); }
  void item_rejected(const std::string& name, const Uuid& item, const std::string& reason) override {
    listener_.item_rejected(name, item, reason);
  }
  void item_lost(const std::string& name, const Uuid& item, const std::string& reason) override { listener_.item_lost(name, item, reason); }
  void detour_begins(const std::string& name, const std::string& to) override { listener_.detour_begins(name, to); }
  void detour_ends(const std::string& name, const std::string& to) override { listener_.detour_ends(name, to); }

 private:
  scheduler::Observer& listener_;
  std::atomic<Proving*>& prover_;
};

Engine::~Engine() { quiet(); }

Status Engine::open(bool own_thread) {
  Live& live = needs_.live;
  queue::QueueNeeds needs{needs_.env.files,
                          needs_.env.clock,
                          needs_.env.random,
                          [&live](const core::Item& item) { return live.route(item); },
                          [&live](std::span<const queue::DeliveryStanding> standings, bool space_is_short) {
                            return live.may_reclaim(standings, space_is_short);
                          },
                          needs_.compare,
                          [this] { changed(); },
                          [&live](const core::Item& item) { return live.priority(item); },
                          [&live](const std::string& destination) { return live.is_asked(destination); }};
  const auto settings = live.settings();
  queue::QueueOptions options{settings->state_directory, settings->site};
  options.own_thread = own_thread;
  options.credentials_directory = needs_.env.credentials_directory;
  auto opened = queue::Queue::open(std::move(options), std::move(needs));
  if (!opened) return opened.error();
  queue_ = std::move(*opened);
  return {};
}

void Engine::start() {
  const Env& env = needs_.env;
  duties_ = std::make_unique<QueueDuties>(*queue_, env.clock);
  watch_ = std::make_unique<Watch>(needs_.observer, prover_);
  scheduler_ = std::make_unique<scheduler::Scheduler>(
      scheduler::Needs{*duties_, needs_.lanes, needs_.waker, *watch_, env.clock, env.random});
  const auto settings = needs_.live.settings();
  add_destinations(*scheduler_, settings->destinations, makers());
  proving_ = std::make_unique<Proving>(*queue_, needs_.lanes, needs_.waker, env, needs_.judge, needs_.observer);
  proving_->add(settings->destinations);
  promising_ = std::make_unique<Promising>(*queue_, needs_.live, needs_.lanes, needs_.waker, env);
  listener_ = scheduler_.get();
  prover_ = proving_.get();
}

Makers Engine::makers() const {
  return {[this](const settings::Destination& one) { return make_courier(one, needs_.env, judge_, needs_.change); },
          [this](const settings::Destination& one) { return make_contact(one, needs_.env, needs_.judge); }};
}

bool Engine::is_contested(const Uuid& item) { return queue_->lookup().is_contested(item); }

void Engine::changed() {
  if (auto* proving_now = prover_.load()) proving_now->notify();
  if (auto* scheduler_now = listener_.load()) scheduler_now->notify();
}

MonoTime Engine::step() { return std::min({scheduler_->step(), proving_->step(), promising_->step()}); }

void Engine::change(const settings::Settings& before, const settings::Settings& after) {
  change_destinations(*scheduler_, before.destinations, after.destinations, makers());
  proving_->change(before.destinations, after.destinations);
  promising_->changed();
}

void Engine::stop(Millis grace) {
  scheduler_->stop(grace);
  proving_->stop();
  promising_->stop();
}

void Engine::quiet() {
  listener_ = nullptr;
  prover_ = nullptr;
}

}  // namespace sampan::node
