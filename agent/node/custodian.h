// SPDX-License-Identifier: Apache-2.0
// Custodian: what a person ends, as the API asks for it: damage that was looked at, duties to a destination that left the settings.
//
// Each is an event. Threads: any.
// Fails:   as control::CustodyDesk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "control/custody_routes.h"
#include "queue/dropping.h"
#include "queue/queue.h"
#include "settings/settings.h"
#include "telemetry/news.h"

namespace sampan::node {

class Custodian final : public control::CustodyDesk {
 public:
  struct Needs {
    queue::Queue& queue;
    const Clock& clock;
    std::function<std::shared_ptr<const settings::Settings>()> settings;
    std::function<void(telemetry::News)> tell;
  };
  explicit Custodian(Needs needs) : needs_(std::move(needs)) {}

  control::DamageList damage() override;
  std::variant<control::DamageSeen, control::Refusal> seen(const std::string& place, const std::string& by) override;
  std::variant<control::DropAnswer, control::Refusal> drop(const Drop& asked) override;

 private:
  void dropped(const Drop& asked, const queue::Dropped& part);
  const Needs needs_;
  std::mutex mutex_;
  std::map<std::string, queue::Dropped> begun_;  // by destination: what was done of a long one until now
};

}  // namespace sampan::node
