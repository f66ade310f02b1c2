// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/instance_name.h"
#include "dicom/pdata.h"
#include "uplink/dimse_association.h"
#include "uplink/dimse_contexts.h"

namespace sampan::uplink {
namespace {

using core::Consignment;
using core::Fact;
using core::Outcome;
using core::Retry;
using core::Scope;

// What one C-STORE came to, whether the association (or a new one) may carry the next, and whether the instance was
// on its way when that ended.
struct Attempted {
  Outcome outcome;
  bool go_on = true;
  bool in_flight = false;
};

// An instance in flight so often when everything broke is suspected to be the cause: it backs off by itself, so that
// the next probe of the destination is another one.
constexpr unsigned suspicious_attempts = 3;

bool suspicious(const Attempted& attempted, const Consignment& consignment) {
  return attempted.in_flight && consignment.attempts >= suspicious_attempts;
}

// Priority (0000,0700) by priority class, PS3.7 9.1.1.1.7: 0 medium, 1 high, 2 low.
std::uint16_t dimse_priority(core::Priority priority) {
  if (priority == core::Priority::emergency) return 1;
  return priority == core::Priority::bulk ? 2 : 0;
}

dicom::CommandSet store_request(const core::Item& item, std::uint16_t message_id) {
  dicom::CommandSet command;
  command.command_field = dicom::command::c_store_rq;
  command.data_set_type = dicom::with_data_set;
  command.message_id = message_id;
  command.priority = dimse_priority(item.priority);
  command.affected_sop_class_uid = item.facts.get(Fact::sop_class_uid);
  command.affected_sop_instance_uid = core::kept_as(item.facts);
  return command;
}

// The response to this request, for this instance, and nothing else (DESIGN, contract 3). Peers may leave UIDs out.
bool answers(const dicom::CommandSet& response, const dicom::CommandSet& request) {
  const std::string& instance = response.affected_sop_instance_uid;
  return response.command_field == dicom::command::c_store_rsp && !response.has_data_set() &&
         response.message_id_responded_to == request.message_id &&
         (instance.empty() || instance == request.affected_sop_instance_uid);
}

class DimseCourier final : public core::Courier {
 public:
  DimseCourier(DimseOptions options, const core::Judge& judge, const Clock& clock)
      : options_(std::move(options)), judge_(judge), clock_(clock) {}
  ~DimseCourier() override { rest(); }

  void attempt(std::span<Consignment> batch, const core::Report& report) override;
  void rest() override;
  void interrupt() override;

 private:
  Attempted carry(std::span<Consignment> waiting);
  std::optional<Retry> associate(std::span<const Consignment> waiting);
  bool serves(const ContextKey& key) const;
  Attempted store(std::span<Consignment> waiting, std::uint8_t context);
  void read_ahead(std::span<Consignment> next);
  Attempted await_answer(const core::Item& item, const dicom::CommandSet& request);
  Attempted cut(const Error& error);
  Retry no_connection(const Error& error) const;
  Attempted distrust(std::string why);
  void leave();
  void abort();
  core::Receipt receipt_for(const core::Item& item) const;

