// SPDX-License-Identifier: Apache-2.0
#include "telemetry/telemetry.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/version.h"
#include "core/limits.h"
#include "dicom/dictionary.h"
#include "telemetry/inbox.h"
#include "telemetry/outbox.h"
#include "telemetry/rules.h"
#include "telemetry/samples.h"
#include "telemetry/state.h"
#include "telemetry/views.h"

namespace sampan::telemetry {

namespace limits = core::limits;

namespace {

std::string hex_code(std::uint16_t code) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%04X", static_cast<unsigned>(code));
  return text;
}

// Beyond the bound one kind stands for all others.
void count(std::map<std::string, std::uint64_t>& kinds, const std::string& kind, std::size_t kinds_max) {
  ++kinds[kinds.contains(kind) || kinds.size() < kinds_max ? kind : "other"];
}

}  // namespace

class Telemetry::Worker {
 public:
  Worker(Options options, Needs needs)
      : options_(std::move(options)),
        needs_(needs),
        folder_(options_.state_directory + "/telemetry"),
        journal_(needs.files, folder_, limits::event_file_bytes),
        outbox_({needs.sink, needs.files, needs.clock, needs.random, needs.in_chinese}, journal_, folder_, options_.node, options_.forwards),
        rules_(options_.outage, options_.state_directory, by_now()) {}

  void start();
  void stop();
  void change(bool forwards, Millis every, Millis outage);
  std::string devices() const {
    const std::lock_guard lock(mutex_);
    return devices_view(devices_, needs_.clock.wall());
  }
  std::string events(WallTime from, std::size_t most) const {
    const auto lines = journal_.lines(from, std::min(most, limits::events_answered_max));
    const std::lock_guard lock(mutex_);
    return events_view(lines, rules_.alarms(), needs_.clock.wall(), needs_.in_chinese, by_now());
  }

  void saw(const core::Facts& facts, std::uint64_t bytes, bool repeated) { inbox_.saw(facts, bytes, repeated, needs_.clock.wall()); }
  void connected(const std::string& ae_title, const std::string& address) { inbox_.connected(ae_title, address, needs_.clock.wall()); }
  void happened(News news) {
    news.time = needs_.clock.wall();
    news.mono = needs_.clock.mono();
    inbox_.put(std::move(news));
  }

 private:
  Now now() const;
  ByNow by_now() const {
    return [&world = needs_.world](WallTime kept) { return world.by_now(kept); };
  }
  void run();
  void begin();
  void look_at_inbox();
  void look_at_clock();
  void measure();
  void send();
  void save(bool stopped);
  // Kept soon: the first change at once, what follows at the pace of saving.
  void changed() {
    if (!std::exchange(dirty_, true)) save_due_ = saved_ + limits::telemetry_save_every;
  }
  Millis until_next();

  Options options_;  // every, outage and forwards change on the thread
  const Needs needs_;
  const std::string folder_;
  Inbox inbox_;
  Journal journal_;
  Outbox outbox_;
  mutable std::mutex mutex_;  // of what views show
  Devices devices_{by_now()};
  Rules rules_;
  Past past_;
  std::uint64_t lost_ = 0, repeated_ = 0, missed_samples_ = 0;
  MonoTime sample_due_{}, clock_due_{}, save_due_{}, rules_due_{}, saved_{};
  Now clock_seen_;
  bool dirty_ = false;
  std::mutex change_mutex_;
  std::optional<Options> changed_;
  std::thread thread_;
};

// Both clocks at one moment: a thread that was put aside between the two would see a clock that jumped.
Now Telemetry::Worker::now() const {
  for (;;) {
    const MonoTime before = needs_.clock.mono();
    const Now seen{needs_.clock.wall(), needs_.clock.mono()};
    if (seen.mono - before < Millis(limits::clock_step_least) / 10) return seen;
  }
}

void Telemetry::Worker::start() {
  {
    const std::lock_guard lock(mutex_);
    const auto bytes = read_whole(needs_.files, folder_ + "/state.json", limits::telemetry_bytes_max);
    const std::string text = bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : "";
    past_ = read_state(text, devices_, rules_.alarms(), needs_.clock.mono());
    rules_.quarantined = past_.quarantined;
  }
  thread_ = std::thread([this] { run(); });
}

void Telemetry::Worker::stop() {
  if (!thread_.joinable()) return;
  inbox_.stop();
  thread_.join();
}

void Telemetry::Worker::change(bool forwards, Millis every, Millis outage) {
  {
    const std::lock_guard lock(change_mutex_);
    changed_ = options_;
    changed_->forwards = forwards;
    changed_->every = every;
    changed_->outage = outage;
  }
  inbox_.wake();
}

void Telemetry::Worker::run() {
  begin();
  for (Inbox::Woken woken{}; woken != Inbox::Woken::stopped;) {
    woken = inbox_.wait(until_next());
    // What comes together is looked at together.
    if (woken == Inbox::Woken::something) woken = inbox_.pause(limits::telemetry_gather_time);
    look_at_inbox();
    look_at_clock();
    if (needs_.clock.mono() >= sample_due_ && woken != Inbox::Woken::stopped) measure();
    {
      const std::lock_guard lock(mutex_);
      const auto next = rules_.pass(now());
      rules_due_ = next.value_or(MonoTime{INT64_MAX});
    }
    send();
    if (dirty_ && needs_.clock.mono() >= save_due_) save(false);
  }
  save(true);
}

