// SPDX-License-Identifier: Apache-2.0
// Reception: one C-STORE from its command to the status that answers it (PS3.4 B.2, PS3.7 9.1.1).
//
// Whether the data set is wanted is decided from the command; an unwanted one is fed all the same and forgotten as it
// comes, so that the association stays good. The facts are the command's, the association's and the data set's.
// A data set that ended the program again and again when it was looked into is taken unread: fewer facts, and one that says so.
// Threads: one.
// Fails:   never; what goes wrong is the answer. Destroyed before finish(): nothing stays of the data set.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/sink.h"
#include "dicom/command_set.h"
#include "dicom/fact_scanner.h"
#include "intake/dimse.h"
#include "intake/dimse_negotiation.h"

namespace sampan::intake {

struct Answer {
  std::uint16_t status = 0;
  std::string_view comment;  // (0000,0902): at most 64 characters, for the log of the modality
};

// Every answer that a C-STORE can get, success first.
std::span<const Answer> store_answers();

class Reception {
 public:
  Reception(core::Sink& sink, DimseIntake::Observer& observer, const Caller& caller, core::Priority priority,
            const AcceptedContext& context, const dicom::CommandSet& request);

  void feed(ByteView bytes);
  // Commits when all went well so far.
  Answer finish();

 private:
  std::optional<Answer> judge(const dicom::CommandSet& request) const;
  void open(core::Sink& sink, core::Priority priority);
  void give_up(Answer answer);
  void scan(ByteView bytes);
  core::Facts facts();

  DimseIntake::Observer& observer_;
  const Caller& caller_;
  const AcceptedContext& context_;
  const std::string sop_instance_uid_;
  Beacon* const beacon_;
  const Beacon::Content content_;
  const bool unread_;
  dicom::FactScanner scanner_;
  std::unique_ptr<core::Inflow> inflow_;  // null: the data set is not wanted
  Answer answer_;                         // meaningful once inflow_ is null
  std::uint64_t bytes_ = 0;
};

}  // namespace sampan::intake
