// SPDX-License-Identifier: Apache-2.0
// DimseAssociation: one association this node asked for, from A-ASSOCIATE-AC until it is dropped.
//
// DCMTK negotiates; P-DATA, release and abort are ours (dicom/pdata.h). Destruction without release() or abort()
// closes the connection.
// Threads: one; the Plug given to connected may be pulled from any.
// Fails:   see Refused and Error in Requested. After a failed read or write the only sensible calls are abort() and
//          destruction.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <variant>

#include "base/result.h"
#include "core/judge.h"
#include "dicom/pdata.h"
#include "dicom/transport.h"
#include "uplink/dimse.h"
#include "uplink/dimse_contexts.h"

namespace sampan::uplink {

// A-ASSOCIATE-RJ, numbers as on the wire (PS3.8 9.3.4).
struct AssociationRefused {
  int result = 0;
  int source = 0;
  int reason = 0;
  bool oneself = false;  // it was accepted, by this very node; the numbers say nothing
};
core::Retry meaning_of(const AssociationRefused& refused, const core::Judge& judge);

struct AcceptedContext {
  std::uint8_t id = 0;
  int result = 0;  // 0 accepted, otherwise as core::Judge::context_refused
  bool accepted() const { return id != 0; }
};

class DimseAssociation {
 public:
  using Requested = std::variant<std::unique_ptr<DimseAssociation>, AssociationRefused, Error>;
  // Who asks is the user of what it proposes, or the provider that comes to report.
  enum class Role { user, provider };
  static Requested request(const DimseOptions& options, std::span<const ContextKey> proposed,
                           const dicom::Connected& connected, Role role = Role::user);
  ~DimseAssociation();

  // As a receipt names it: AE title and address, marked when it is a node of this program.
  const std::string& peer() const;
  // Null when key was not proposed.
  const AcceptedContext* find(const ContextKey& key) const;
  dicom::PdataReader& reader();
  dicom::PdataWriter& writer();
  // The peer has said nothing unasked: not released, aborted or closed behind our back.
  bool idle();
  std::uint16_t next_message_id();

  // Gives it back; waits briefly for the peer's word.
  void release();
  // Answers a release the peer asked for.
  void heed();
  void abort();

 private:
  struct Negotiated;
  explicit DimseAssociation(std::unique_ptr<Negotiated> negotiated);
  std::unique_ptr<Negotiated> negotiated_;
  std::uint16_t message_id_ = 0;
};

}  // namespace sampan::uplink
