// SPDX-License-Identifier: Apache-2.0
#include "scheduler/destination.h"

#include <algorithm>

namespace sampan::scheduler {

namespace {

// A lane at work: one trip after the other, as long as all goes well and the next load is there.
struct Work {
  std::size_t lane;
  std::shared_ptr<core::Courier> courier;
  std::shared_ptr<PostBox> box;
  std::shared_ptr<Tally> tally;
  Needs needs;
  Options options;
  std::shared_ptr<Trip> trip{};

  void begin(Load load) {
    if (load.mode == Mode::batch) load.nearly_done = [box = box, lane = lane] { box->tell_nearly_done(lane); };
    trip = std::make_shared<Trip>(std::move(load), needs, options, tally);
  }

  void operator()() {
    while (trip) {
      PostBox::Arrival arrival{lane, trip->run(*courier)};
      trip.reset();
      if (auto next = arrival.report->went_well() ? box->take() : std::nullopt) {
        arrival.onward = {needs.clock.mono(), next->urgent(), next->routine(), next->yield, next->movement};
        begin(std::move(*next));
      }
      box->tell(std::move(arrival));
    }
  }
};

}  // namespace

Destination::Destination(DestinationSpec spec, Needs needs, const Options& options)
    : spec_(std::move(spec)),
      needs_(needs),
      options_(options),
      lanes_(std::clamp(spec_.lanes, 1u, core::limits::lanes_max)),
      breaker_(options.back_off, options.configuration_probe_every),
      heard_(needs_.clock.mono(), chance()),
      gate_(spec_.windows, needs_.clock),
      since_(needs.clock.mono()) {}

MonoTime Destination::step() {
  collect();
  heed_windows();
  if (!winding_down_ && open_) {
    send_out();
    make_way();
    look_ahead();
    ask_whether_there();
  }
  rest_lanes();
  interrupt_late_ones();
  return next_step();
}

void Destination::something_new() {
  news_ = true;
  nothing_until_ = {};
  blocked_.something_new(needs_.clock.mono());
}

void Destination::retry_now() {
  const MonoTime now = needs_.clock.mono();
  breaker_.probe_now(now);
  for (Lane& lane : lanes_) lane.paused_until = now;
  heard_.ask(std::min(heard_.ask_at(), now));
  something_new();
}

std::optional<Millis> Destination::silent_for() const {
  if (!silent_since_) return std::nullopt;
  return needs_.clock.mono() - *silent_since_;
}

void Destination::set_open(bool open) {
  open_ = open;
  if (!open) give_back_ahead();
  if (open) something_new();
}

void Destination::wind_down(Millis grace) {
  winding_down_ = true;
  give_back_ahead();
  throttle_->release();
  if (std::ranges::any_of(lanes_, &Lane::asking)) contact_->interrupt();
  interrupt_at_ = std::min(interrupt_at_, needs_.clock.mono() + grace);
}

bool Destination::idle() const {
  return std::ranges::none_of(lanes_, [](const Lane& lane) { return lane.busy || lane.connected; });
}

void Destination::collect() {
  const PostBox::Mail mail = post_box_->collect();
  for (const std::size_t lane : mail.nearly_done) lanes_[lane].ending = true;
  for (const PostBox::Arrival& arrival : mail.arrivals) arrived(lanes_[arrival.lane], arrival);
}

void Destination::arrived(Lane& lane, const PostBox::Arrival& arrival) {
  lane.busy = arrival.onward.has_value();
  lane.ending = lane.asking = false;
  if (arrival.report) learn(lane, *arrival.report), ++times_given_back_;
  if (arrival.said) learn_contact(arrival.said->trouble);
  if (!arrival.onward) return;
  lane.mode = Mode::batch;
  lane.started = arrival.onward->started;
  lane.urgent = arrival.onward->urgent;
  lane.routine = arrival.onward->routine;
  lane.yield = arrival.onward->yield;
  lane.movement = arrival.onward->movement;
  if (!silent_since_) silent_since_ = needs_.clock.mono();
}

void Destination::send_out() {
  if (breaker_.open()) return probe();
  probe_classes();
  while (needs_.clock.mono() >= nothing_until_) {
    Lane* lane = free_lane(false);
    if (lane == nullptr) return;
    MonoTime due_at = never;
    const bool suspects_turn = std::exchange(suspects_turn_, false);
    if (suspects_turn && send_suspect(*lane, true, due_at)) continue;
    suspects_turn_ = send_batch(*lane, due_at);
    if (suspects_turn_) continue;
    if (!send_suspect(*lane, under_way(Mode::batch), due_at)) nothing_until_ = due_at;
  }
}

bool Destination::send_batch(Lane& lane, MonoTime& due_at) {
  if (lane.failures > 0) give_back_ahead();
  if (auto ready = post_box_->take()) return launch(lane, std::move(*ready)), true;
  // A lane that just failed alone feels its way with one item.
  const LeaseRequest wanted = request_of_unsuspected(lane.failures > 0 ? 1 : options_.batch_items_max);
  Items items = lend(wanted, due_at);
  if (items.empty()) return false;
  launch(lane, load(Mode::batch, std::move(items)));
  return true;
}

// The queue is asked while the lane is still busy.
void Destination::look_ahead() {
  const auto ending = std::ranges::find_if(lanes_, [](const Lane& lane) { return lane.ending; });
  if (ending == lanes_.end()) return;
  ending->ending = false;
  if (post_box_->is_ready() || breaker_.open() || needs_.clock.mono() < nothing_until_) return;
  const LeaseRequest wanted = request_of_unsuspected(options_.batch_items_max);
  MonoTime due_at = never;
  if (Items items = lend(wanted, due_at); !items.empty()) post_box_->lay_ready(load(Mode::batch, std::move(items)));
}

// The item on its way arrives, faster than a cap says; a batch of routine images over a slow line would take minutes more. Where all lanes carry emergencies
// nobody yields, and it goes before what was laid ready.
void Destination::make_way() {
  const MonoTime now = needs_.clock.mono();
  if (!news_ || now < make_way_at_ || breaker_.open()) return;
  news_ = false;
  make_way_at_ = now + options_.make_way_every;
  const auto yields = [](const Lane& lane) { return lane.busy && lane.connected && lane.mode == Mode::batch && !lane.urgent && !lane.yield->in_hurry; };
  const auto lane = std::ranges::find_if(lanes_, yields);
  const bool nobody = lane == lanes_.end();
  if ((nobody && !post_box_->is_ready()) || free_lane(false) != nullptr || !emergency_ahead()) return;
  if (nobody) return;
  lane->yield->gives_way = lane->yield->in_hurry = true;
  throttle_->look_again();
}

// Leases it where there is one.
bool Destination::emergency_ahead() {
  if (post_box_->is_urgent()) return true;
  LeaseRequest wanted = request_of_unsuspected(options_.batch_items_max);
  wanted.only_emergencies = true;
  MonoTime due_at = never;
  Items urgent = lend(wanted, due_at);
  if (urgent.empty()) return false;
  give_back_ahead();
  post_box_->lay_ready(load(Mode::batch, std::move(urgent)));
  return true;
}

void Destination::give_back_ahead() {
  const auto ready = post_box_->take();
  if (!ready) return;
  std::vector<Settlement> settlements;
  for (const core::Consignment& consignment : ready->items) settlements.push_back({consignment.item.id, PutBack{}});
  nothing_until_ = {};
  ++times_given_back_;
  needs_.duties.settle(spec_.name, settlements);
}

bool Destination::send_suspect(Lane& lane, bool others_flow, MonoTime& due_at) {
  if (under_way(Mode::alone)) return false;
  LeaseRequest wanted = request(1);
  wanted.only_items = suspects_.all();
  if (wanted.only_items.empty()) return false;
  Items items = lend(wanted, due_at);
  if (items.empty()) return false;
  // With nobody else to get through, its failure tells about the destination, unless it was caught too often.
  const bool convicted = suspects_.strikes(items.front().item.id) >= core::limits::suspect_strikes_max;
  launch(lane, load(others_flow || convicted ? Mode::alone : Mode::probe, std::move(items)));
  return true;
}

void Destination::probe() {
  const MonoTime now = needs_.clock.mono();
  const bool due = now >= breaker_.probe_at() || heard_.only_asked();
  if ((!due && !only_suspects_failed_) || now < nothing_until_ || under_way(Mode::probe)) return;
  Lane* lane = free_lane(true);
  if (lane == nullptr) return;
  MonoTime due_at = never;
  Items items = lend_for_probe(!due, due_at);
  if (!items.empty()) return launch(*lane, load(Mode::probe, std::move(items)));
  if (due) nothing_until_ = due_at;
  if (!heard_.is_back()) return;
  silent_since_.reset();
  close_breaker();
}

// Who did not fail yet; then the suspects in turn; then even a blocked class, which tells as well who is alive.
Destination::Items Destination::lend_for_probe(bool only_newcomers, MonoTime& due_at) {
  LeaseRequest wanted = request_of_unsuspected(1);
  Items items = lend(wanted, due_at);
  if (!items.empty() || only_newcomers) return items;
  wanted.skip_items = suspects_.tried();
  items = lend(wanted, due_at);
  if (!items.empty()) return items;
  suspects_.new_round();
  wanted.skip_items.clear();
  items = lend(wanted, due_at);
  if (!items.empty()) return items;
  wanted.skip_classes.clear();
  return lend(wanted, due_at);
}

void Destination::probe_classes() {
  while (const auto key = blocked_.due(needs_.clock.mono())) {
    Lane* lane = free_lane(false);
    if (lane == nullptr) return;
    MonoTime due_at = never;
    Items items = lend_of_class(*key, due_at);
    if (items.empty()) {
      blocked_.probe_found_nothing(*key, due_at);
      continue;
    }
    blocked_.probe_begins(*key, items.front().item.id);
    lane->probed_class = *key;
    launch(*lane, load(Mode::batch, std::move(items)));
  }
}

Destination::Items Destination::lend_of_class(const ClassKey& key, MonoTime& due_at) {
  LeaseRequest wanted = request(1);
  wanted.skip_classes.clear();
  wanted.only_class = key;
  wanted.skip_items = blocked_.tried(key);
  Items items = lend(wanted, due_at);
  if (!items.empty() || wanted.skip_items.empty()) return items;
  blocked_.new_round(key);
  wanted.skip_items.clear();
  return lend(wanted, due_at);
}

Destination::Items Destination::lend(const LeaseRequest& request, MonoTime& due_at) {
  Leased leased = needs_.duties.lease(request);
  // Never at once again, so that a queue that contradicts itself costs no processor.
  const MonoTime soon = needs_.clock.mono() + options_.lease_pause;
  if (leased.items.empty() && leased.due_at) due_at = std::min(due_at, std::max(*leased.due_at, soon));
  return std::move(leased.items);
}

LeaseRequest Destination::request(std::size_t items_max) const {
  LeaseRequest wanted;
  wanted.destination = spec_.name;
  wanted.items_max = items_max;
  wanted.bytes_max = options_.batch_bytes_max;
  wanted.skip_classes = blocked_.keys();
  wanted.only_emergencies = !routine_goes_;
  return wanted;
}

LeaseRequest Destination::request_of_unsuspected(std::size_t items_max) const {
  LeaseRequest wanted = request(items_max);
  wanted.skip_items = suspects_.all();
  return wanted;
}

Load Destination::load(Mode mode, Items items) const {
  const unsigned strikes = suspects_.strikes(items.front().item.id);
  Load load{spec_.name, std::move(items), mode, strikes, spec_.via};
  load.yield = std::make_shared<Yield>();
  load.movement = std::make_shared<Movement>();
  load.doubts = doubts_;
  if (!spec_.windows.empty()) load.throttle = throttle_;
  return load;
}

void Destination::launch(Lane& lane, Load load) {
  get_ready(lane);
  lane.mode = load.mode;
  lane.connected = true;
  lane.urgent = load.urgent();
  lane.routine = load.routine();
  lane.yield = load.yield;
  lane.movement = load.movement;
  tried_ = true;
  if (!silent_since_) silent_since_ = needs_.clock.mono();
  Work work{index_of(lane), lane.courier, post_box_, tally_, needs_, options_};
  work.begin(std::move(load));
  needs_.lanes.run(std::move(work));
}

void Destination::get_ready(Lane& lane) {
  if (!lane.courier) lane.courier = spec_.make_courier(static_cast<unsigned>(index_of(lane)));
  lane.busy = true;
  lane.started = needs_.clock.mono();
  lane.rest_at = never;
}

Destination::Lane* Destination::free_lane(bool even_paused) {
  const MonoTime now = needs_.clock.mono();
  const auto usable = [&](const Lane& lane) { return !lane.busy && (even_paused || lane.paused_until <= now); };
  const auto found = std::ranges::find_if(lanes_, usable);
  return found == lanes_.end() ? nullptr : &*found;
}

bool Destination::under_way(Mode mode) const {
  return std::ranges::any_of(lanes_, [&](const Lane& l) { return l.busy && l.connected && !l.asking && l.mode == mode; });
}

void Destination::rest_lanes() {
  const MonoTime now = needs_.clock.mono();
  for (Lane& lane : lanes_) {
    if (lane.busy || !lane.connected || (now < lane.rest_at && !winding_down_)) continue;
    lane.connected = false;
    get_ready(lane);
    needs_.lanes.run([index = index_of(lane), courier = lane.courier, box = post_box_] {
      courier->rest();
      box->tell({index, std::nullopt});
    });
  }
}

void Destination::interrupt_late_ones() {
  const MonoTime now = needs_.clock.mono();
  if (now < interrupt_at_ || idle()) return;
  for (Lane& lane : lanes_) {
    if (lane.busy) lane.asking ? contact_->interrupt() : lane.courier->interrupt();
  }
  interrupt_at_ = now + options_.interrupt_every;
}

MonoTime Destination::next_step() const {
  if (winding_down_) return idle() ? never : interrupt_at_;
  MonoTime next = news_ && open_ && !breaker_.open() ? make_way_at_ : never;
  next = std::min(next, gate_.look_at());
  if (open_ && spec_.make_contact && std::ranges::none_of(lanes_, &Lane::busy)) next = std::min(next, heard_.ask_at());
  for (const Lane& lane : lanes_) {
    if (lane.busy) continue;
    next = std::min(next, lane.rest_at);
    if (!open_) continue;
    if (!breaker_.open())
      next = std::min(next, std::max(lane.paused_until, std::min(nothing_until_, blocked_.next_probe_at())));
    if (breaker_.open() && !under_way(Mode::probe))
      next = std::min(next, std::max(breaker_.probe_at(), nothing_until_));
  }
  return next;
}

DestinationSnapshot Destination::snapshot() const {
  DestinationSnapshot shown;
  shown.name = spec_.name;
  shown.state = breaker_.state();
  shown.state_age = needs_.clock.mono() - since_;
  shown.last_error = last_error_;
  shown.next_attempt_in = next_attempt_in();
  if (heard_.at()) shown.heard_before = needs_.clock.mono() - *heard_.at();
  if (const auto ms = tally_->last_success_ms.load(); ms != 0) shown.last_success = WallTime{ms};
  shown.sending_now = tally_->sending;
  shown.delivered = tally_->delivered;
  shown.delivered_bytes = tally_->delivered_bytes;
  shown.put_back = tally_->put_back;
  shown.rejected = tally_->rejected;
  for (const auto& [key, blocked] : blocked_.all()) shown.blocked.push_back({key, blocked.reason, blocked.since});
  return shown;
}

}  // namespace sampan::scheduler
