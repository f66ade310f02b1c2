// SPDX-License-Identifier: Apache-2.0
// How a destination is asked whether it is there, while nothing is carried that would tell.
#include <algorithm>

#include "scheduler/destination.h"

namespace sampan::scheduler {

// On a lane, so that a peer which allows few associations sees none more. Not while any lane is at work.
void Destination::ask_whether_there() {
  const MonoTime now = needs_.clock.mono();
  if (!spec_.make_contact || now < heard_.ask_at() || std::ranges::any_of(lanes_, &Lane::busy)) return;
  if (!contact_) contact_ = spec_.make_contact();
  heard_.ask(never);  // until it comes back
  if (!contact_) return;
  Lane& lane = lanes_.front();
  lane.busy = lane.asking = true;
  needs_.lanes.run([contact = contact_, box = post_box_, index = index_of(lane)] {
    PostBox::Arrival arrival{index, std::nullopt};
    arrival.said = PostBox::Said{contact->ask()};
    box->tell(std::move(arrival));
  });
}

void Destination::learn_contact(const std::optional<core::Retry>& trouble) {
  if (winding_down_) return;
  const MonoTime now = needs_.clock.mono();
  if (trouble) {
    last_error_ = trouble->reason;
    const bool is_stopped = breaker_.state() == Breaker::State::stopped;
    if (!breaker_.open() || is_stopped) open_breaker({trouble->scope, trouble->reason, trouble->not_before});
    heard_.asked_in_vain(now, chance(), breaker_.state() == Breaker::State::stopped ? breaker_.probe_at() : wished(trouble->not_before));
    return;
  }
  heard_.heard(now, chance());
  if (!breaker_.open()) return close_breaker();
  if (!heard_.comes_back()) return;
  breaker_.probe_now(now);
  nothing_until_ = {};
}

// When a peer wants to be left alone until then.
MonoTime Destination::wished(std::optional<Millis> wish) const {
  return needs_.clock.mono() + std::min(wish.value_or(Millis{0}), options_.back_off.most);
}

std::optional<Millis> Destination::next_attempt_in() const {
  if (!breaker_.open()) return std::nullopt;
  const bool waits = nothing_until_ != never;
  const MonoTime next = waits ? std::max(breaker_.probe_at(), nothing_until_) : spec_.make_contact ? heard_.ask_at() : never;
  if (next == never) return std::nullopt;
  return std::max(next - needs_.clock.mono(), Millis{0});
}

}  // namespace sampan::scheduler
