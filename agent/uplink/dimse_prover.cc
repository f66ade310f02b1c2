// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_prover.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "core/instance_name.h"
#include "core/limits.h"
#include "dicom/commitment.h"
#include "dicom/data_set.h"
#include "uplink/dimse_association.h"
#include "uplink/found_there.h"
#include "uplink/proof_habit.h"

namespace sampan::uplink {
namespace {

using core::Fact;
using core::Item;
using core::ProofWay;
using core::Unclear;
namespace command = dicom::command;

constexpr const char* implicit_le = "1.2.840.10008.1.2";
constexpr const char* study_root_find = "1.2.840.10008.5.1.4.1.2.2.1";
constexpr std::uint16_t pending = 0xFF00, pending_with_warning = 0xFF01;  // PS3.4 C.4.1.1.4
constexpr std::size_t instances_per_query = 64;

// It does not like what it is asked for (PS3.4 C.4.1.1.4); how much it has to do just now is another question.
bool dislikes(std::uint16_t status) { return (status & 0xff00) == 0xa900 || (status & 0xf000) == 0xc000; }

const ContextKey commitment_context{std::string(dicom::commitment_class), implicit_le};
const ContextKey query_context{study_root_find, implicit_le};

std::string uid(const Item& item, Fact fact) { return std::string(item.facts.get(fact)); }

struct Message {
  std::uint8_t context = 0;
  dicom::CommandSet command;
  Bytes data_set;
};

// An answer to another request says nothing about this one, whatever its status is.
Status check_answer(const Message& message, std::uint16_t field, const dicom::CommandSet& request, const AcceptedContext& context,
                    const std::string& asked) {
  if (message.command.command_field != field || !message.command.status) return fail(Errc::invalid, "its answer to " + asked + " is none");
  if (message.command.message_id_responded_to != request.message_id || message.context != context.id)
    return fail(Errc::invalid, "its answer to " + asked + " speaks of another request");
  return {};
}

class DimseProver final : public core::Prover {
 public:
  DimseProver(DimseProverOptions options, core::Transactions& transactions, core::Receipts& receipts, const Clock& clock)
      : options_(std::move(options)), transactions_(transactions), receipts_(receipts), clock_(clock) {}

  void ask(std::span<const Item> batch, const core::ProofReport& report) override {
    batch_ = batch;
    report_ = &report;
    const std::optional<Unclear> over = converse();
    association_.reset();
    for (const Item& item : batch)
      if (!told_.contains(item.id)) report(item.id, over.value_or(Unclear{"it gave no answer for this image", {}}));
    told_.clear();
  }
  void seek(std::span<const Item> batch, const core::ProofReport& report) override {
    if (!options_.may_query) return;
    batch_ = batch;
    report_ = &report;
    seeking_ = true;
    if (!associate()) {
      if (const AcceptedContext* find = accepted(query_context)) static_cast<void>(query(*find));
      if (association_->idle()) association_->release();
    }
    association_.reset();
    seeking_ = false;
    told_.clear();
  }
  ProofWay way() const override { return habit_.way(); }
  void reported() override { habit_.commitment_reported(); }
  void interrupt() override {
    interrupted_ = true;
    const std::lock_guard lock(mutex_);
    if (plug_) plug_->pull();
  }

 private:
  // What goes for every item that was not told about.
  std::optional<Unclear> converse();
  std::optional<Unclear> associate();
  std::optional<Unclear> commit(const AcceptedContext& context, bool& refused);
  std::optional<Unclear> await_report(const AcceptedContext& context);
  std::optional<Unclear> take_report(const Message& message);
  std::optional<Unclear> query(const AcceptedContext& context);
  std::optional<Unclear> find(const AcceptedContext& context, std::span<const Item* const> items);
  void learn_of_query(bool answered);
  Result<FoundThere> find_all(const AcceptedContext& context, const dicom::DataSet& identifier, std::uint16_t& status);
  Result<Message> receive(Millis timeout, std::size_t bytes_max);
  Status send(const AcceptedContext& context, dicom::CommandSet command, const Bytes& data_set);
  const AcceptedContext* accepted(const ContextKey& key) const {
    const AcceptedContext* context = association_->find(key);
    return context != nullptr && context->accepted() ? context : nullptr;
  }
  core::Receipt receipt_for(const Item& item) const;

