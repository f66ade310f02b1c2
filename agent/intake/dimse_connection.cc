// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_connection.h"

#include <sys/socket.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "intake/dimse_door.h"

namespace sampan::intake {

House::House(core::Sink& its_sink, Clock& its_clock, DimseIntake::Observer& its_observer, core::Receipts* its_receipts,
             core::Promises* its_promises, DimseIntakeOptions options)
    : sink(its_sink),
      clock(its_clock),
      observer(its_observer),
      receipts(its_receipts),
      promises(its_promises),
      associations(options.associations_max, options.associations_per_host_max),
      options_(std::make_shared<const DimseIntakeOptions>(std::move(options))) {}

std::shared_ptr<const DimseIntakeOptions> House::options() const {
  const std::lock_guard lock(mutex_);
  return options_;
}

void House::set_options(DimseIntakeOptions options) {
  associations.resize(options.associations_max, options.associations_per_host_max);
  auto shared = std::make_shared<const DimseIntakeOptions>(std::move(options));
  const std::lock_guard lock(mutex_);
  options_.swap(shared);
}

void House::refuse(const Caller& caller, std::uint16_t code, std::string_view words) {
  Refusal refusal;
  refusal.time = clock.wall();
  refusal.peer_address = caller.peer_address;
  refusal.calling_ae = log::safe(caller.calling_ae);
  refusal.called_ae = log::safe(caller.called_ae);
  refusal.code = code;
  refusal.reason = words;
  if (refusals.remember(refusal) == 1)
    log::warn("intake: refused " + refusal.peer_address + " as '" + refusal.calling_ae + "' to '" + refusal.called_ae +
              "': " + refusal.reason);
  observer.refused(refusal);
}

Connection::Connection(House& house, Visitor visitor)
    : house_(house),
      options_(house.options()),
      socket_(std::move(visitor.socket)),
      address_(std::move(visitor.address)),
      plug_(std::make_shared<dicom::Plug>(socket_.get())) {}

void Connection::set_plug(std::shared_ptr<dicom::Plug> plug) {
  const std::lock_guard lock(mutex_);
  if (plug_) plug_->detach();
  plug_ = std::move(plug);
}

void Connection::end_now() {
  const std::lock_guard lock(mutex_);
  if (plug_) plug_->pull();
}

void Connection::end_if_idle() {
  if (!busy_) end_now();
}

bool Connection::wait_for_request() {
  busy_ = false;
  return !house_.stopping;
}

void Connection::run() {
  converse();
  set_plug(nullptr);
}

void Connection::turn_away() {
  // A-ASSOCIATE-RJ: transient, by the presentation provider, local limit exceeded.
  static constexpr std::array<std::uint8_t, 10> reject{3, 0, 0, 0, 0, 4, 0, 2, 3, 2};
  ::send(socket_.get(), reject.data(), reject.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket_.get(), SHUT_WR);
  set_plug(nullptr);
}

void Connection::converse() {
  const Knock knock = who_knocks(socket_.get(), house_.clock, options_->negotiation_time_max);
  set_plug(nullptr);  // the descriptor changes hands
  if (knock != Knock::association) {
    // A caller that opens and closes without a word is a probe; our own closing is no news either.
    if (knock != Knock::closed && !house_.stopping) house_.refuse({address_, "", ""}, 0, words_for(knock));
    socket_ = Socket();
    return;
  }
  auto negotiation = Negotiation::receive(std::move(socket_), options_->pdu_bytes_max,
                                          [this](std::shared_ptr<dicom::Plug> plug) {
                                            set_plug(std::move(plug));
                                            if (house_.stopping) end_now();  // it came too late for the stop
                                          });
  if (!negotiation) return house_.refuse({address_, "", ""}, 0, negotiation.error().message);
  if (house_.stopping) return;
  Caller caller{address_, (*negotiation)->calling_ae(), (*negotiation)->called_ae()};
  serve(**negotiation, std::move(caller));
}

std::optional<Verdict> Connection::judge(const Negotiation& negotiation, const Caller& caller, Seating seating) const {
  if (!negotiation.application_context_is_dicom()) return foreign_application;
  // A report is believed by its transaction, whoever brings it; and it makes room: it comes in while no image does. So
  // does a request, which has the reserve; who may make one is asked when it is made.
  const bool reports = house_.speaks_of_commitment() && negotiation.only_reports();
  if (const auto verdict = judge_titles(caller)) return verdict;
  if (const auto verdict = judge_caller(*options_, caller); verdict && !reports) return verdict;
  return judge_room(seating, reports ? Status() : house_.sink.admits(core::Kind::image));
}

void Connection::serve(Negotiation& negotiation, Caller caller) {
  if (negotiation.is_from(options_->identity)) {  // accepted, so that it sees whom it reached, and nothing is taken
    house_.refuse(caller, 0, "this node called itself, one of its destinations leads back here");
    static_cast<void>(negotiation.acknowledge({.identity = options_->identity, .nothing = true}));
    return;
  }
  const Seat seat(house_.associations, address_);
  if (const auto verdict = judge(negotiation, caller, seat.seating())) {
    house_.refuse(caller, verdict->reject.code(), verdict->words);
    return negotiation.reject(verdict->reject);
  }
  auto contexts = negotiation.acknowledge({options_->accept, house_.speaks_of_commitment(), options_->identity});
  if (!contexts) return;
  if (contexts->empty())
    house_.refuse(caller, 0, "the caller asked only for services or transfer syntaxes that are not taken here");
  else
    house_.observer.associated(caller);
  const core::Priority priority = priority_for(*options_, caller);
  const bool welcome = !judge_caller(*options_, caller);
  Association association{std::move(caller), welcome, priority, std::move(*contexts), negotiation.peer_pdu_bytes_max()};
  Session({house_.sink, house_.observer, house_.receipts, house_.promises}, *this, negotiation.wire(), std::move(association),
          options_->idle_time_max)
      .run();
}

}  // namespace sampan::intake
