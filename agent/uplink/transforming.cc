// SPDX-License-Identifier: Apache-2.0
#include "uplink/transforming.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/limits.h"

namespace sampan::uplink {
namespace {

using core::Consignment;
using core::Outcome;

class TransformingCourier final : public core::Courier {
 public:
  TransformingCourier(TransformingOptions options, std::unique_ptr<core::Courier> carrier)
      : options_(std::move(options)), carrier_(std::move(carrier)) {}

  void attempt(std::span<Consignment> batch, const core::Report& report) override {
    std::optional<core::Retry> over;
    std::vector<Consignment> ready;
    std::uint64_t held_bytes = 0;
    go_on_ = true;
    for (const Consignment& one : batch) {
      if (over) {
        report(one.item.id, *over);
        continue;
      }
      Consignment changed = one;
      if (auto failed = change(changed)) {
        report(one.item.id, std::move(*failed));
        continue;
      }
      if (changed.payload != one.payload) held_bytes += dicom::held_bytes(*changed.payload);
      ready.push_back(std::move(changed));
      if (held_bytes < core::limits::transform_held_bytes_max) continue;
      over = carry(ready, batch, report);
      if (!go_on_ && !over) return;
      held_bytes = 0;
    }
    if (!ready.empty()) static_cast<void>(carry(ready, batch, report));
  }

  void rest() override { carrier_->rest(); }
  void interrupt() override { carrier_->interrupt(); }

 private:
  std::optional<Outcome> change(Consignment& one) const;
  std::optional<core::Retry> carry(std::vector<Consignment>& ready, std::span<const Consignment> batch, const core::Report& report);

  const TransformingOptions options_;
  const std::unique_ptr<core::Courier> carrier_;
  bool go_on_ = true;  // nothing more urgent waits
};

// PS3.5 6.2: what comes from the wire may hold anything.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 64))
    if (c >= 0x20 && c < 0x7f && c != '\\') out.push_back(c);
  return out;
}

std::optional<Outcome> failure(const Error& error) {
  const auto again = [](const char* why, core::Scope scope = core::Scope::item) { return core::Retry{why, scope, std::nullopt, 0}; };
  switch (error.code) {
    case Errc::invalid: return core::Rejected{error.message};
    case Errc::limit: return core::Rejected{"changing it for this destination failed again and again"};
    case Errc::unreachable: return again("changing it for this destination broke off");
    case Errc::stopped: return again("interrupted by this node", core::Scope::this_node);
    case Errc::damaged: return again("the stored copy does not verify");
    default: return again("the stored copy cannot be read");
  }
}

std::optional<Outcome> TransformingCourier::change(Consignment& one) const {
  if (one.item.kind != core::Kind::image) return std::nullopt;
  const dicom::Transform wanted = options_.wanted(one.item);
  if (wanted.empty()) return std::nullopt;
  // The time of reception: a later attempt must not make another instance of it.
  const dicom::ChangeNote note{one.item.received, options_.system, printable(one.item.facts.get(core::Fact::calling_ae))};
  auto changed = options_.change(one, wanted, note);
  if (!changed) return failure(changed.error());
  if (*changed == one.payload) return std::nullopt;
  one.payload = std::move(*changed);
  one.item.size = one.payload->size();
  if (!options_.digest_wanted) return std::nullopt;
  const auto digest = dicom::digest_of(*one.payload);
  if (!digest) return failure(digest.error());
  one.item.sha256 = *digest;
  return std::nullopt;
}

// Empties ready. The trouble that what follows would have as well.
std::optional<core::Retry> TransformingCourier::carry(std::vector<Consignment>& ready, std::span<const Consignment> batch,
                                                      const core::Report& report) {
  std::map<Uuid, Digest> kept;
  for (const Consignment& one : batch) kept.emplace(one.item.id, one.item.sha256);
  std::optional<core::Retry> over;
  carrier_->attempt(ready, [&](const Uuid& id, Outcome outcome) {
    if (auto* delivered = std::get_if<core::Delivered>(&outcome))
      if (const auto found = kept.find(id); found != kept.end()) delivered->receipt.sha256 = found->second;
    over.reset();
    if (const auto* retry = std::get_if<core::Retry>(&outcome))
      if (retry->scope == core::Scope::destination || retry->scope == core::Scope::configuration) over = *retry;
    return go_on_ = report(id, std::move(outcome));
  });
  ready.clear();
  return over;
}

}  // namespace

std::unique_ptr<core::Courier> make_transforming_courier(TransformingOptions options, std::unique_ptr<core::Courier> carrier) {
  return std::make_unique<TransformingCourier>(std::move(options), std::move(carrier));
}

}  // namespace sampan::uplink
