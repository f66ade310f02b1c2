// SPDX-License-Identifier: Apache-2.0
// Promise: what a modality is told of one image when it asks whether it is kept (PS3.4 annex J).
//
// Only what is in custody here is promised, or what went from here by the proof that contract 4 demands and was proven
// lately: who had it may have lost it since, and the modality must not believe us and delete the last copy. With `archived` it is
// promised once it is proven safe at every required destination, and refused when that takes too long: the modality then
// keeps its copy. To a node of this program nothing is promised but what rests on an archive (core/nodes.h); what went from here
// and nobody knows how is said not to be here, so that it comes again. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace sampan::policy {

// rests: asked by a node of this program, that lets its copy go by our word. It gets it at once or not at all, and asks again.
enum class PromiseOn { accepted, archived, rests };

struct PromiseFacts {
  enum class Where {
    nowhere,
    here,
    let_go,     // reclaimed; then only lately counts as proven
    damaged,    // what is stored does not verify
    differing,  // two images of this SOP Instance UID, with different content
  };
  Where where = Where::nowhere;
  bool storage_class = true;     // the SOP class named is one that can be stored
  bool class_agrees = true;      // with that of the image, where that is known
  // Here: by every required destination. Let go: it went by the word of an archive, or of a node that had one.
  bool proven = false;
};

// Failure Reason (0008,1197), PS3.3 C.14.1.1.
namespace promise_failure {
inline constexpr std::uint16_t processing = 0x0110;
inline constexpr std::uint16_t no_such_instance = 0x0112;
inline constexpr std::uint16_t class_conflict = 0x0119;
inline constexpr std::uint16_t class_not_supported = 0x0122;
}  // namespace promise_failure

struct PromiseDecision {
  enum class What { kept, refused, wait };
  What what = What::wait;
  std::uint16_t reason = 0;
  friend bool operator==(const PromiseDecision&, const PromiseDecision&) = default;
};

// asked_for: running time since it was asked, so that a clock that is set refuses nothing.
PromiseDecision decide(const PromiseFacts& facts, PromiseOn on, Millis asked_for);

// Before a report that was not answered is told again; nothing: it is given up.
std::optional<Millis> tell_again_in(unsigned attempts, Millis asked_for);

}  // namespace sampan::policy
