// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_negotiation.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/lst.h>

#include <algorithm>
#include <mutex>
#include <string_view>

#include "base/panic.h"
#include "dicom/commitment.h"
#include "dicom/implementation.h"
#include "intake/dimse_contexts.h"

namespace sampan::intake {
namespace {

constexpr std::string_view dicom_application_context = "1.2.840.10008.3.1.1.1";
constexpr int unused_port = 104;  // DCMTK wants one, and opens none while it is given a socket
constexpr int seconds_max = 30;   // for the first byte of a request that is there already

// DCMTK takes an accepted socket only through a global.
std::mutex& socket_handle_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Holds the global while DCMTK looks at it, not longer: taken() is called before the first byte is read.
class SocketHandover {
 public:
  explicit SocketHandover(int fd) : lock_(socket_handle_mutex()) { dcmExternalSocketHandle.set(fd); }
  ~SocketHandover() { end(); }
  SocketHandover(const SocketHandover&) = delete;
  SocketHandover& operator=(const SocketHandover&) = delete;
  void end() {
    if (!lock_.owns_lock()) return;
    dcmExternalSocketHandle.set(-1);
    lock_.unlock();
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

std::string trimmed(const char* text) {
  const std::string_view all(text);
  const auto first = all.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(all.substr(first, all.find_last_not_of(' ') - first + 1));
}

template <std::size_t size>
void set_text(char (&into)[size], std::string_view text) {
  static_assert(size > 0);
  into[text.copy(into, size - 1)] = '\0';
}

template <class Node>
std::vector<Node*> members(LST_HEAD* list) {
  std::vector<Node*> out;
  if (list == nullptr) return out;
  auto* node = static_cast<Node*>(LST_Head(&list));
  LST_Position(&list, node);
  for (; node != nullptr; node = static_cast<Node*>(LST_Next(&list))) out.push_back(node);
  return out;
}

std::vector<std::string> offered_by(const DUL_PRESENTATIONCONTEXT& context) {
  std::vector<std::string> offered;
  for (const auto* syntax : members<DUL_TRANSFERSYNTAX>(context.proposedTransferSyntax))
    offered.emplace_back(trimmed(syntax->transferSyntax));
  return offered;
}

// The role the caller asks for, as it is: an image's sender asks for none.
T_ASC_SC_ROLE role_of(const DUL_PRESENTATIONCONTEXT& context) {
  switch (context.proposedSCRole) {
    case DUL_SC_ROLE_SCU: return ASC_SC_ROLE_SCU;
    case DUL_SC_ROLE_SCP: return ASC_SC_ROLE_SCP;
    case DUL_SC_ROLE_SCUSCP: return ASC_SC_ROLE_SCUSCP;
    default: return ASC_SC_ROLE_DEFAULT;
  }
}

}  // namespace

struct Negotiation::State {
  ~State() {
    if (association != nullptr) {
      ASC_dropAssociation(association);
      ASC_destroyAssociation(&association);
    }
    if (network != nullptr) ASC_dropNetwork(&network);
  }
  T_ASC_Parameters& params() { return *association->params; }

