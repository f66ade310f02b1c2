// SPDX-License-Identifier: Apache-2.0
// Serve: the worker's own side. Enters the sandbox, then answers requests on descriptor 0 until the daemon hangs up.
//
// Threads: none but this one.
// Fails:   what a verb cannot understand is an answer. Everything else ends the process, with its exit code or by a signal,
//          and the daemon draws its conclusions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/courier.h"
#include "worker/sandbox.h"

namespace sampan::worker {

struct Verb {
  std::uint8_t number = 0;
  // The answer. Of the payload it reads what it wants, in any order; on and on is fastest (pulled.h).
  std::function<Result<Bytes>(std::string_view argument, core::Payload& payload)> run;
  // Reads what it wants of the disk, while it still may.
  std::function<void()> prepare{};
};

inline constexpr int exit_hung_up = 0, exit_no_sandbox = 71, exit_no_memory = 72, exit_protocol = 73;

// How the process is to end.
int serve(std::span<const Verb> verbs, const Bounds& bounds);

}  // namespace sampan::worker
