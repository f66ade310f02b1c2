// SPDX-License-Identifier: Apache-2.0
// Destination: one next hop with its lanes. Decides which lane takes what and when, and learns from what comes back.
//
// Healthy: every free lane takes a batch, in turn with single suspects. Open breaker: one item on one lane when the
// time comes. A lane that fails while another gets through rests alone: a peer that allows two associations is not down
// for refusing the third. While a batch ends, the next one is leased ahead, and the lane goes on with it by itself; it is
// given back when anything goes wrong meanwhile. An emergency that finds every lane at work takes the place of what was leased ahead,
// and one lane leaves the rest of its batch for it. Outside of its windows only emergencies are leased; when one closes, lanes leave
// the rest of their batches, and what is down is not found silent for that time alone. Threads: the scheduler's; only the post box is shared with lanes, and what a job
// needs lives as long as the job.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/blocked_classes.h"
#include "scheduler/breaker.h"
#include "scheduler/gate.h"
#include "scheduler/last_heard.h"
#include "scheduler/needs.h"
#include "scheduler/post_box.h"
#include "scheduler/snapshot.h"
#include "scheduler/suspects.h"
#include "scheduler/trip.h"

namespace sampan::scheduler {

class Destination {
 public:
  Destination(DestinationSpec spec, Needs needs, const Options& options);

  // Takes in what lanes brought back, sends out what is due. When it wants to be called again, if nothing wakes it.
  MonoTime step();
  // Something may be due that was not before.
  void something_new();
  void retry_now();
  // How long it was given items, or is known to be down, without an answer about any; nothing when it answered last.
  std::optional<Millis> silent_for() const;
  // Closed: no new work until it is opened again; what is under way ends as it may.
  void set_open(bool open);
  // Whether more than emergencies may go, apart from what its windows say; and whether it may by both.
  void let_routine_go(bool may) { lets_routine_go_ = may; }
  bool routine_goes() const { return routine_goes_; }
  // No new work; connections are given back; after the grace, couriers are interrupted. Cannot be undone.
  void wind_down(Millis grace);
  // How often it may have given something back that another one of its name can take: nobody else says so.
  std::uint64_t times_given_back() const { return times_given_back_; }
  // No lane runs and no connection is kept.
  bool idle() const;

  const std::string& name() const { return spec_.name; }
  DestinationSnapshot snapshot() const;

 private:
  struct Lane {
    std::shared_ptr<core::Courier> courier;
    bool busy = false;
    bool connected = false;   // it ran since the last rest()
    bool ending = false;      // its batch is nearly done
    bool urgent = false, routine = false;  // its batch holds emergencies; others
    bool asking = false;      // whether the destination is there
    std::shared_ptr<Yield> yield{};  // of the last trip
    std::shared_ptr<Movement> movement{};           // same
    bool moved_in_vain = false;  // bytes moved and the trip failed, and no answer came since
    Mode mode = Mode::batch;  // of the last trip
    std::optional<ClassKey> probed_class;
    unsigned failures = 0;  // of this lane alone
    MonoTime paused_until{};
    MonoTime started{};
    std::optional<MonoTime> last_answer;
    MonoTime rest_at = never;
  };
  void collect();
  void arrived(Lane& lane, const PostBox::Arrival& arrival);
  void learn(Lane& lane, const TripReport& report);
  void learn_items(const Lane& lane, const TripReport& report);
  void learn_classes(const TripReport& report);
  void learn_trouble(Lane& lane, const TripReport& report);
  void open_breaker(const TripReport::Trouble& trouble);
  void close_breaker();
  // Or may still: the breaker never opens while another lane carries a batch.
  bool others_get_through(const Lane& lane) const;
  bool gets_through(const Lane& lane) const;
  void ask_whether_there();
  void learn_contact(const std::optional<core::Retry>& trouble);
  std::optional<Millis> next_attempt_in() const;
  MonoTime wished(std::optional<Millis> wish) const;
  double chance() { return spec_.make_contact ? needs_.random.unit() : 0; }

  void heed_windows();
  void window_opens();
  void leave_routine();
  using Items = std::vector<core::Consignment>;
  void send_out();
  bool send_batch(Lane& lane, MonoTime& due_at);
  void look_ahead();
  void make_way();
  bool emergency_ahead();
  void give_back_ahead();
  bool send_suspect(Lane& lane, bool others_flow, MonoTime& due_at);
  void probe();
  void probe_classes();
  Items lend_for_probe(bool only_newcomers, MonoTime& due_at);
  Items lend_of_class(const ClassKey& key, MonoTime& due_at);
  // Lowers due_at to when more will be due, where the queue has nothing now.
  Items lend(const LeaseRequest& request, MonoTime& due_at);
  LeaseRequest request(std::size_t items_max) const;
  LeaseRequest request_of_unsuspected(std::size_t items_max) const;
  Load load(Mode mode, Items items) const;
  void launch(Lane& lane, Load load);
  std::size_t index_of(const Lane& lane) const { return static_cast<std::size_t>(&lane - lanes_.data()); }
  void get_ready(Lane& lane);
  Lane* free_lane(bool even_paused);
  bool under_way(Mode mode) const;
  void rest_lanes();
  void interrupt_late_ones();
  MonoTime next_step() const;

  DestinationSpec spec_;
  Needs needs_;
  Options options_;
  std::shared_ptr<PostBox> post_box_ = std::make_shared<PostBox>(needs_.waker);
  std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();
  std::shared_ptr<Doubts> doubts_ = std::make_shared<Doubts>();
  std::shared_ptr<Throttle> throttle_ = std::make_shared<Throttle>(needs_.clock, spec_.line);
  std::vector<Lane> lanes_;
  Breaker breaker_;
  LastHeard heard_;
  Gate gate_;
  std::shared_ptr<core::Contact> contact_;
  Suspects suspects_{core::limits::suspects_max};
  BlockedClasses blocked_{core::limits::blocked_classes_max, core::limits::suspects_max};
  MonoTime nothing_until_{};  // the queue has nothing for us before then
  bool news_ = false;             // since make_way() looked
  MonoTime make_way_at_{};
  bool suspects_turn_ = false;
  bool only_suspects_failed_ = false;  // in this outage: a newcomer need not wait for it to end
  MonoTime since_{};
  std::string last_error_;
  std::optional<MonoTime> silent_since_;
  bool open_ = true, lets_routine_go_ = true;
  std::uint64_t times_given_back_ = 0;
  bool routine_goes_ = true, tried_ = false;  // as was heeded last; something was, since a window closed
  bool winding_down_ = false;
  MonoTime interrupt_at_ = never;
};

}  // namespace sampan::scheduler
