// SPDX-License-Identifier: Apache-2.0
// Judge: what the answer of a next hop means. Couriers ask it; the one table behind it lives in policy/.
//
// Every method is total: a code that nobody knows has an answer too.
// Threads: any; implementations are immutable.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/outcome.h"

namespace sampan::core {

class Judge {
 public:
  virtual ~Judge() = default;

  // The status of a C-STORE response (PS3.4 B.2.3, PS3.7 C). A success or a warning that stored the instance
  // becomes Delivered{if_delivered}.
  virtual Outcome dimse_status(std::uint16_t status, const Receipt& if_delivered) const = 0;

  // A-ASSOCIATE-RJ: the three numbers as they are on the wire (PS3.8 9.3.4).
  // result: 1 permanent, 2 transient; source: 1 service user, 2 provider (ACSE), 3 provider (presentation).
  virtual Retry association_reject(int result, int source, int reason) const = 0;

  // The association stands, but not for this class. result as on the wire (PS3.8 9.3.3.2): 1 user rejection,
  // 2 no reason, 3 abstract syntax not supported, 4 transfer syntaxes not supported; 0 with no answer at all.
  virtual Retry context_refused(std::string_view sop_class, std::string_view transfer_syntax, int result) const = 0;

  // No connection, or it was cut. what: plain words without patient data, e.g. "connection refused".
  virtual Retry no_connection(std::string_view what, bool timeout) const = 0;

  // An HTTP status (RFC 9110) that came without a word about this instance; success is never read from it alone.
  virtual Outcome http_status(int status, const Receipt& if_delivered) const = 0;

  // The Failure Reason (0008,1197) of an instance in a Failed SOP Sequence (PS3.18 I.2.2).
  virtual Outcome stow_failure(std::uint16_t failure_reason, const Receipt& if_delivered) const = 0;

  // TLS was refused: the peer's certificate is not good, or ours is not good enough for the peer.
  virtual Retry certificate_refused(std::string_view what) const = 0;

  // The answer is none the peer would give: a captive portal or a proxy spoke in its place.
  virtual Retry stranger_answered(std::string_view what) const = 0;
};

}  // namespace sampan::core
