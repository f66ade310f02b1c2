// SPDX-License-Identifier: Apache-2.0
// Promises: the door through which a modality asks whether its images are kept, and is told (storage commitment, PS3.4 annex J).
//
// What is asked is durable before it is answered, and asked once more it is no second request. A report is told by whoever
// took it, on the association that asked or on one of our own, until the modality answered it.
// Threads: any.
// Fails:   asked(): more than is taken -> Errc::limit; a transaction that asks for something else already ->
//          Errc::refused; not written in time -> Errc::timeout; nor before the node stops -> stopped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sampan::core {

struct InstanceReference {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  friend bool operator==(const InstanceReference&, const InstanceReference&) = default;
};

struct PromiseRequest {
  std::string transaction_uid;
  std::string calling_ae;  // of the modality
  std::string called_ae;   // as it called us
  std::string peer_address;
  std::vector<InstanceReference> instances;
};

// What N-EVENT-REPORT says; each instance that was asked for is on one of the lists.
struct PromiseReport {
  struct Refused {
    InstanceReference instance;
    std::uint16_t reason = 0;  // Failure Reason (0008,1197), PS3.3 C.14.1.1
  };
  std::string transaction_uid;
  std::vector<InstanceReference> kept;
  std::vector<Refused> refused;
};

class Promises {
 public:
  virtual ~Promises() = default;
  virtual Status asked(const PromiseRequest& request) = 0;
  // Nothing: it cannot be made yet, somebody else is telling it, or it was told.
  virtual std::optional<PromiseReport> take(const std::string& transaction_uid) = 0;
  // By who took it: the modality answered with success, or did not.
  virtual void told(const std::string& transaction_uid, bool answered) = 0;
};

}  // namespace sampan::core
