// SPDX-License-Identifier: Apache-2.0
// Carriers: how the clinic carries to the hub and the hub to the lead, and how each asks for proof, over simulated lines.
//
// The hub is reached through its Sink, the seam a relay stands on; the lead by DIMSE statuses, judged by the real table.
// Threads: one.
#pragma once

#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "node/node.h"
#include "policy/table_judge.h"
#include "sim/lead.h"
#include "sim/line.h"
#include "sim/site.h"

namespace sampan::sim {

// Name of a second destination, which some clinics have: by an address of its own, to which images come again.
inline constexpr std::string_view beside = "beside";

class ToHub final : public node::Transport {
 public:
  ToHub(World& world, Line& line, const Lead& lead) : world_(world), line_(line), lead_(lead) {}
  void connect(Site& clinic, Site& hub) { clinic_ = &clinic, hub_ = &hub; }
  bool has_beside(const Content& content) const { return beside_.contains(content); }
  std::unique_ptr<core::Courier> courier(const settings::Destination&) override;
  std::unique_ptr<core::Prover> prover(const settings::Destination&, core::Transactions&, core::Receipts&) override;

 private:
  class Courier;
  class CourierBeside;
  class Prover;
  World& world_;
  Line& line_;
  const Lead& lead_;
  std::set<Content> beside_;  // what arrived there
  Site* clinic_ = nullptr;
  Site* hub_ = nullptr;
  const policy::TableJudge judge_{};
};

class ToLead final : public node::Transport {
 public:
  ToLead(World& world, Line& line, Lead& lead) : world_(world), line_(line), lead_(lead) {}
  void connect(Site& hub) { hub_ = &hub; }
  std::unique_ptr<core::Courier> courier(const settings::Destination&) override;
  std::unique_ptr<core::Prover> prover(const settings::Destination&, core::Transactions&, core::Receipts&) override;

 private:
  class Courier;
  class Prover;
  World& world_;
  Line& line_;
  Lead& lead_;
  Site* hub_ = nullptr;
  const policy::TableJudge judge_{};
};

}  // namespace sampan::sim
