// SPDX-License-Identifier: Apache-2.0
// Connection: one caller, from the accepted socket to its end: who knocks, negotiation, admission, messages.
//
// Threads: run() on the connection's own; end_if_idle() and end_now() from any.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/sink.h"
#include "dicom/transport.h"
#include "intake/dimse.h"
#include "intake/dimse_admission.h"
#include "intake/dimse_negotiation.h"
#include "intake/dimse_seats.h"
#include "intake/dimse_session.h"
#include "intake/dimse_socket.h"

namespace sampan::intake {

// What all connections of one intake share; outlives them.
class House {
 public:
  House(core::Sink& its_sink, Clock& its_clock, DimseIntake::Observer& its_observer, core::Receipts* its_receipts,
        core::Promises* its_promises, DimseIntakeOptions options);

  core::Sink& sink;
  Clock& clock;
  DimseIntake::Observer& observer;
  core::Receipts* const receipts;  // null: no reports are taken
  core::Promises* const promises;  // null: nobody promises to keep anything
  bool speaks_of_commitment() const { return receipts != nullptr || promises != nullptr; }
  Seats associations;
  Refusals refusals{};
  std::atomic<bool> stopping{false};

  // Those of now. A connection keeps the ones it began with.
  std::shared_ptr<const DimseIntakeOptions> options() const;
  void set_options(DimseIntakeOptions options);
  // Remembers, tells the observer, and logs a cause once.
  void refuse(const Caller& caller, std::uint16_t code, std::string_view words);

 private:
  mutable std::mutex mutex_;  // of options_
  std::shared_ptr<const DimseIntakeOptions> options_;
};

class Connection final : private Session::Needs {
 public:
  Connection(House& house, Visitor visitor);

  void run();
  // Instead of run(): said no at once, without hearing the caller out.
  void turn_away();
  // The caller is in the middle of no request: closed under it.
  void end_if_idle();
  void end_now();

 private:
  void converse();
  void serve(Negotiation& negotiation, Caller caller);
  std::optional<Verdict> judge(const Negotiation& negotiation, const Caller& caller, Seating seating) const;
  void set_plug(std::shared_ptr<dicom::Plug> plug);
  bool wait_for_request() override;
  void request_arrived() override { busy_ = true; }

  House& house_;
  const std::shared_ptr<const DimseIntakeOptions> options_;
  Socket socket_;
  const std::string address_;
  std::atomic<bool> busy_{false};
  std::mutex mutex_;  // of plug_
  std::shared_ptr<dicom::Plug> plug_;
};

}  // namespace sampan::intake
