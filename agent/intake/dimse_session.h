// SPDX-License-Identifier: Apache-2.0
// Session: the messages of one association, from the acknowledged request to its end (PS3.7 9, PS3.8 7).
//
// Answers C-ECHO, C-STORE, requests and reports of storage commitment in order; any other request gets "unrecognized
// operation" and the association goes on. While it is kept open and quiet, what was asked for is reported on it.
// Threads: the connection's own.
// Fails:   broken framing, silence beyond the idle time or a caller that leaves end the session; nothing of a data set
//          that did not arrive whole stays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "core/sink.h"
#include "dicom/pdata.h"
#include "intake/dimse.h"
#include "intake/dimse_negotiation.h"
#include "intake/dimse_promise.h"

namespace sampan::intake {

struct Association {
  Caller caller;
  bool welcome = true;  // with images, and not only with reports
  core::Priority priority = core::Priority::routine;
  Contexts contexts;
  std::uint32_t peer_pdu_bytes_max = 0;
};

class Session {
 public:
  enum class Ending { released, gone, broken, idle, stopped };

  // What a session has to ask the server that runs it.
  class Needs {
   public:
    virtual ~Needs() = default;
    // Before it waits for a request: may it? While it waits, the connection may be closed at any moment.
    virtual bool wait_for_request() = 0;
    // A request is there: time to finish it is due.
    virtual void request_arrived() = 0;
  };

  // Whom it hands over to.
  struct Takers {
    core::Sink& sink;
    DimseIntake::Observer& observer;
    core::Receipts* receipts;  // null: no reports are taken
    core::Promises* promises;  // null: nobody promises to keep anything
  };

  Session(Takers takers, Needs& needs, dicom::Wire& wire, Association association, Millis idle_time_max);

  // Until the association has ended, in whatever way.
  void run();

 private:
  using Step = std::optional<Ending>;  // nothing: go on

  Ending serve();
  Step next_message();
  Step handle(std::uint8_t context_id, const AcceptedContext& context, const dicom::CommandSet& request);
  Step store(std::uint8_t context_id, const AcceptedContext& context, const dicom::CommandSet& request);
  Step report_while_quiet();
  Step take_promise(std::uint8_t context_id, const AcceptedContext& context, const dicom::CommandSet& request);
  Step take_report(std::uint8_t context_id, const AcceptedContext& context, const dicom::CommandSet& request);
  Step read_data_set(std::uint8_t context_id, const std::function<void(ByteView)>& take);
  Step answer(std::uint8_t context_id, const dicom::CommandSet& response);
  void take_leave(Ending ending);

  const Takers takers_;
  Needs& needs_;
  const Association association_;
  const Millis idle_time_max_;
  dicom::Wire& wire_;
  dicom::PdataReader reader_;
  dicom::PdataWriter writer_;
  PromiseDesk desk_;
};

}  // namespace sampan::intake
