// SPDX-License-Identifier: Apache-2.0
// Receipts: the door through which a next hop says later what it keeps (DESIGN, contract 4).
//
// A report is believed only when it names a transaction this node began; what it says is kept like a receipt.
// Threads: any.
// Fails:   a transaction nobody knows -> Errc::not_found; nothing is changed then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sampan::core {

// N-EVENT-REPORT of the Storage Commitment Push Model (PS3.4 J.3.3), or the answer of a DICOMweb commitment request.
struct CommitmentReport {
  struct Failed {
    std::string sop_instance_uid;
    std::uint16_t reason = 0;  // Failure Reason (0008,1197), PS3.3 C.14.1.1; 0 when none was given
  };
  std::string transaction_uid;
  std::vector<std::string> committed;  // SOP Instance UIDs
  std::vector<Failed> failed;
};

class Receipts {
 public:
  virtual ~Receipts() = default;
  virtual Status commitment_reported(const CommitmentReport& report) = 0;
};

}  // namespace sampan::core
