// SPDX-License-Identifier: Apache-2.0
#include "scheduler/trip.h"

#include <algorithm>
#include <utility>

namespace sampan::scheduler {

// So many left: time enough to have the next batch ready.
constexpr std::size_t few_left_max = 32;

namespace {

std::shared_ptr<std::atomic<bool>> hurry_of(const std::shared_ptr<Yield>& yield) {
  return yield ? std::shared_ptr<std::atomic<bool>>(yield, &yield->in_hurry) : nullptr;
}

}  // namespace

Trip::Trip(Load load, Needs needs, const Options& options, std::shared_ptr<Tally> tally)
    : load_(std::move(load)), needs_(needs), options_(options), tally_(std::move(tally)) {
  for (std::size_t i = 0; i < load_.items.size(); ++i) unanswered_.emplace(item(i).id, i);
  tally_->sending += load_.items.size();
  for (core::Consignment& one : load_.items)
    if (load_.movement && one.payload) one.payload = std::make_shared<WatchedPayload>(std::move(one.payload), load_.movement, needs_.clock, load_.throttle,
                                                     is_urgent(one.item) ? std::make_shared<std::atomic<bool>>(true) : hurry_of(load_.yield));
}

TripReport Trip::run(core::Courier& courier) {
  flushed_at_ = needs_.clock.mono();
  courier.attempt(load_.items, [this](const Uuid& id, core::Outcome outcome) { return take(id, std::move(outcome)); });
  resolve_silence();
  resolve_classes();
  resolve_trouble();
  flush();
  return std::move(report_);
}

// A courier owes an outcome for every item it began; without one the item is not delivered (DESIGN, contract 3).
void Trip::resolve_silence() {
  core::Retry silence;
  silence.reason = "no outcome was reported";
  for (const auto& consignment : load_.items) {
    if (!unanswered_.contains(consignment.item.id)) continue;
    if (!gives_way()) {
      take(consignment.item.id, silence);
      continue;
    }
    --tally_->sending;
    settled_.push_back({consignment.item.id, PutBack{}});
  }
}

bool Trip::take(const Uuid& id, core::Outcome outcome) {
  const auto found = unanswered_.find(id);
  if (found == unanswered_.end()) return true;
  const std::size_t index = found->second;
  unanswered_.erase(found);
  --tally_->sending;
  std::visit([&](auto&& what) { on(index, std::forward<decltype(what)>(what)); }, std::move(outcome));
  if (needs_.clock.mono() - flushed_at_ >= options_.settle_every) flush();
  tell_nearly_done();
  return !gives_way();
}

void Trip::tell_nearly_done() {
  const bool few = unanswered_.size() <= std::min(few_left_max, load_.items.size() / 2);
  if (few && !unanswered_.empty() && load_.nearly_done && trouble_.empty() && refused_.empty()) std::exchange(load_.nearly_done, nullptr)();
}

void Trip::on(std::size_t index, core::Delivered delivered) {
  answered(index);
  for (const Pending& pending : std::exchange(trouble_, {})) blame_item(pending);
  ++tally_->delivered;
  tally_->delivered_bytes += item(index).size;
  tally_->last_success_ms = needs_.clock.wall().ms;
  gone(index);
  if (!load_.via.empty()) {  // what the fallback keeps says nothing of the destination itself
    delivered.receipt.node = "via " + load_.via + ": " + delivered.receipt.node;
    delivered.receipt.level = core::Level::accepted;
  }
  settled_.push_back({item(index).id, std::move(delivered)});
}

void Trip::on(std::size_t index, core::Rejected rejected) {
  answered(index);
  // What a fallback refuses says nothing about the destination.
  if (!load_.via.empty()) return put_back(index, std::move(rejected.reason), options_.back_off.most, false);
  ++tally_->rejected;
  gone(index);
  report_.rejected.push_back({item(index).id, rejected.reason});
  settled_.push_back({item(index).id, std::move(rejected)});
}

void Trip::on(std::size_t index, core::Retry retry) {
  switch (retry.scope) {
    case core::Scope::item:
      return retry_item(index, retry);
    case core::Scope::sop_class:
      return retry_class(index, std::move(retry));
    case core::Scope::destination:
    case core::Scope::configuration:
      trouble_.push_back({index, std::move(retry)});
      return;
    case core::Scope::this_node:
      return put_back(index, std::move(retry.reason), Millis{0}, false);
  }
}

void Trip::retry_item(std::size_t index, const core::Retry& retry) {
  const unsigned attempts = load_.items[index].attempts;
  const bool doubtful = retry.tries_max > 0;
  const unsigned tries = doubtful && load_.doubts ? load_.doubts->note(item(index).id, attempts) : attempts + 1;
  if (doubtful && tries >= retry.tries_max) {
    return on(index, core::Rejected{retry.reason + ", tried " + std::to_string(tries) + " times"});
  }
  if (doubtful) answered(index);
  const policy::BackOff& bounds = doubtful ? options_.doubtful_wait : options_.back_off;
  put_back(index, retry.reason, policy::back_off(bounds, tries, unit(), retry.not_before), load_.via.empty());
}

void Trip::retry_class(std::size_t index, core::Retry retry) {
  report_.answered = true;
  const ClassKey key = class_of(item(index));
  if (report_.passed.contains(key)) return blame_item({index, std::move(retry)});
  refused_[key].push_back({index, std::move(retry)});
}

void Trip::gone(std::size_t index) {
  report_.gone.push_back(item(index).id);
  if (load_.doubts) load_.doubts->forget(item(index).id);
}

// The destination read the item and said something about it, so its class is taken.
void Trip::answered(std::size_t index) {
  report_.answered = true;
  const ClassKey key = class_of(item(index));
  report_.passed.insert(key);
  const auto refused = refused_.extract(key);
  if (refused.empty()) return;
  for (const Pending& pending : refused.mapped()) blame_item(pending);
}

// Others got through where this one did not.
void Trip::blame_item(const Pending& pending) {
  report_.struck.push_back(item(pending.index).id);
  const Millis wait = policy::back_off(options_.back_off, load_.strikes + 1, unit(), pending.retry.not_before);
  put_back(pending.index, pending.retry.reason, wait, false);
}

void Trip::put_back(std::size_t index, std::string reason, Millis wait, bool counted) {
  ++tally_->put_back;
  if (!load_.via.empty()) reason = "via " + load_.via + ": " + reason;
  settled_.push_back({item(index).id, PutBack{std::move(reason), wait, counted}});
}

void Trip::resolve_classes() {
  for (auto& [key, items] : refused_) {
    const Pending& first = items.front();
    report_.refused[key] = {core::Scope::sop_class, first.retry.reason, first.retry.not_before, item(first.index).id};
    // The wait only matters where the class cannot be blocked because too many are.
    for (Pending& pending : items) {
      put_back(pending.index, std::move(pending.retry.reason), options_.back_off.least, false);
    }
  }
}

void Trip::resolve_trouble() {
  if (trouble_.empty()) return;
  const Pending& first = trouble_.front();
  const Uuid& id = item(first.index).id;
  report_.trouble = {first.retry.scope, first.retry.reason, first.retry.not_before, id};
  if (load_.mode == Mode::alone) return blame_item(first);
  if (load_.mode == Mode::batch) report_.struck.push_back(id);
  for (Pending& pending : trouble_) put_back(pending.index, std::move(pending.retry.reason), Millis{0}, false);
}

void Trip::flush() {
  flushed_at_ = needs_.clock.mono();
  if (settled_.empty()) return;
  needs_.duties.settle(load_.destination, settled_);
  settled_.clear();
}

}  // namespace sampan::scheduler
