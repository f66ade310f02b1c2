// SPDX-License-Identifier: Apache-2.0
// DimseIntake: takes DICOM images from modalities over the network: C-ECHO and C-STORE service class provider; storage
// commitment as provider for the modality (PS3.4 J.3.2), and what a next hop reports of it: N-EVENT-REPORT as its user
// (J.3.3). Both also while no image is admitted.
//
// A C-STORE is answered with success only after the sink's commit() said so (DESIGN, contract 1). When the sink admits
// no image the data set is discarded as it arrives and 0xA700 answered, and new associations are rejected as transient
// (contract 2). Data sets pass byte for byte, whatever their transfer syntax and fragment lengths.
// Threads: an acceptor, and one thread per connection, at most associations_max and a few that only refuse. The
//          public methods may be called from any thread; the observer is called on the connections' threads.
// Fails:   start(), prepare() -> Errc::io naming the address when it cannot be bound. A connection that breaks the protocol or
//          stays silent is dropped and, when it never became an association, remembered in refusals().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/beacon.h"
#include "base/clock.h"
#include "base/result.h"
#include "core/facts.h"
#include "core/item.h"
#include "core/limits.h"
#include "core/promises.h"
#include "core/receipts.h"
#include "core/sink.h"
#include "intake/refusals.h"

namespace sampan::intake {

// A sender that is let in. An empty part matches anything.
struct AllowedCaller {
  std::string ae_title;
  std::string address;  // numeric IPv4 or IPv6
};

struct DimseIntakeOptions {
  bool listen = true;               // false: nobody is let in
  std::string address = "0.0.0.0";  // numeric, to listen on; "::" is every address, IPv4 too
  std::uint16_t port = 11112;       // 0: any free port
  std::map<std::string, core::Priority> called_titles;  // answered to, with the priority of what comes; empty: any
  std::vector<AllowedCaller> callers;                   // empty: anyone is let in
  std::vector<std::string> accept;                      // transfer syntax UIDs; empty: every one
  std::uint32_t pdu_bytes_max = core::limits::pdu_bytes_max;
  std::string identity = {};  // of this node (dicom/implementation.h); empty: it does not see when it calls itself
  unsigned associations_max = core::limits::associations_max;  // lowered to what RLIMIT_NOFILE allows
  unsigned associations_per_host_max = core::limits::associations_per_host_max;
  Millis idle_time_max = core::limits::association_idle_max;
  Millis negotiation_time_max = core::limits::negotiation_time_max;
};

struct Caller {
  std::string peer_address;
  std::string calling_ae;
  std::string called_ae;
};

class DimseIntake {
 public:
  // What others may want to hear of. Calls must be short: a modality waits.
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void associated(const Caller&) {}
    virtual void refused(const Refusal&) {}
    virtual void received(const core::Facts&, std::uint64_t /*bytes*/, bool /*repeated*/) {}
    // Where it is marked what is being read just now; null: nowhere.
    virtual Beacon* beacon() { return nullptr; }
  };

  // receipts: told of reports of storage commitment; null: none are taken. promises: asked for storage commitment; null:
  // nobody gives one.
  DimseIntake(core::Sink& sink, Clock& clock, DimseIntakeOptions options, Observer& observer, core::Receipts* receipts = nullptr,
              core::Promises* promises = nullptr);
  ~DimseIntake();  // stops without grace

  Status start();
  // Other options for whoever comes from now on; associations that run keep what they began with, also when nobody
  // else is let in any more. Another address or port is opened by prepare(), which changes nothing yet; change() takes
  // what it gave and cannot fail. Both from one thread, after start().
  class Change;
  Result<std::shared_ptr<Change>> prepare(DimseIntakeOptions options);
  void change(std::shared_ptr<Change> prepared);
  // No new connection; idle associations end at once, a running C-STORE may finish within grace. Returns when every
  // thread has ended. For good.
  void stop(Millis grace);

  bool listens() const;
  std::uint16_t port() const;           // after start(); 0 when it does not listen
  unsigned associations_now() const;
  unsigned associations_max() const;    // as lowered
  const Refusals& refusals() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace sampan::intake
