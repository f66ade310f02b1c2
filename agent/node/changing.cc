// SPDX-License-Identifier: Apache-2.0
#include "node/changing.h"

#include <algorithm>

#include "base/log.h"
#include "core/limits.h"
#include "worker/parsing.h"

namespace sampan::node {

Result<std::shared_ptr<core::Payload>> Changing::change(const core::Consignment& one, const dicom::Transform& wanted,
                                                        const dicom::ChangeNote& note) {
  auto changed = worker::transform(worker_, {std::string(one.item.facts.get(core::Fact::transfer_syntax_uid)), wanted, note}, one.payload);
  if (changed || changed.error().code == Errc::invalid) forget(one.item.id, wanted);
  if (changed) away_ = false;
  if (changed) return changed;
  const Error& error = changed.error();
  if (error.code != Errc::limit && error.code != Errc::unreachable) return changed;
  const bool its_own_doing = error.code == Errc::limit;
  if (its_own_doing || !away_.exchange(true)) log::warn("an image could not be changed for a destination: " + error.message);
  return its_own_doing && strike(one.item.id, wanted) >= core::limits::crashes_max ? error : fail(Errc::unreachable, error.message);
}

uplink::Change Changing::by_worker() {
  return [this](const core::Consignment& one, const dicom::Transform& wanted, const dicom::ChangeNote& note) {
    return change(one, wanted, note);
  };
}

// How often by now. One that is given up is forgotten: where a person lets it go again, it is tried as the first time.
unsigned Changing::strike(const Uuid& item, const dicom::Transform& wanted) {
  const std::lock_guard lock(mutex_);
  auto at = std::ranges::find_if(struck_, [&](const Struck& one) { return one.item == item && one.wanted == wanted; });
  if (at == struck_.end()) {
    if (struck_.size() >= core::limits::beacon_strikes_max) struck_.erase(std::ranges::min_element(struck_, {}, &Struck::count));
    at = struck_.insert(struck_.end(), {item, wanted, 0});
  }
  const unsigned count = ++at->count;
  if (count >= core::limits::crashes_max) struck_.erase(at);
  return count;
}

void Changing::forget(const Uuid& item, const dicom::Transform& wanted) {
  const std::lock_guard lock(mutex_);
  std::erase_if(struck_, [&](const Struck& one) { return one.item == item && one.wanted == wanted; });
}

}  // namespace sampan::node