  std::unique_ptr<DcmTransportLayer> layer;
  T_ASC_Network* network = nullptr;
  T_ASC_Association* association = nullptr;
};

Negotiation::Negotiation(std::unique_ptr<State> state) : state_(std::move(state)) {}
Negotiation::~Negotiation() = default;

Result<std::unique_ptr<Negotiation>> Negotiation::receive(Socket socket, std::uint32_t pdu_bytes_max,
                                                          const dicom::Connected& connected) {
  dicom::quiet_dcmtk();
  auto state = std::make_unique<State>();
  SocketHandover handover(socket.get());
  state->layer = dicom::make_transport_layer([&](std::shared_ptr<dicom::Plug> plug) {
    socket.release();  // the connection closes it from now on
    handover.end();
    connected(std::move(plug));
  });
  OFCondition done = ASC_initializeNetwork(NET_ACCEPTOR, unused_port, seconds_max, &state->network);
  if (done.good()) done = ASC_setTransportLayer(state->network, state->layer.get(), 0);
  if (done.good()) done = ASC_receiveAssociation(state->network, &state->association, static_cast<long>(pdu_bytes_max));
  if (done.bad() || state->association == nullptr)
    return fail(Errc::invalid, "the caller's association request is malformed, or the caller left");
  return std::unique_ptr<Negotiation>(new Negotiation(std::move(state)));
}

std::string Negotiation::calling_ae() const { return trimmed(state_->params().DULparams.callingAPTitle); }
std::string Negotiation::called_ae() const { return trimmed(state_->params().DULparams.calledAPTitle); }

bool Negotiation::application_context_is_dicom() const {
  return trimmed(state_->params().DULparams.applicationContextName) == dicom_application_context;
}

bool Negotiation::is_from(std::string_view identity) const {
  const T_ASC_Parameters& said = state_->params();
  return dicom::is_oneself(identity, trimmed(said.theirImplementationClassUID), trimmed(said.theirImplementationVersionName));
}

std::uint32_t Negotiation::peer_pdu_bytes_max() const {
  const long announced = state_->params().theirMaxPDUReceiveSize;
  return announced > 0 ? static_cast<std::uint32_t>(announced) : 0;
}

void Negotiation::reject(const Reject& reject) {
  T_ASC_RejectParameters parameters;
  parameters.result = static_cast<T_ASC_RejectParametersResult>(reject.result);
  parameters.source = static_cast<T_ASC_RejectParametersSource>(reject.source);
  parameters.reason = static_cast<T_ASC_RejectParametersReason>(reject.code());
  ASC_rejectAssociation(state_->association, &parameters);
}

bool Negotiation::only_reports() const {
  const auto all = members<DUL_PRESENTATIONCONTEXT>(state_->params().DULparams.requestedPresentationContext);
  const auto of = [](std::string_view service) {
    return [service](const auto* context) { return trimmed(context->abstractSyntax) == service; };
  };
  const auto reports = std::ranges::count_if(all, of(dicom::commitment_class));
  return reports > 0 && reports + std::ranges::count_if(all, of(verification_class)) == std::ssize(all);
}

Result<Contexts> Negotiation::acknowledge(const Terms& terms) {
  Contexts accepted;
  T_ASC_Parameters& params = state_->params();
  for (const auto* context : members<DUL_PRESENTATIONCONTEXT>(params.DULparams.requestedPresentationContext)) {
    const std::string abstract_syntax = trimmed(context->abstractSyntax);
    // Its provider proposes the provider's role for itself when it comes to report (PS3.7 D.3.3.4).
    const bool report = terms.reports && abstract_syntax == dicom::commitment_class;
    const bool service = report || abstract_syntax == verification_class;
    if (terms.nothing || (!service && !is_storage_class(abstract_syntax))) {
      ASC_refusePresentationContext(&params, context->presentationContextID, ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
      continue;
    }
    const std::vector<std::string> offered = offered_by(*context);
    const std::string chosen(choose_transfer_syntax(offered, service ? std::span<const std::string>() : terms.accept));
    if (chosen.empty() ||
        ASC_acceptPresentationContext(&params, context->presentationContextID, chosen.c_str(), role_of(*context)).bad()) {
      ASC_refusePresentationContext(&params, context->presentationContextID, ASC_P_TRANSFERSYNTAXESNOTSUPPORTED);
      continue;
    }
    accepted[context->presentationContextID] = {abstract_syntax, chosen};
  }
  set_text(params.ourImplementationClassUID, dicom::implementation_uid);
  set_text(params.ourImplementationVersionName, dicom::association_name(terms.identity));
  if (ASC_acknowledgeAssociation(state_->association).bad())
    return fail(Errc::unreachable, "the caller left during negotiation");
  return accepted;
}

dicom::Wire& Negotiation::wire() {
  dicom::Wire* wire = dicom::wire_of(*state_->association);
  SAMPAN_ASSERT(wire != nullptr);
  return *wire;
}

}  // namespace sampan::intake
