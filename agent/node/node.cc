// SPDX-License-Identifier: Apache-2.0
#include "node/node.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/owner.h"
#include "control/api.h"
#include "control/reason_words.h"
#include "control/reload_routes.h"
#include "core/limits.h"
#include "dicom/implementation.h"
#include "http/server.h"
#include "node/ages.h"
#include "node/changing.h"
#include "node/clock_watch.h"
#include "node/comparison.h"
#include "node/custodian.h"
#include "node/engine.h"
#include "node/exams.h"
#include "node/intakes.h"
#include "node/keys.h"
#include "node/live.h"
#include "node/loop.h"
#include "node/loop_picture.h"
#include "node/report.h"
#include "node/routing.h"
#include "node/telemetry_wiring.h"
#include "policy/table_judge.h"
#include "queue/unproven.h"
#include "scheduler/lane_threads.h"

namespace sampan::node {
namespace {

namespace limits = core::limits;

constexpr auto unproven_told_after = std::chrono::hours(24);
constexpr std::size_t exams_named = 5;
constexpr Millis status_patience{200};       // with the event loop; then what it told last is good enough
constexpr Millis telemetry_patience{60'000};

bool may_not_open(const queue::QueueSummary& queue) {
  return queue.denied > 0 || says_denied(queue.unreadable.why);
}

std::unique_ptr<Beacon> make_beacon() {
  return Beacon::make({limits::beacon_touches_max, limits::beacon_strikes_max});
}

// What this run stored while the clock was another.
Findings say_by_now(Findings findings, const policy::ClockPast& past) {
  const auto say = [&past](std::optional<WallTime>& time) {
    if (time) time = past.by_now(*time);
  };
  say(findings.last_image);
  for (auto& one : findings.refusals) one.time = past.by_now(one.time);
  for (auto& one : findings.destinations) say(one.last_success);
  for (auto& folder : findings.folders) say(folder.condition.last_file), say(folder.condition.missing_since);
  return findings;
}

Env with(Env env, const std::string& state_directory) {
  env.folder_memory = state_directory + "/folders";
  env.identity = dicom::make_identity(env.random);
  return env;
}

}  // namespace

Env system_env() {
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  return {disk(), system_clock(), system_random(), nullptr, credentials == nullptr ? "" : credentials};
}

struct Node::Parts {
  Parts(settings::Settings s, Env e)
      : live(std::move(s)), beacon(make_beacon()), env(with(e, live.settings()->state_directory)), loop(e.clock), started_mono(e.clock.mono()) {}

  void start_engine();
  void open_telemetry();
  telemetry::Gauges gauges();
  ToldByLoop look_at_loop();  // on its thread
  void add_proofs(const settings::Settings& settings, ProofView& proofs);
  std::map<std::string, std::string> out_of_reach();  // destinations, and why
  Status open_control();
  std::unique_ptr<Exams> open_exams();

