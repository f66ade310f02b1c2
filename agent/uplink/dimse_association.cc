// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_association.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dul.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "dicom/implementation.h"

namespace sampan::uplink {
namespace {

constexpr Millis release_time_max{3000};  // in all: of an answer that nobody waits for any more there may be much

int whole_seconds(Millis time) { return static_cast<int>(std::max<std::int64_t>(1, (time.count() + 999) / 1000)); }

// Into one of DCMTK's fields of fixed size.
template <std::size_t size>
void set_text(char (&field)[size], std::string_view text) {
  const std::size_t length = text.copy(field, size - 1);
  field[length] = '\0';
}

// Owns what DCMTK allocates step by step; each step may be the last.
struct Session {
  T_ASC_Network* network = nullptr;
  T_ASC_Parameters* parameters = nullptr;  // owned until association takes it
  T_ASC_Association* association = nullptr;
  std::unique_ptr<DcmTransportLayer> layer;

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (association != nullptr) {
      ASC_destroyAssociation(&association);
    } else if (parameters != nullptr) {
      ASC_destroyAssociationParameters(&parameters);
    }
    if (network != nullptr) ASC_dropNetwork(&network);
  }
};

OFCondition prepare(Session& session, const DimseOptions& options, std::span<const ContextKey> proposed, T_ASC_SC_ROLE role) {
  OFCondition done = ASC_initializeNetwork(NET_REQUESTOR, 0, whole_seconds(options.connect_time_max), &session.network);
  if (done.bad()) return done;
  done = ASC_setTransportLayer(session.network, session.layer.get(), 0);
  if (done.bad()) return done;
  done = ASC_createAssociationParameters(&session.parameters, static_cast<long>(options.pdu_bytes_max));
  if (done.bad()) return done;
  done = ASC_setAPTitles(session.parameters, options.calling_ae.c_str(), options.called_ae.c_str(), nullptr);
  if (done.bad()) return done;
  set_text(session.parameters->ourImplementationClassUID, dicom::implementation_uid);
  set_text(session.parameters->ourImplementationVersionName, dicom::association_name(options.identity));
  const std::string address = options.host + ':' + std::to_string(options.port);
  done = ASC_setPresentationAddresses(session.parameters, "localhost", address.c_str());
  unsigned id = 1;
  for (const ContextKey& key : proposed) {
    if (done.bad()) return done;
    const char* syntaxes[] = {key.transfer_syntax.c_str()};
    done = ASC_addPresentationContext(session.parameters, static_cast<T_ASC_PresentationContextID>(id),
                                      key.sop_class.c_str(), syntaxes, 1, role);
    id += 2;
  }
  return done;
}

AcceptedContext read_answer(T_ASC_Parameters* parameters, int at, const ContextKey& key) {
  T_ASC_PresentationContext context{};
  if (ASC_getPresentationContext(parameters, at, &context).bad()) return {};
  if (context.resultReason == ASC_P_NOTYETNEGOTIATED) return {};
  if (context.resultReason != ASC_P_ACCEPTANCE) return {0, static_cast<int>(context.resultReason)};
  // An acceptance in a syntax that was not proposed is none.
  if (key.transfer_syntax != context.acceptedTransferSyntax) return {};
  return {context.presentationContextID, 0};
}

AssociationRefused read_refusal(T_ASC_Parameters* parameters) {
  T_ASC_RejectParameters rejection{};
  if (ASC_getRejectParameters(parameters, &rejection).bad()) return {};
  // DCMTK folds the source into the reason.
  return {rejection.result, rejection.source, static_cast<int>(rejection.reason) & 0xff};
}

std::string name_of(const DimseOptions& options, const T_ASC_Parameters& parameters) {
  std::string name = options.called_ae + '@' + options.host + ':' + std::to_string(options.port);
  if (parameters.theirImplementationClassUID == dicom::implementation_uid) name += core::node_mark;
  return name;
}

// DCMTK's text for a connection that was not made ends in the system's words for it: "Connection refused".
Error unconnected(std::string_view text) {
  // It waits in select() and then has no error number of its own to tell.
  if (text.ends_with("(Timeout)")) return fail(Errc::timeout, "no answer to the connection request");
  const std::size_t colon = text.rfind(": ");
  return fail(Errc::unreachable, colon == text.npos ? "no connection" : std::string(text.substr(colon + 2)));
}

Error in_words(const OFCondition& failed) {
  if (failed == DUL_READTIMEOUT) return fail(Errc::timeout, "no answer to the association request");
  if (failed == DUL_PEERABORTEDASSOCIATION) return fail(Errc::unreachable, "the peer aborted the association request");
  const bool network = failed.module() == OFM_dcmnet;
  if (network && failed.code() == DULC_TCPINITERROR) return unconnected(failed.text());
  if (network && failed.code() == DULC_UNKNOWNHOST) return fail(Errc::unreachable, "the host name is unknown");
  if (network && failed.code() == DULC_ILLEGALSERVICEPARAMETER)
    return fail(Errc::unreachable, "the address is neither a name nor an IPv4 address");
  if (network && failed.code() == DULC_UNRECOGNIZEDPDUTYPE) return fail(Errc::invalid, "the peer does not speak DICOM");
  return fail(Errc::unreachable, "the connection was cut during the association request");
}

}  // namespace