  const DimseProverOptions options_;
  core::Transactions& transactions_;
  core::Receipts& receipts_;
  const Clock& clock_;
  ProofHabit habit_{clock_};
  std::span<const Item> batch_;
  const core::ProofReport* report_ = nullptr;
  std::set<Uuid> told_;
  bool found_before_ = false;  // a query of this peer found something
  bool seeking_ = false;
  std::unique_ptr<DimseAssociation> association_;
  std::mutex mutex_;  // guards plug_
  std::shared_ptr<dicom::Plug> plug_;
  std::atomic<bool> interrupted_{false};
};

std::optional<Unclear> DimseProver::converse() {
  if (auto failed = associate()) return failed;
  const AcceptedContext* commitment = options_.may_commit ? accepted(commitment_context) : nullptr;
  const AcceptedContext* find = options_.may_query ? accepted(query_context) : nullptr;
  std::optional<Unclear> said = Unclear{"it offers neither storage commitment nor a query for images", {}};
  bool refused = false;
  const bool asked = commitment != nullptr && habit_.wants_commitment(find != nullptr);
  if (asked) said = commit(*commitment, refused);
  if (refused) habit_.commitment_refused(find != nullptr);
  if (find != nullptr && (!asked || refused)) said = query(*find);
  if (commitment == nullptr && find == nullptr) habit_.nothing_offered();
  if (association_->idle()) association_->release();
  return said;
}

std::optional<Unclear> DimseProver::associate() {
  std::vector<ContextKey> proposed;
  if (options_.may_commit) proposed.push_back(commitment_context);
  if (options_.may_query) proposed.push_back(query_context);
  const auto connected = [this](std::shared_ptr<dicom::Plug> plug) {
    const std::lock_guard lock(mutex_);
    plug_ = std::move(plug);
    if (interrupted_) plug_->pull();
  };
  auto requested = DimseAssociation::request(options_.peer, proposed, connected);
  if (const auto* refused = std::get_if<AssociationRefused>(&requested))
    return Unclear{refused->oneself ? "its address leads back to this node itself" : "it refused the association for proof", {}};
  if (const auto* error = std::get_if<Error>(&requested)) return Unclear{error->message, {}};
  association_ = std::move(std::get<std::unique_ptr<DimseAssociation>>(requested));
  return std::nullopt;
}

Status DimseProver::send(const AcceptedContext& context, dicom::CommandSet command, const Bytes& data_set) {
  command.data_set_type = dicom::with_data_set;
  return association_->writer().send(context.id, command, data_set.size(), [&](std::uint64_t offset, ByteSpan into) {
    std::copy_n(data_set.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return Result<std::size_t>(into.size());
  });
}

// A command and, when it has one, its data set.
Result<Message> DimseProver::receive(Millis timeout, std::size_t bytes_max) {
  auto arrived = association_->reader().next_command(timeout);
  if (!arrived) return arrived.error();
  if (arrived->event != dicom::PduEvent::fragment) return fail(Errc::unreachable, "it ended the association");
  Message message{arrived->context, std::move(arrived->command), {}};
  for (bool more = message.command.has_data_set(); more;) {
    const auto part = association_->reader().next(timeout);
    if (!part) return part.error();
    if (part->event != dicom::PduEvent::fragment || part->command || part->context != message.context)
      return fail(Errc::invalid, "its message breaks off");
    if (message.data_set.size() + part->bytes.size() > bytes_max) return fail(Errc::limit, "its message is too long");
    message.data_set.insert(message.data_set.end(), part->bytes.begin(), part->bytes.end());
    more = !part->last;
  }
  return message;
}

std::optional<Unclear> DimseProver::commit(const AcceptedContext& context, bool& refused) {
  const auto transaction = transactions_.begin(options_.peer.name);
  if (!transaction) return Unclear{transaction.error().message, {}};
  habit_.commitment_asked();
  std::vector<dicom::InstanceReference> instances;
  for (const Item& item : batch_) instances.push_back({uid(item, Fact::sop_class_uid), std::string(core::kept_as(item.facts))});
  dicom::CommandSet request;
  request.command_field = command::n_action_rq;
  request.message_id = association_->next_message_id();
  request.requested_sop_class_uid = dicom::commitment_class;
  request.requested_sop_instance_uid = dicom::commitment_instance;
  request.action_type_id = dicom::commitment_requested;
  if (Status sent = send(context, request, dicom::commitment_request(*transaction, instances, false)); !sent)
    return Unclear{sent.error().message, {}};
  const auto answer = receive(options_.peer.answer_time_max, core::limits::query_answer_bytes_max);
  if (!answer) return Unclear{answer.error().message, {}};
  if (answer->command.command_field == command::n_event_report_rq) return take_report(*answer);  // quicker than its answer
  if (Status ours = check_answer(*answer, command::n_action_rsp, request, context, "the request for storage commitment"); !ours)
    return Unclear{ours.error().message, {}};
  refused = *answer->command.status != 0;
  if (refused)
    return Unclear{"it refused the request for storage commitment with status " + std::to_string(*answer->command.status), {}};
  return await_report(context);
}

// It may come on this association, or hours later on one of the peer's own.
std::optional<Unclear> DimseProver::await_report(const AcceptedContext&) {
  const auto message = receive(options_.report_time_max, core::limits::commitment_bytes_max);
  if (!message) {
    const bool later = message.error().code == Errc::timeout || message.error().code == Errc::unreachable;
    return Unclear{later ? "asked; its report of storage commitment is awaited" : message.error().message, {}};
  }
  if (message->command.command_field != command::n_event_report_rq) return Unclear{"an unexpected message", {}};
  return take_report(*message);
}

std::optional<Unclear> DimseProver::take_report(const Message& message) {
  const auto report = dicom::read_commitment_report(message.data_set, false);
  const Status taken = report ? receipts_.commitment_reported(*report) : Status(report.error());
  if (taken) habit_.commitment_reported();
  dicom::CommandSet answer = dicom::response_to(message.command, taken.ok() ? 0x0000 : 0x0110);
  answer.event_type_id = message.command.event_type_id;
  const Status sent = association_->writer().send(message.context, answer);
  if (!taken) return Unclear{taken.error().message, {}};
  if (!sent) return Unclear{sent.error().message, {}};
  return Unclear{"its report says nothing of this image", {}};  // of those it does name, the receipt is there already
}

std::optional<Unclear> DimseProver::query(const AcceptedContext& context) {
  std::map<std::pair<std::string, std::string>, std::vector<const Item*>> by_series;
  for (const Item& item : batch_)
    by_series[{uid(item, Fact::study_instance_uid), uid(item, Fact::series_instance_uid)}].push_back(&item);
  for (const auto& [series, items] : by_series) {
    if (series.first.empty() || series.second.empty()) continue;  // cannot be asked for
    for (std::size_t at = 0; at < items.size(); at += instances_per_query) {
      const std::span some(items.data() + at, std::min(instances_per_query, items.size() - at));
      if (auto failed = find(context, some)) return failed;
    }
  }
  return std::nullopt;
}

std::optional<Unclear> DimseProver::find(const AcceptedContext& context, std::span<const Item* const> items) {
  dicom::DataSet identifier;
  identifier.set(dicom::tag::query_level, "CS", "IMAGE");
  identifier.set(dicom::tag::study_instance_uid, "UI", uid(*items.front(), Fact::study_instance_uid));
  identifier.set(dicom::tag::series_instance_uid, "UI", uid(*items.front(), Fact::series_instance_uid));
  std::string wanted;  // list of UID matching, PS3.4 C.2.2.2.2
  for (const Item* item : items) wanted += (wanted.empty() ? "" : "\\") + std::string(core::kept_as(item->facts));
  identifier.set(dicom::tag::sop_instance_uid, "UI", wanted);
  dicom::DataSet with_availability = identifier;
  with_availability.set(dicom::tag::instance_availability, "CS", "");
  std::uint16_t status = 0;
  auto found = find_all(context, with_availability, status);
  if (!found && dislikes(status)) found = find_all(context, identifier, status);
  if (!found) {
    learn_of_query(false);
    return Unclear{found.error().message, {}};
  }
  found_before_ = found_before_ || !found->empty();
  learn_of_query(found_before_);
  for (const Item* item : items) {
    told_.insert(item->id);
    (*report_)(item->id, proof_of(*found, *item, receipt_for(*item), found_before_));
  }
  return std::nullopt;
}

// What is merely sought beside storage commitment changes no habit.
void DimseProver::learn_of_query(bool answered) {
  if (seeking_) return;
  answered ? habit_.query_answered() : habit_.query_brought_nothing();
}

Result<FoundThere> DimseProver::find_all(const AcceptedContext& context, const dicom::DataSet& identifier, std::uint16_t& status) {
  dicom::CommandSet request;
  request.command_field = command::c_find_rq;
  request.message_id = association_->next_message_id();
  request.priority = 0;
  request.affected_sop_class_uid = study_root_find;
  if (Status sent = send(context, request, dicom::encode(identifier, false)); !sent) return sent.error();
  FoundThere found;
  for (std::size_t answers = 0; answers < 16 * instances_per_query; ++answers) {
    const auto message = receive(options_.peer.answer_time_max, core::limits::query_answer_bytes_max);
    if (!message) return message.error();
    if (Status ours = check_answer(*message, command::c_find_rsp, request, context, "a query"); !ours) return ours.error();
    status = *message->command.status;
    if (status == 0) return found;
    if (status != pending && status != pending_with_warning)
      return fail(Errc::refused, "it refused a query for images with status " + std::to_string(status));
    const auto match = dicom::decode_data_set(message->data_set, false);
    if (!match) return match.error();
    const std::string name(match->text(dicom::tag::sop_instance_uid));
    if (!names_an_image(name)) return fail(Errc::invalid, "it answers a query with a match that names no image");
    found.add(name, match->text(dicom::tag::instance_availability));
  }
  return fail(Errc::limit, "it answers a query without an end");
}

core::Receipt DimseProver::receipt_for(const Item& item) const {
  return {item.id, item.sha256, options_.peer.called_ae + '@' + options_.peer.host + ':' + std::to_string(options_.peer.port), clock_.wall(),
          core::Level::archived};
}

}  // namespace

std::unique_ptr<core::Prover> make_dimse_prover(DimseProverOptions options, core::Transactions& transactions,
                                                core::Receipts& receipts, const Clock& clock) {
  return std::make_unique<DimseProver>(std::move(options), transactions, receipts, clock);
}

}  // namespace sampan::uplink