  // In the order of construction; what comes later uses what comes before, and goes first.
  Live live;
  const std::unique_ptr<Beacon> beacon;
  const Env env;
  const policy::TableJudge judge{};
  SchedulerWatch scheduler_watch;
  DiskWatch disk_watch;
  ClockWatch clock_watch{env.clock};
  Loop loop;
  std::unique_ptr<scheduler::LaneThreads> lanes = std::make_unique<scheduler::LaneThreads>();
  worker::Worker worker;
  Changing changing{worker};
  Engine engine{{env, live, judge, *lanes, loop, scheduler_watch,
                 [this](const core::Consignment& one, const core::Consignment& other) { return compare(worker, one, other); },
                 changing.by_worker()}};
  LoopPicture picture{loop, env.clock, [this] { return look_at_loop(); }};
  std::unique_ptr<telemetry::World> world;
  std::unique_ptr<telemetry::Telemetry> telemetry;
  std::unique_ptr<Intakes> intakes;
  std::unique_ptr<control::Reporter> reporter;
  std::unique_ptr<Exams> exams;
  std::unique_ptr<control::TelemetryBook> book;
  std::unique_ptr<Keys> keys;
  std::unique_ptr<Custodian> custodian;
  std::unique_ptr<control::Api> api;
  std::unique_ptr<http::Server> server;
  const MonoTime started_mono;
  std::atomic<MonoTime> turned{};  // the loop, last
  std::mutex change_mutex;                 // held by whoever starts, reloads or begins to stop
  bool running = false;                    // guarded by it
  std::function<settings::ReloadReport()> reload_request;
  std::unique_ptr<control::Reloader> reloader;
  bool stopping = false, stopped = false;  // on the loop's thread
  std::promise<void> scheduler_ended;
};

struct NodeReporter final : control::Reporter {
  explicit NodeReporter(Node& n) : node(n) {}
  control::NodeStatus status() override { return node.status(); }
  Node& node;
};

// The answer to a person is in the words of both languages; what the system said stays as it said it.
struct NodeReloader final : control::Reloader {
  explicit NodeReloader(const std::function<settings::ReloadReport()>& r) : request(r) {}
  control::ReloadAnswer reload() override {
    const settings::ReloadReport report = request();
    control::ReloadAnswer answer;
    answer.applied = report.applied;
    answer.after_restart = report.after_restart;
    for (const auto& problem : report.problems)
      answer.problems.push_back({to_string(problem), to_string(problem, settings::Lang::zh)});
    if (!report.failure.empty()) answer.problems.push_back({report.failure, "无法启用新配置：" + report.failure});
    return answer;
  }
  const std::function<settings::ReloadReport()>& request;
};

Node::Node(settings::Settings settings, Env env) : parts_(std::make_unique<Parts>(std::move(settings), env)) {}
Node::~Node() { stop(); }

void Node::Parts::open_telemetry() {
  world = std::make_unique<NodeWorld>([this] { return gauges(); }, [this](WallTime kept) { return clock_watch.past().by_now(kept); });
  telemetry = std::make_unique<telemetry::Telemetry>(
      telemetry_options(*live.settings()), telemetry::Needs{engine.queue(), *world, env.files, env.clock, env.random,
                       [](std::string_view reason) { return control::reason_words(reason, control::Lang::zh); }});
  book = std::make_unique<NodeBook>(*telemetry, env.clock);
  scheduler_watch.tell(telemetry.get());
}

telemetry::Gauges Node::Parts::gauges() {
  clock_watch.keep(env.files, false);  // so that nobody need ask for status to have it seen
  Gauged gauged{engine.queue().summary(), {}, {}, env.clock.wall(), env.clock.mono() - started_mono};
  const Ages ages(engine.queue().counts(), clock_watch.past(), gauged.now);
  ages.say_by_now(gauged.queue);
  gauged.disk = disk_watch.look(*live.settings(), gauged.queue, ages.intake(), gauged.now);
  const auto settings = live.settings();
  auto told = picture.take(telemetry_patience);
  gauged.destinations = std::move(told.destinations);
  gauged.proofs.ways = std::move(told.ways);
  add_proofs(*settings, gauged.proofs);
  return gauges_of(*settings, gauged);
}

ToldByLoop Node::Parts::look_at_loop() {
  ToldByLoop told{engine.scheduler().snapshot(), {}};
  const auto settings = live.settings();
  for (const auto& destination : settings->destinations)
    if (engine.proving().asks(destination.name)) told.ways[destination.name] = engine.proving().way(destination.name);
  return told;
}

void Node::Parts::add_proofs(const settings::Settings& settings, ProofView& proofs) {
  for (const auto& one : settings.destinations)
    if (engine.queue().unproven().with_node(one.name)) proofs.nodes.insert(one.name);
  for (const auto& [name, way] : proofs.ways) {
    if (engine.queue().unproven().longer_than(name, unproven_told_after)) proofs.unproven_long.insert(name);
    proofs.lost_often[name] = engine.proving().lost_often(name);
    proofs.not_committed[name] = engine.proving().not_committed(name);
  }
}

std::map<std::string, std::string> Node::Parts::out_of_reach() {
  std::map<std::string, std::string> reasons;
  loop.call([&] {
    for (const auto& one : engine.scheduler().snapshot())
      if (one.state == scheduler::Breaker::State::backing_off || one.state == scheduler::Breaker::State::stopped) reasons[one.name] = one.last_error;
  });
  return reasons;
}

void Node::Parts::start_engine() {
  engine.start();
  const auto step = [this] {
    const MonoTime next = engine.step();
    if (stopping && !stopped && engine.stopped()) stopped = true, scheduler_ended.set_value();
    return next;
  };
  turned = env.clock.mono();
  const auto tick = [this] {
    turned = env.clock.mono();
    engine.tick();
    worker.rest(limits::worker_idle_max);
  };
  loop.start(step, tick, limits::queue_tick_every);
}

std::unique_ptr<Exams> Node::Parts::open_exams() {
  const auto names = [this] {
    std::vector<std::string> all;
    for (const auto& destination : live.settings()->destinations) all.push_back(destination.name);
    return all;
  };
  // The order is on the disk; nobody waits for a scheduler that is busy.
  const auto try_now = [this](const std::string& name) { loop.post([this, name] { engine.scheduler().retry_now(name); }); };
  const auto window = [this](const std::string& name) {
    const auto settings = live.settings();
    for (const auto& destination : settings->destinations)
      if (destination.name == name) return window_now(destination, env.clock.wall());
    return WindowNow{};
  };
  return std::make_unique<Exams>(Exams::Needs{engine.queue(), env.clock, names, try_now, window, [this] { return clock_watch.past(); }, [this] { return out_of_reach(); }});
}

Status Node::Parts::open_control() {
  http::Options options{live.settings()->control_socket};
  options.taking_time = control::Api::taking_time();
  server = std::make_unique<http::Server>(std::move(options), [this](const http::Request& request) { return api->handle(request); });
  return server->start();
}

Status Node::start() {
  Parts& p = *parts_;
  std::unique_lock changing(p.change_mutex);
  if (Status opened = p.engine.open(); !opened) return opened;
  p.clock_watch.begin(p.env.files, p.live.settings()->state_directory + "/clock");
  p.beacon->attach(p.live.settings()->state_directory + "/beacon");  // not before: with a wrong key nothing is touched
  p.open_telemetry();
  p.start_engine();
  p.telemetry->start();
  if (const auto struck = p.beacon->struck(); struck > 0)
    log::warn("images that were being read when this program ended: " + std::to_string(struck));
  p.intakes = std::make_unique<Intakes>(p.engine.queue(), p.env.clock, *p.live.settings(), *p.telemetry, p.engine.proving(),
                                        p.engine.promising(), p.env.identity);
  p.intakes->mark_at(*p.beacon);
  p.intakes->ask_custody([&p](const std::string& sop_instance_uid) {
    return std::ranges::any_of(p.engine.queue().lookup().find(sop_instance_uid, 4), [](const auto& match) { return match.what == queue::Match::What::image; });
  });
  p.reporter = std::make_unique<NodeReporter>(*this);
  p.exams = p.open_exams();
  p.reloader = std::make_unique<NodeReloader>(p.reload_request);
  p.keys = std::make_unique<Keys>(p.engine.queue());
  p.custodian = std::make_unique<Custodian>(Custodian::Needs{p.engine.queue(), p.env.clock, [&p] { return p.live.settings(); },
                                                             [&p](telemetry::News news) { p.telemetry->happened(std::move(news)); }});
  p.api = std::make_unique<control::Api>(control::Handlers{p.reporter.get(), p.exams.get(), p.book.get(),
                                                           p.reload_request ? p.reloader.get() : nullptr, p.keys.get(), p.custodian.get()});
  Status opened = p.open_control();
  if (opened) opened = p.intakes->start();
  p.running = opened.ok();
  changing.unlock();
  if (!opened) stop();
  return opened;
}

void Node::on_reload_request(std::function<settings::ReloadReport()> reload) { parts_->reload_request = std::move(reload); }

settings::ReloadReport Node::reload(settings::Settings next) {
  Parts& p = *parts_;
  const std::lock_guard changing(p.change_mutex);
  settings::ReloadReport report;
  const auto refuse = [&](std::string why) { return report.failure = std::move(why), report; };
  if (!p.running) return refuse("the node is not running");
  const auto before = p.live.settings();
  auto held = settings::hold_back(*before, next);
  if (held.clash) return refuse(held.clash->en + " (" + held.paths.front() + " takes effect after a restart)");
  auto doors = p.intakes->prepare(next);
  if (!doors) return refuse(doors.error().message);
  // Everything that may fail is done; from here on nothing does.
  p.live.replace(next);
  p.loop.call([&] { p.engine.change(*before, next); });
  p.intakes->change(std::move(*doors));
  const auto told = telemetry_options(next);
  p.telemetry->change(told.forwards, told.every, told.outage);
  p.engine.queue().route_again();
  p.engine.scheduler().notify();
  report.applied = true;
  report.after_restart = std::move(held.paths);
  return report;
}

void Node::stop() {
  Parts& p = *parts_;
  bool ran = false;
  {
    const std::lock_guard changing(p.change_mutex);
    ran = std::exchange(p.running, false);
  }
  if (p.intakes) p.intakes->stop(limits::stop_grace);
  if (p.server) p.server->stop();
  if (p.telemetry) p.telemetry->stop();
  if (ran) p.clock_watch.keep(p.env.files, true);
  if (p.engine.started() && !p.stopping) {
    auto ended = p.scheduler_ended.get_future();
    p.loop.call([&p] {
      p.stopping = true;
      p.engine.stop(limits::stop_grace);
    });
    p.loop.wake();
    // Transfers are interrupted now, and so is what reads for them.
    if (ended.wait_for(limits::stop_grace) != std::future_status::ready) p.worker.stop();
    if (ended.wait_for(2 * limits::stop_grace) != std::future_status::ready)
      log::warn("a transfer did not end in time; what it carried is sent again after the next start");
    p.engine.quiet();
    p.loop.stop();
  }
  p.lanes.reset();
  p.worker.stop();
  p.engine.close();
}

Result<std::uint64_t> Node::undelivered() {
  if (Status opened = parts_->engine.open(); !opened) return opened.error();
  parts_->engine.queue().drain();
  std::set<std::string> believed;
  for (const auto& one : parts_->live.settings()->destinations)
    if (one.reclaim_after == settings::ReclaimAfter::accepted) believed.insert(one.name);
  auto count = parts_->engine.queue().counts().undelivered(believed);
  // What was not read is in no count, and may be an image that nobody else has.
  const queue::QueueSummary seen = parts_->engine.queue().summary();
  if (const auto unread = seen.foreign + seen.denied; unread > 0)
    count = fail(Errc::damaged, "files of the spool that were not read, and may hold images: " + std::to_string(unread));
  parts_->engine.close();
  return count;
}

std::uint16_t Node::intake_port() const { return parts_->intakes ? parts_->intakes->port() : 0; }

bool Node::hangs() const { return parts_->env.clock.mono() - parts_->turned.load() > 20 * Millis(limits::queue_tick_every); }

control::NodeStatus Node::status() {
  Parts& p = *parts_;
  Findings findings;
  findings.now = p.env.clock.wall();
  findings.uptime = p.env.clock.mono() - p.started_mono;
  findings.started = WallTime{findings.now.ms - findings.uptime.count()};
  findings.clock_set_by = p.clock_watch.look();
  const auto past = p.clock_watch.past();
  const Ages ages(p.engine.queue().counts(), past, findings.now);
  findings.queue = p.engine.queue().summary();
  findings.intake_runs = p.intakes && p.intakes->listens();
  findings.port = intake_port();
  if (p.intakes) {
    findings.received = p.intakes->received();
    findings.last_image = p.intakes->last_image();
    findings.associations_now = p.intakes->associations_now();
    findings.refusals = p.intakes->refusals();
    findings.folders = p.intakes->folders();
  }
  if (!findings.last_image)  // of an earlier run
    for (const auto& exam : exams_received(p.engine.queue().glance(), past, {0}, findings.now, 1)) findings.last_image = exam.last;
  findings.admits = p.engine.queue().admits(core::Kind::image);
  ages.say_by_now(findings.queue);
  if (findings.queue.quarantined > 0) findings.quarantined_exams = p.engine.queue().glance().quarantined(exams_named);
  for (const auto& count : findings.queue.destinations) {
    if (count.on_hold > 0) findings.for_a_person[count.destination].on_hold = p.engine.queue().glance().exams_in(count.destination, core::DeliveryState::on_hold, exams_named);
    if (count.rejected > 0) findings.for_a_person[count.destination].rejected = p.engine.queue().glance().exams_in(count.destination, core::DeliveryState::rejected, exams_named);
  }
  if (may_not_open(findings.queue)) findings.stranger = stranger_in(p.live.settings()->state_directory);
  findings.disk = p.disk_watch.look(*p.live.settings(), findings.queue, ages.intake(), findings.now);
  findings.key = key_status(p.engine.queue());
  findings.promises = p.engine.queue().pledges().summary();
  const auto settings = p.live.settings();
  auto told = p.picture.take(status_patience);
  findings.destinations = std::move(told.destinations);
  findings.destinations_age = told.age;
  findings.proofs.ways = std::move(told.ways);
  p.add_proofs(*settings, findings.proofs);
  findings.ages = ages.waiting(findings.queue);
  return report(*settings, say_by_now(std::move(findings), past));
}

}  // namespace sampan::node
