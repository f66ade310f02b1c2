// SPDX-License-Identifier: Apache-2.0
// Proof: what follows from what a destination says about an image that it accepted (DESIGN, contract 4).
//
// An image that the destination does not know any more is sent again: at once when it says so itself in a report of
// storage commitment, after missing_answers_max spaced questions when a query merely does not find it, for an archive
// may take its time to index. A report that does not commit and does not say that the image is lost may mean either: a query
// tells. Found there it is not lost, and not proven against the archive's own word. Where no query tells, it is sent again
// resends_max times; an archive that commits to nothing is not fed without end. Whoever does not say is asked again, ever more rarely, without end.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "core/prover.h"

namespace sampan::policy {

struct ProofDecision {
  enum class What { archived, send_again, ask_later };
  What what = What::ask_later;
  Millis wait{};  // before the next question
};

// asked: questions about this item that brought nothing, before this one.
ProofDecision decide(const core::Proof& proof, unsigned asked);

// What is archived and still here is asked about once more: a lead that was restored from an old backup does not know the
// newest of it any more. The newest every recheck_newest_every, and whenever the destination may be another than before;
// all of it in rounds, one begun every recheck_every of running time, or when something of it was found missing.
struct RecheckFacts {
  std::optional<Millis> since_newest;  // were asked about; nothing: never since the start
  bool doubted = false;                // it was away since, or something was missing
  bool missing = false;                // something was missing
  bool round_runs = false;
  std::optional<Millis> since_round;   // running time since the last round began; nothing: there was none
};
enum class Recheck { nothing, newest, begin_round, go_on };
Recheck recheck(const RecheckFacts& facts);

// An image in the hands of the fallback of its destination, when the destination may be asked again.
struct TakenFacts {
  bool destination_proves = false;
  bool fallback_proves = false;
  bool by_node = false;  // the fallback is a node of this program: it may wait for us, as we wait for it
  unsigned asked = 0;    // questions to the fallback that brought nothing
};
// Is it sent to the destination itself as well? Where nobody but that one will ever prove it.
bool takes_back(const TakenFacts& facts);

// A report of storage commitment does not commit to an image.
struct FailureFacts {
  std::uint16_t reason = 0;  // Failure Reason (0008,1197), PS3.3 C.14.1.1; 0: none was given
  unsigned asked = 0;        // questions about this item that brought nothing, before this one
  unsigned resends = 0;
  bool by_node = false;      // a node of this program: it has none behind it yet, and asking again is all there is to do
  bool sought = false;       // it was looked for by a query, and that did not find it or there is none
  bool found = false;        // a query found it there
};
struct FailureDecision {
  enum class What {
    send_again,   // it is lost
    send_anyway,  // again, although nobody says that it is lost
    ask_later,
    seek,  // later, and by a query first
    tell,  // later; a person is told that the destination does not commit to it, however often it is sent
  };
  What what = What::ask_later;
  Millis wait{};  // before the next question
};
FailureDecision decide_failure(const FailureFacts& facts);

}  // namespace sampan::policy
