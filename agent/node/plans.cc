// SPDX-License-Identifier: Apache-2.0
#include "node/plans.h"

#include <algorithm>
#include <map>

#include "policy/retention.h"

namespace sampan::node {

namespace {

// What each destination must prove, and the deliveries of an item in these words.
class Proofs {
 public:
  explicit Proofs(const settings::Settings& settings) {
    for (const auto& d : settings.destinations) {
      const bool trusts_accepted = d.reclaim_after == settings::ReclaimAfter::accepted;
      by_name_[d.name] = {d.required, {trusts_accepted ? core::Level::accepted : core::Level::archived,
                                       std::chrono::hours(24) * d.retention_days}};
    }
  }
  std::vector<policy::DeliveryFacts> facts(std::span<const queue::DeliveryStanding> standings) const {
    std::vector<policy::DeliveryFacts> facts;
    for (const auto& one : standings) {
      const auto known = by_name_.find(one.destination);
      const bool is_news = core::traits(one.kind).before_images;
      // Of one that left the settings, by a typo or for good, nobody says any more what it must prove: what it did not prove
      // to keep is told of, and stays until its name is back.
      if (known == by_name_.end()) {
        if (!is_news) facts.push_back({true, one.state, one.level, one.settled_for, {}, one.by_node});
        continue;
      }
      auto [required, proof] = known->second;
      // What travels ahead of images is news: once the next hop has it, nobody asks for it here again.
      if (is_news) proof = {core::Level::accepted, Millis(0)};
      facts.push_back({required, one.state, one.level, one.settled_for, proof, one.by_node && !is_news});
    }
    return facts;
  }

 private:
  std::map<std::string, std::pair<bool, policy::Proof>> by_name_;
};

}  // namespace

std::function<bool(std::span<const queue::DeliveryStanding>, bool)> reclaim_by(const settings::Settings& settings) {
  return [proofs = Proofs(settings)](std::span<const queue::DeliveryStanding> standings, bool space_is_short) {
    const auto facts = proofs.facts(standings);
    const bool kept_long_enough =
        std::ranges::all_of(facts, [](const policy::DeliveryFacts& one) { return one.delivered_for >= one.proof.retention; });
    switch (policy::reclaim(facts)) {
      case policy::Reclaim::keep: return false;
      case policy::Reclaim::under_pressure: return space_is_short;
      // A copy that may go is worth keeping while there is room: a lead that lost it can ask for it again.
      case policy::Reclaim::any_time: return space_is_short || kept_long_enough;
    }
    return false;
  };
}

std::function<bool(std::span<const queue::DeliveryStanding>)> proven_by(const settings::Settings& settings) {
  return [proofs = Proofs(settings)](std::span<const queue::DeliveryStanding> standings) {
    return policy::reclaim(proofs.facts(standings)) != policy::Reclaim::keep;
  };
}

intake::DimseIntakeOptions intake_options(const settings::Settings& settings, const std::string& identity) {
  const settings::Intake& from = settings.intake;
  intake::DimseIntakeOptions options;
  options.identity = identity;
  options.listen = from.enabled;
  options.address = from.listen;
  options.port = from.port;
  for (const auto& title : from.ae_titles)
    options.called_titles[title.title] = title.priority.value_or(core::Priority::routine);
  for (const auto& caller : from.callers) options.callers.push_back({caller.ae_title, caller.address});
  options.accept = from.accept;
  options.pdu_bytes_max = from.pdu_bytes_max;
  options.associations_max = from.associations_max;
  options.associations_per_host_max = from.associations_per_host_max;
  options.idle_time_max = std::chrono::seconds(from.idle_seconds_max);
  return options;
}

std::vector<intake::FolderIntakeOptions> folder_options(const settings::Settings& settings) {
  const auto watching = [](settings::Watch watch) {
    switch (watch) {
      case settings::Watch::inotify: return intake::FolderWatching::inotify;
      case settings::Watch::poll: return intake::FolderWatching::poll;
      case settings::Watch::automatic: break;
    }
    return intake::FolderWatching::automatic;
  };
  std::vector<intake::FolderIntakeOptions> all;
  for (const auto& folder : settings.intake.folders) {
    intake::FolderIntakeOptions options;
    options.path = folder.path;
    options.ae_title = folder.ae_title;
    options.watching = watching(folder.watch);
    options.stable_time = std::chrono::seconds(folder.stable_seconds);
    options.keep = folder.keep;
    options.carry_any = folder.carry_any;
    all.push_back(std::move(options));
  }
  return all;
}

}  // namespace sampan::node