void Telemetry::Worker::begin() {
  const WallTime newest = std::max(outbox_.open(), past_.written);
  clock_seen_ = now();
  const std::string before = past_.version.empty()           ? "first"
                             : past_.version != version() ? "upgraded"
                             : past_.stopped              ? "stopped"
                                                          : "unclean";
  {
    const std::lock_guard lock(mutex_);
    rules_.started(std::string(version()), before, clock_seen_.wall);
    if (const auto behind = Millis(newest.ms - clock_seen_.wall.ms); behind >= limits::clock_step_least)
      rules_.clock_stepped(-behind.count(), clock_seen_.wall);
  }
  past_.version = version();
  sample_due_ = clock_seen_.mono + std::min<Millis>(options_.every, std::chrono::seconds(10));
  clock_due_ = clock_seen_.mono + limits::clock_check_every;
  send();
  save(false);
}

Millis Telemetry::Worker::until_next() {
  MonoTime next = std::min({sample_due_, clock_due_, rules_due_});
  if (dirty_) next = std::min(next, save_due_);
  return std::max(next - needs_.clock.mono(), Millis(0));
}

void Telemetry::Worker::look_at_inbox() {
  auto taken = inbox_.take();
  {
    const std::lock_guard change_lock(change_mutex_);
    if (changed_) {
      options_ = *std::exchange(changed_, {});
      outbox_.forward(options_.forwards);
      sample_due_ = std::min(sample_due_, needs_.clock.mono() + options_.every);
    }
  }
  const std::lock_guard lock(mutex_);
  rules_.outage(options_.outage);
  for (const auto& seen : taken.seen) {
    const auto sighting = sighting_of(seen.facts);
    if (!sighting) continue;
    for (const auto& discovery : devices_.saw(*sighting, seen.fresh, seen.last)) rules_.discovered(discovery, seen.last);
  }
  for (const auto& one : taken.connected) devices_.associated(one.ae_title, one.address, one.time);
  for (const auto& news : taken.news) {
    if (news.what == News::What::caller_refused) {
      devices_.refused(news.subject, news.place, news.reason, news.time);
      count(past_.refused, hex_code(news.code), limits::device_values_max);
    }
    if (news.what == News::What::file_set_aside) count(past_.set_aside, news.reason, limits::alarms_open_max);
    rules_.happened(news);
  }
  rules_.dropped(taken.lost, "happenings came faster than they were looked at", now());
  lost_ += taken.lost;
  repeated_ += taken.repeated;
  if (taken.seen.empty() && taken.connected.empty() && taken.news.empty()) return;
  changed();
}

// The wall clock against the one that only runs.
void Telemetry::Worker::look_at_clock() {
  const Now seen = now();
  const std::int64_t stepped = (seen.wall.ms - clock_seen_.wall.ms) - (seen.mono - clock_seen_.mono).count();
  if (Millis(std::abs(stepped)) >= limits::clock_step_least) {
    const std::lock_guard lock(mutex_);
    rules_.clock_stepped(stepped, seen.wall);
  }
  clock_seen_ = seen;
  clock_due_ = seen.mono + limits::clock_check_every;
}

void Telemetry::Worker::measure() {
  Gauges gauges = needs_.world.gauges();
  gauges.duplicates += repeated_;  // those it counts were stored before they were known as such
  sample_due_ = needs_.clock.mono() + options_.every;
  {
    const std::lock_guard lock(mutex_);
    rules_.measured(gauges, now());
  }
  past_.quarantined = rules_.quarantined;
  outbox_.retry();
  if (!options_.forwards) return;
  const Measured measured{gauges,
                          devices_,
                          {std::string(version()), std::string(dicom::toolkit_version()), openssl_version()},
                          options_.state_directory,
                          options_.every.count() / 1000,
                          past_.refused,
                          past_.set_aside,
                          {{"sample", gauges.samples_shed + missed_samples_}, {"happening", lost_}, {"event", outbox_.lost()}}};
  if (!outbox_.send_samples([&](const Outbox::Stamp& stamp) { return samples_line(measured, stamp); })) ++missed_samples_;
}

void Telemetry::Worker::send() {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events = rules_.take();
  }
  for (Event& event : events) outbox_.send(std::move(event));
  if (events.empty()) return;
  // At once: what was told must not be told again after a crash.
  dirty_ = true;
  save_due_ = needs_.clock.mono();
}

void Telemetry::Worker::save(bool stopped) {
  past_.stopped = stopped;
  past_.written = needs_.clock.wall();
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    text = write_state(past_, devices_, rules_.alarms());
  }
  if (Status kept = write_durably(needs_.files, folder_ + "/state.json", as_bytes(text)); !kept)
    log::warn("telemetry: " + kept.error().message);
  dirty_ = false;
  saved_ = needs_.clock.mono();
}

Telemetry::Telemetry(Options options, Needs needs) : worker_(std::make_unique<Worker>(std::move(options), needs)) {}
Telemetry::~Telemetry() { stop(); }
void Telemetry::start() { worker_->start(); }
void Telemetry::stop() { worker_->stop(); }

void Telemetry::saw(const core::Facts& facts, std::uint64_t bytes, bool repeated) { worker_->saw(facts, bytes, repeated); }
void Telemetry::connected(const std::string& ae_title, const std::string& address) { worker_->connected(ae_title, address); }
void Telemetry::happened(News news) { worker_->happened(std::move(news)); }
void Telemetry::change(bool forwards, Millis every, Millis outage) { worker_->change(forwards, every, outage); }
std::string Telemetry::devices() const { return worker_->devices(); }
std::string Telemetry::events(WallTime from, std::size_t most) const { return worker_->events(from, most); }

}  // namespace sampan::telemetry
