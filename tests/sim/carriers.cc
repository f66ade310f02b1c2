// SPDX-License-Identifier: Apache-2.0
#include "sim/carriers.h"

#include <optional>
#include <utility>

#include "queue/lookup.h"

namespace sampan::sim {
namespace {

constexpr std::size_t piece = 16 << 10;

Content content_of(const core::Item& item) { return {std::string(item.facts.get(core::Fact::sop_instance_uid)), item.sha256}; }

core::Retry cut(const policy::TableJudge& judge) { return judge.no_connection("the connection was cut", false); }

// What every courier must stand by: one outcome for each, also for those behind a break.
void report_rest(std::span<core::Consignment> rest, const core::Report& report, const core::Retry& why) {
  for (const auto& one : rest) report(one.item.id, why);
}

void keep_to_windows(World& world, const Site& site, std::span<core::Consignment> batch) {
  if (batch.front().item.priority != core::Priority::emergency && site.long_closed())
    world.broken(site.name() + ": images are carried although the window is closed");
}

// A carrier that is out of its mind: what it says has to be harmless.
void say_nonsense(World& world, const core::Consignment& one, const core::Report& report) {
  Uuid other = one.item.id;
  other.bytes[15] ^= 0x5a;
  report(other, core::Delivered{{other, one.item.sha256, "nobody", WallTime{}, core::Level::archived}});
  world.trace("a courier reports about an item that it was not given");
}

}  // namespace

class ToHub::Courier final : public core::Courier {
 public:
  explicit Courier(ToHub& way) : way_(way) {}

  void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
    keep_to_windows(way_.world_, *way_.clinic_, batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      World& world = way_.world_;
      if (!world.healed && world.dice.chance(5)) say_nonsense(world, batch[i], report);
      if (!world.healed && world.dice.chance(5)) continue;  // no word about it at all
      auto outcome = carry(batch[i]);
      const bool broken = std::holds_alternative<core::Retry>(outcome) && std::get<core::Retry>(outcome).scope == core::Scope::destination;
      report(batch[i].item.id, outcome);
      if (broken) return report_rest(batch.subspan(i + 1), report, std::get<core::Retry>(outcome));
    }
  }
  void rest() override {}
  void interrupt() override {}

 private:
  core::Outcome carry(core::Consignment& one) {
    Site& hub = *way_.hub_;
    if (!way_.line_.carry(200) || !hub.up()) return cut(way_.judge_);
    auto outcome = hand_over(one, hub);
    hub.touched();  // it may have died of it
    return outcome;
  }
  core::Outcome hand_over(core::Consignment& one, Site& hub) {
    const unsigned boot = hub.boots();
    if (Status admitted = hub.queue().admits(one.item.kind); !admitted)
      return core::Retry{"507 the hub takes nothing now", core::Scope::destination, {}, 0};
    auto inflow = hub.queue().open({one.item.kind, one.item.priority, one.item.id, one.item.origin, one.item.size});
    if (!inflow) return core::Retry{"507 " + inflow.error().message, core::Scope::destination, {}, 0};
    Bytes buffer(piece);
    for (std::uint64_t at = 0; at < one.payload->size();) {
      const auto got = one.payload->read(at, buffer);
      if (!got) return core::Retry{"the stored copy does not read: " + got.error().message, core::Scope::item, {}, 0};
      if (!way_.line_.carry(*got)) return cut(way_.judge_);
      if (Status kept = (*inflow)->append({buffer.data(), *got}); !kept)
        return core::Retry{"507 " + kept.error().message, core::Scope::destination, {}, 0};
      at += *got;
    }
    const auto stored = (*inflow)->commit(one.item.facts);
    if (!stored || hub.disk().dead() || hub.boots() != boot) return cut(way_.judge_);
    if (!way_.line_.carry(100)) return cut(way_.judge_);  // it has it, and we do not know
    hub.taken.insert(content_of(one.item));
    way_.world_.trace("hub: took " + content_of(one.item).first + (stored->repeated ? " again" : ""));
    return core::Delivered{{one.item.id, one.item.sha256, "hub", way_.clinic_->clock().wall(), core::Level::accepted}};
  }

  ToHub& way_;
};

// What a relay passes down: the lead's word, known to a hub that is up and has read its spool.
class ToHub::Prover final : public core::Prover {
 public:
  explicit Prover(ToHub& way) : way_(way) {}
  void ask(std::span<const core::Item> batch, const core::ProofReport& report) override {
    Site& hub = *way_.hub_;
    for (const auto& item : batch) report(item.id, answer(item, hub));
  }
  core::ProofWay way() const override { return core::ProofWay::query; }
  void interrupt() override {}

 private:
  core::Proof answer(const core::Item& item, Site& hub) {
    if (!way_.line_.carry(100) || !hub.up()) return core::Unclear{"no connection", {}};
    if (way_.lead_.committed(content_of(item)))
      return core::Held{{item.id, item.sha256, "hub", way_.clinic_->clock().wall(), core::Level::archived}};
    return core::Unclear{"not archived yet", {}};
  }
  ToHub& way_;
};

// To an archive that says at once that it keeps what it has, where it can be reached.
class ToHub::CourierBeside final : public core::Courier {
 public:
  explicit CourierBeside(ToHub& way) : way_(way) {}

