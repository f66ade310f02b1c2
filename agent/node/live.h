// SPDX-License-Identifier: Apache-2.0
// Live: the settings of now and what they mean for an item; a reload replaces all of it as one.
//
// Who asks in the middle of a replacement gets all of the old or all of the new.
// Threads: any.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/item.h"
#include "queue/queue.h"
#include "settings/settings.h"

namespace sampan::node {

class Live {
 public:
  explicit Live(settings::Settings settings);

  std::shared_ptr<const settings::Settings> settings() const;
  void replace(settings::Settings settings);

  // Answers of the settings of the moment they are asked.
  std::vector<std::string> route(const core::Item& item) const;
  core::Priority priority(const core::Item& item) const;
  bool may_reclaim(std::span<const queue::DeliveryStanding> standings, bool space_is_short) const;
  bool proven(std::span<const queue::DeliveryStanding> standings) const;
  // Of one that is not in the settings, and may come back: true.
  bool is_asked(const std::string& destination) const;

 private:
  struct Plan;
  std::shared_ptr<const Plan> now() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Plan> plan_;
};

}  // namespace sampan::node
