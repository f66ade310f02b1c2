// SPDX-License-Identifier: Apache-2.0
#include "node/loop.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <future>
#include <thread>

#include "base/background.h"

namespace sampan::node {

struct Loop::Machine {
  explicit Machine(const Clock& c) : clock(c) {}

  void step_now() {
    woken = false;
    const MonoTime next = step();
    if (next == scheduler::never) {
      step_timer.cancel();
      return;
    }
    step_timer.expires_after(std::max(next - clock.mono(), Millis(0)));
    step_timer.async_wait([this](const asio::error_code& cancelled) {
      if (!cancelled) step_now();
    });
  }

  void tick_later() {
    tick_timer.expires_after(tick_every);
    tick_timer.async_wait([this](const asio::error_code& cancelled) {
      if (cancelled) return;
      tick();
      tick_later();
    });
  }

  const Clock& clock;
  asio::io_context context{1};
  asio::steady_timer step_timer{context}, tick_timer{context};
  std::function<MonoTime()> step;
  std::function<void()> tick;
  Millis tick_every{};
  std::atomic<bool> woken{false}, running{false};
  std::thread thread;
};

Loop::Loop(const Clock& clock) : machine_(std::make_unique<Machine>(clock)) {}
Loop::~Loop() { stop(); }

void Loop::start(std::function<MonoTime()> step, std::function<void()> tick, Millis tick_every) {
  machine_->step = std::move(step);
  machine_->tick = std::move(tick);
  machine_->tick_every = tick_every;
  machine_->running = true;
  machine_->thread = std::thread([machine = machine_.get()] {
    work_in_background();
    const auto keep = asio::make_work_guard(machine->context);
    machine->tick_later();
    machine->step_now();
    machine->context.run();
  });
}

void Loop::stop() {
  if (!machine_->thread.joinable()) return;
  machine_->running = false;
  machine_->context.stop();
  machine_->thread.join();
}

void Loop::wake() {
  if (machine_->woken.exchange(true)) return;
  asio::post(machine_->context, [machine = machine_.get()] { machine->step_now(); });
}

bool Loop::call(const std::function<void()>& work) {
  if (!machine_->running) return false;
  const auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  asio::post(machine_->context, [&work, done] {
    work();
    done->set_value();
  });
  // A loop that stops meanwhile drops the work unrun; the promise breaks with it.
  for (;;) {
    if (finished.wait_for(std::chrono::milliseconds(50)) == std::future_status::ready) return true;
    if (!machine_->running && !machine_->thread.joinable()) return false;
  }
}

bool Loop::post(std::function<void()> work) {
  if (!machine_->running) return false;
  asio::post(machine_->context, std::move(work));
  return true;
}

}  // namespace sampan::node
