// SPDX-License-Identifier: Apache-2.0
// Trip: one batch on its way through a courier. Turns the outcomes into settlements, and says what they mean for the
// destination as a whole.
//
// Blame is decided at the end: "destination" trouble of an item counts against that item alone when a later item of
// the same batch was delivered, and the same for its class.
// Threads: run() on a lane's thread, once; the Tally is read from others.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler/doubts.h"
#include "scheduler/movement.h"
#include "scheduler/needs.h"

namespace sampan::scheduler {

// Running counts of a destination.
struct Tally {
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> delivered_bytes{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> put_back{0};
  std::atomic<std::size_t> sending{0};
  std::atomic<std::int64_t> last_success_ms{0};  // wall, 0 none yet
};

enum class Mode {
  batch,  // whoever is first when everything fails becomes a suspect
  alone,  // a suspect, while others get through: its failure is its own
  probe   // one item, to see whether anything gets through
};

inline bool is_urgent(const core::Item& item) { return item.priority == core::Priority::emergency; }

struct Load {
  bool urgent() const { return std::ranges::any_of(items, is_urgent, &core::Consignment::item); }
  bool routine() const { return !std::ranges::all_of(items, is_urgent, &core::Consignment::item); }

  std::string destination;
  std::vector<core::Consignment> items;
  Mode mode = Mode::batch;
  unsigned strikes = 0;  // of a suspect that travels alone
  std::string via{};     // the fallback that is tried in the place of the destination
  std::function<void()> nearly_done{};  // called on the lane's thread, once, when few of many are left and none is in trouble
  std::shared_ptr<Yield> yield{};              // none: it is never asked to give way
  std::shared_ptr<Movement> movement{};           // of its bytes; none: nobody asks
  std::shared_ptr<Throttle> throttle{};           // none: as fast as it goes
  std::shared_ptr<Doubts> doubts{};               // of the destination; none: every try of an item counts
};

struct TripReport {
  struct Trouble {
    core::Scope scope = core::Scope::destination;
    std::string reason{};
    std::optional<Millis> wish{};
    Uuid first{};  // the item it began with
  };
  struct Rejection {
    Uuid item;
    std::string reason;
  };
  // Nothing that should change what is sent next.
  bool went_well() const { return !trouble && refused.empty() && struck.empty(); }

  bool answered = false;           // the destination spoke about an item
  std::optional<Trouble> trouble;  // nothing got through at the end
  std::map<ClassKey, Trouble> refused;
  std::set<ClassKey> passed;
  std::vector<Uuid> struck;  // items to blame
  std::vector<Uuid> gone;    // delivered or rejected
  std::vector<Rejection> rejected;
};

class Trip {
 public:
  Trip(Load load, Needs needs, const Options& options, std::shared_ptr<Tally> tally);
  TripReport run(core::Courier& courier);

 private:
  struct Pending {
    std::size_t index;
    core::Retry retry;
  };
  // Whether the courier is to go on.
  bool take(const Uuid& item, core::Outcome outcome);
  bool gives_way() const { return load_.yield && load_.yield->gives_way; }
  void resolve_silence();
  void on(std::size_t index, core::Delivered delivered);
  void on(std::size_t index, core::Rejected rejected);
  void on(std::size_t index, core::Retry retry);
  void retry_item(std::size_t index, const core::Retry& retry);
  void retry_class(std::size_t index, core::Retry retry);
  void blame_item(const Pending& pending);
  void answered(std::size_t index);
  void gone(std::size_t index);
  void put_back(std::size_t index, std::string reason, Millis wait, bool counted);
  void flush();
  void tell_nearly_done();
  void resolve_trouble();
  void resolve_classes();
  const core::Item& item(std::size_t index) const { return load_.items[index].item; }
  double unit() { return needs_.random.unit(); }

  Load load_;
  Needs needs_;
  Options options_;
  std::shared_ptr<Tally> tally_;
  std::unordered_map<Uuid, std::size_t, UuidHash> unanswered_;
  std::vector<Pending> trouble_;
  std::map<ClassKey, std::vector<Pending>> refused_;
  std::vector<Settlement> settled_;
  MonoTime flushed_at_{};
  TripReport report_;
};

}  // namespace sampan::scheduler