  const DimseOptions options_;
  const core::Judge& judge_;
  const Clock& clock_;
  RecentContexts recent_;
  std::unique_ptr<DimseAssociation> association_;
  bool fresh_ = false;  // association_ was made by the running attempt
  std::optional<Uuid> ahead_;  // whose beginning the writer of association_ holds
  std::mutex mutex_;    // guards plug_
  std::shared_ptr<dicom::Plug> plug_;
  std::atomic<bool> interrupted_{false};
};

Retry interrupted() { return {"interrupted by this node", Scope::this_node, std::nullopt, 0}; }

void DimseCourier::attempt(std::span<Consignment> batch, const core::Report& report) {
  fresh_ = false;
  std::optional<Retry> over;  // of the connection, and so of all that follows
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Uuid id = batch[i].item.id;
    if (over) {
      report(id, *over);
      continue;
    }
    Attempted attempted = carry(batch.subspan(i));
    if (!attempted.go_on) {
      over = interrupted_ ? interrupted() : std::get<Retry>(attempted.outcome);
      Retry mine = *over;
      if (!interrupted_ && suspicious(attempted, batch[i])) mine.scope = Scope::item;
      attempted.outcome = std::move(mine);
    }
    if (!report(id, std::move(attempted.outcome)) && !over) return;
  }
}

void DimseCourier::rest() { leave(); }

void DimseCourier::interrupt() {
  interrupted_ = true;
  const std::lock_guard lock(mutex_);
  if (plug_) plug_->pull();
}

// The first of waiting; the others say what else the association should be good for.
Attempted DimseCourier::carry(std::span<Consignment> waiting) {
  Consignment& consignment = waiting.front();
  const ContextKey key = context_key(consignment.item);
  if (!can_be_proposed(key) || !consignment.item.facts.has(Fact::sop_instance_uid)) {
    return {core::Rejected{"no usable SOP Class, SOP Instance or Transfer Syntax UID: C-STORE cannot carry it"}};
  }
  if (association_ && !association_->idle()) leave();
  if (!serves(key)) {
    if (auto failed = associate(waiting)) return {std::move(*failed), false};
  }
  const AcceptedContext* context = association_->find(key);
  SAMPAN_ASSERT(context != nullptr);
  if (!context->accepted()) return {judge_.context_refused(key.sop_class, key.transfer_syntax, context->result)};
  return store(waiting, context->id);
}

// A context refused by an association of an earlier attempt is asked for again: that is how a blocked class is probed.
bool DimseCourier::serves(const ContextKey& key) const {
  const AcceptedContext* context = association_ ? association_->find(key) : nullptr;
  return context != nullptr && (context->accepted() || fresh_);
}

std::optional<Retry> DimseCourier::associate(std::span<const Consignment> waiting) {
  leave();
  if (interrupted_) return interrupted();
  const auto connected = [this](std::shared_ptr<dicom::Plug> plug) {
    const std::lock_guard lock(mutex_);
    plug_ = std::move(plug);
    if (interrupted_) plug_->pull();
  };
  auto requested = DimseAssociation::request(options_, recent_.propose(waiting), connected);
  if (const auto* refused = std::get_if<AssociationRefused>(&requested)) {
    return meaning_of(*refused, judge_);
  }
  if (const auto* error = std::get_if<Error>(&requested)) return no_connection(*error);
  association_ = std::move(std::get<std::unique_ptr<DimseAssociation>>(requested));
  fresh_ = true;
  return std::nullopt;
}

Attempted DimseCourier::store(std::span<Consignment> waiting, std::uint8_t context) {
  Consignment& consignment = waiting.front();
  const dicom::CommandSet request = store_request(consignment.item, association_->next_message_id());
  bool unreadable = false;
  const auto source = [&](std::uint64_t offset, ByteSpan into) {
    auto got = consignment.payload->read(offset, into);
    unreadable = !got || *got != into.size();
    return got;
  };
  dicom::PdataWriter& writer = association_->writer();
  if (std::exchange(ahead_, std::nullopt) != consignment.item.id) writer.forget_ahead();
  const Status sent = writer.send(context, request, consignment.payload->size(), source);
  if (sent) {
    read_ahead(waiting.subspan(1));
    return await_answer(consignment.item, request);
  }
  if (!unreadable) return cut(sent.error());
  // Our own loss, not the peer's: the others go on, over a new association where this one is spoilt.
  if (writer.began()) abort();
  const bool damaged = sent.error().code == Errc::damaged;
  return {Retry{damaged ? "the stored copy does not verify" : "the stored copy cannot be read", Scope::item,
                std::nullopt, 0}};
}

// The peer needs some time to store what it just got; the next one is opened meanwhile.
void DimseCourier::read_ahead(std::span<Consignment> next) {
  if (next.empty()) return;
  core::Payload& payload = *next.front().payload;
  ahead_ = next.front().item.id;
  association_->writer().read_ahead(payload.size(), [&](std::uint64_t at, ByteSpan into) { return payload.read(at, into); });
}

Attempted DimseCourier::await_answer(const core::Item& item, const dicom::CommandSet& request) {
  const auto answer = association_->reader().next_command(options_.answer_time_max);
  if (!answer) return cut(answer.error());
  if (answer->event == dicom::PduEvent::abort) return distrust("the peer aborted the association");
  if (answer->event != dicom::PduEvent::fragment)
    return distrust("the peer released the association without an answer");
  if (!answers(answer->command, request)) return distrust("answer for another instance");
  if (!answer->command.status) return distrust("answer without a status");
  return {judge_.dimse_status(*answer->command.status, receipt_for(item))};
}

Attempted DimseCourier::cut(const Error& error) {
  abort();
  return {no_connection(error), false, true};
}

Retry DimseCourier::no_connection(const Error& error) const {
  const std::string what = error.code == Errc::invalid ? "broken protocol: " + error.message : error.message;
  return judge_.no_connection(what, error.code == Errc::timeout);
}

Attempted DimseCourier::distrust(std::string why) {
  abort();
  return {Retry{std::move(why), Scope::destination, std::nullopt, 0}, false, true};
}

void DimseCourier::abort() {
  association_->abort();
  association_.reset();
}

void DimseCourier::leave() {
  if (!association_) return;
  if (association_->idle()) {
    association_->release();
  } else {
    association_->heed();
  }
  association_.reset();
}

core::Receipt DimseCourier::receipt_for(const core::Item& item) const {
  core::Receipt receipt;
  receipt.item = item.id;
  receipt.sha256 = item.sha256;
  receipt.node = association_->peer();
  receipt.time = clock_.wall();
  receipt.level = core::Level::accepted;
  return receipt;
}

}  // namespace

std::unique_ptr<core::Courier> make_dimse_courier(DimseOptions options, const core::Judge& judge, const Clock& clock) {
  return std::make_unique<DimseCourier>(std::move(options), judge, clock);
}

}  // namespace sampan::uplink
