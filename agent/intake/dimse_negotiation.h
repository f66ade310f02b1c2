// SPDX-License-Identifier: Apache-2.0
// Negotiation: one association from its A-ASSOCIATE-RQ to the wire that its messages run on. DCMTK does the PDUs.
//
// The request must have been seen in the socket already (dimse_door.h). After acknowledge() the wire is ours alone.
// Threads: one; several negotiations may run at once.
// Fails:   a request that does not parse, or a caller that is gone -> Errc::invalid; the socket is closed then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dicom/transport.h"
#include "intake/dimse_socket.h"

namespace sampan::intake {

struct AcceptedContext {
  std::string abstract_syntax;
  std::string transfer_syntax;
};
using Contexts = std::map<std::uint8_t, AcceptedContext>;  // by presentation context id

// A-ASSOCIATE-RJ, the numbers as they are on the wire (PS3.8 9.3.4).
struct Reject {
  std::uint8_t result = 1;  // 1 permanent, 2 transient
  std::uint8_t source = 1;
  std::uint8_t reason = 1;
  std::uint16_t code() const { return static_cast<std::uint16_t>(source << 8 | reason); }
};

class Negotiation {
 public:
  // connected hears of the plug before the first byte is read; the descriptor is the plug's business from then on.
  static Result<std::unique_ptr<Negotiation>> receive(Socket socket, std::uint32_t pdu_bytes_max,
                                                      const dicom::Connected& connected);
  ~Negotiation();  // drops the association and closes the connection
  Negotiation(const Negotiation&) = delete;
  Negotiation& operator=(const Negotiation&) = delete;

  std::string calling_ae() const;
  std::string called_ae() const;
  bool application_context_is_dicom() const;
  // It calls itself so: the node of this identity.
  bool is_from(std::string_view identity) const;
  std::uint32_t peer_pdu_bytes_max() const;  // 0: no limit

  void reject(const Reject& reject);
  // Reports of storage commitment are proposed, and nothing else but Verification.
  bool only_reports() const;
  // Takes what dimse_contexts.h says, and acknowledges.
  struct Terms {
    std::span<const std::string> accept{};  // transfer syntaxes; none: every one
    bool reports = false;                   // of storage commitment, and requests for it
    std::string_view identity{};            // under which this node names itself
    bool nothing = false;                   // no context is taken
  };
  Result<Contexts> acknowledge(const Terms& terms);
  // After acknowledge().
  dicom::Wire& wire();

 private:
  struct State;
  explicit Negotiation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sampan::intake