  void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!way_.world_.healed && way_.world_.dice.chance(200)) return report_rest(batch.subspan(i), report, cut(way_.judge_));
      report(batch[i].item.id, carry(batch[i]));
    }
  }
  void rest() override {}
  void interrupt() override {}

 private:
  core::Outcome carry(core::Consignment& one) {
    Bytes whole(one.payload->size());
    const auto got = one.payload->read(0, whole);
    if (!got) return core::Retry{"the stored copy does not read: " + got.error().message, core::Scope::item, {}, 0};
    way_.beside_.insert({content_of(one.item).first, sha256(whole)});
    return core::Delivered{{one.item.id, one.item.sha256, "beside", way_.clinic_->clock().wall(), core::Level::archived}};
  }
  ToHub& way_;
};

std::unique_ptr<core::Courier> ToHub::courier(const settings::Destination& destination) {
  if (destination.name == beside) return std::make_unique<CourierBeside>(*this);
  return std::make_unique<Courier>(*this);
}
std::unique_ptr<core::Prover> ToHub::prover(const settings::Destination&, core::Transactions&, core::Receipts&) {
  return std::make_unique<Prover>(*this);
}

class ToLead::Courier final : public core::Courier {
 public:
  explicit Courier(ToLead& way) : way_(way) {}

  void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
    World& world = way_.world_;
    keep_to_windows(world, *way_.hub_, batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!world.healed && world.dice.chance(5)) say_nonsense(world, batch[i], report);
      const auto outcome = carry(batch[i]);
      if (!outcome) return report_rest(batch.subspan(i), report, cut(way_.judge_));
      report(batch[i].item.id, *outcome);
      if (!world.healed && world.dice.chance(5)) report(batch[i].item.id, core::Rejected{"a second word about one item"});
    }
  }
  void rest() override {}
  void interrupt() override {}

 private:
  // Nothing: the association was lost, wherever it was.
  std::optional<core::Outcome> carry(core::Consignment& one) {
    if (!way_.line_.carry(200)) return {};
    Bytes whole(one.payload->size());
    const auto got = one.payload->read(0, whole);
    if (!got) return core::Retry{"the stored copy does not read: " + got.error().message, core::Scope::item, {}, 0};
    if (!way_.line_.carry(whole.size())) return {};
    const auto [sop_instance, sha256] = content_of(one.item);
    const std::uint16_t status = way_.lead_.store(sop_instance, std::string(one.item.facts.get(core::Fact::sop_class_uid)), sha256, whole);
    if (!way_.line_.carry(100)) return {};  // it answered, and we did not hear it
    return way_.judge_.dimse_status(status, {one.item.id, one.item.sha256, "LEAD", way_.hub_->clock().wall(), core::Level::accepted});
  }
  ToLead& way_;
};

class ToLead::Prover final : public core::Prover {
 public:
  Prover(ToLead& way, std::string destination, core::Transactions& transactions)
      : way_(way), destination_(std::move(destination)), transactions_(transactions) {}

  void ask(std::span<const core::Item> batch, const core::ProofReport& report) override {
    if (!way_.line_.carry(200)) return unclear(batch, report, "no connection");
    if (way_.world_.dice.chance(500)) return ask_for_a_report(batch, report);
    for (const auto& item : batch) report(item.id, answer(item));
  }
  core::ProofWay way() const override { return core::ProofWay::commitment; }
  void interrupt() override {}

 private:
  static void unclear(std::span<const core::Item> batch, const core::ProofReport& report, const std::string& why) {
    for (const auto& item : batch) report(item.id, core::Unclear{why, {}});
  }
  core::Proof answer(const core::Item& item) {
    if (!way_.world_.healed && way_.world_.dice.chance(50)) return core::Unclear{"it did not say", {}};
    if (!way_.lead_.commit(content_of(item))) return core::Missing{"it has no such instance"};
    return core::Held{{item.id, item.sha256, "LEAD", way_.hub_->clock().wall(), core::Level::archived}};
  }
  // It comes some time later, to whichever node is up then, and sometimes twice.
  void ask_for_a_report(std::span<const core::Item> batch, const core::ProofReport& report) {
    auto begun = transactions_.begin(destination_);
    if (!begun) return unclear(batch, report, "no transaction");
    core::CommitmentReport said;
    said.transaction_uid = *begun;
    std::vector<Content> asked;
    for (const auto& item : batch) asked.push_back(content_of(item));
    for (unsigned copies = way_.world_.dice.chance(100) ? 2 : 1; copies > 0; --copies)
      way_.world_.in(way_.world_.dice.between(second, 20 * minute), [&way = way_, said, asked]() mutable { deliver(way, std::move(said), asked); });
    unclear(batch, report, "a report comes later");
  }
  static void deliver(ToLead& way, core::CommitmentReport said, const std::vector<Content>& asked) {
    if (!way.hub_->up() || !way.line_.up()) return;
    for (const auto& content : asked) {
      if (way.lead_.commit(content))
        said.committed.push_back(content.first);
      else
        said.failed.push_back({content.first, 0x0112});
    }
    static_cast<void>(way.hub_->engine().proving().commitment_reported(said));
    way.hub_->touched();
  }

  ToLead& way_;
  const std::string destination_;
  core::Transactions& transactions_;
};

std::unique_ptr<core::Courier> ToLead::courier(const settings::Destination&) { return std::make_unique<Courier>(*this); }
std::unique_ptr<core::Prover> ToLead::prover(const settings::Destination& destination, core::Transactions& transactions, core::Receipts&) {
  return std::make_unique<Prover>(*this, destination.name, transactions);
}

}  // namespace sampan::sim