core::Retry meaning_of(const AssociationRefused& refused, const core::Judge& judge) {
  if (refused.oneself) return {"its address leads back to this node itself", core::Scope::configuration, std::nullopt, 0};
  return judge.association_reject(refused.result, refused.source, refused.reason);
}

struct DimseAssociation::Negotiated {
  Session session;
  std::string peer;
  std::vector<std::pair<ContextKey, AcceptedContext>> contexts;
  dicom::Wire* wire = nullptr;
  std::unique_ptr<dicom::PdataReader> reader;
  std::unique_ptr<dicom::PdataWriter> writer;
};

DimseAssociation::DimseAssociation(std::unique_ptr<Negotiated> negotiated) : negotiated_(std::move(negotiated)) {}
DimseAssociation::~DimseAssociation() = default;

DimseAssociation::Requested DimseAssociation::request(const DimseOptions& options, std::span<const ContextKey> proposed,
                                                      const dicom::Connected& connected, Role role) {
  dicom::quiet_dcmtk();
  // DCMTK knows one time limit for connecting per process; couriers with different ones share the latest.
  dcmConnectionTimeout.set(whole_seconds(options.connect_time_max));
  auto made = std::make_unique<Negotiated>();
  made->session.layer = dicom::make_transport_layer(connected);
  OFCondition done = prepare(made->session, options, proposed, role == Role::provider ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT);
  if (done.bad()) return fail(Errc::invalid, "the association request cannot be made");
  done = ASC_requestAssociation(made->session.network, made->session.parameters, &made->session.association, nullptr,
                                nullptr, DUL_NOBLOCK, whole_seconds(options.connect_time_max));
  if (done == DUL_ASSOCIATIONREJECTED) return read_refusal(made->session.parameters);
  if (done.bad()) return in_words(done);
  made->wire = dicom::wire_of(*made->session.association);
  if (made->wire == nullptr) return fail(Errc::unreachable, "the connection was cut during the association request");
  const T_ASC_Parameters& said = *made->session.association->params;
  if (dicom::is_oneself(options.identity, said.theirImplementationClassUID, said.theirImplementationVersionName))
    return AssociationRefused{.oneself = true};
  made->peer = name_of(options, said);
  int at = 0;
  for (const ContextKey& key : proposed) {
    made->contexts.emplace_back(key, read_answer(made->session.association->params, at++, key));
  }
  const auto peer_max = static_cast<std::uint32_t>(said.DULparams.peerMaxPDU);
  made->reader = std::make_unique<dicom::PdataReader>(*made->wire);
  made->writer = std::make_unique<dicom::PdataWriter>(*made->wire, peer_max, options.answer_time_max);
  return std::unique_ptr<DimseAssociation>(new DimseAssociation(std::move(made)));
}

const std::string& DimseAssociation::peer() const { return negotiated_->peer; }

const AcceptedContext* DimseAssociation::find(const ContextKey& key) const {
  const auto found = std::ranges::find(negotiated_->contexts, key, [](const auto& row) { return row.first; });
  return found == negotiated_->contexts.end() ? nullptr : &found->second;
}

dicom::PdataReader& DimseAssociation::reader() { return *negotiated_->reader; }
dicom::PdataWriter& DimseAssociation::writer() { return *negotiated_->writer; }
bool DimseAssociation::idle() { return reader().drained() && negotiated_->wire->quiet(); }

std::uint16_t DimseAssociation::next_message_id() {
  if (++message_id_ == 0) ++message_id_;
  return message_id_;
}

void DimseAssociation::release() {
  if (!writer().send_release_request()) return;
  const MonoTime until = system_clock().mono() + release_time_max;
  for (Millis left = release_time_max; left > Millis(0); left = until - system_clock().mono()) {
    const auto answer = reader().next(left);
    if (!answer || answer->event == dicom::PduEvent::release_response) return;
    if (answer->event == dicom::PduEvent::abort) return;
    // Both asked at once: we answer too, and wait for theirs (PS3.8 9.2.3, release collision).
    if (answer->event == dicom::PduEvent::release_request && !writer().send_release_response()) return;
  }
}

void DimseAssociation::heed() {
  const auto said = reader().next(release_time_max);
  if (said && said->event == dicom::PduEvent::release_request) (void)writer().send_release_response().ok();
}

void DimseAssociation::abort() {
  // Said if it can be: in the middle of a PDU the peer will not understand it, and closing says the same.
  (void)writer().send_abort(0, 0).ok();
}

}  // namespace sampan::uplink
