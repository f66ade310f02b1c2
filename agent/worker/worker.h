// SPDX-License-Identifier: Apache-2.0
// Worker: the daemon's hand on the sandboxed process that reads foreign content in its place (DESIGN, contract 8).
//
// The process is this program, started anew, so that it inherits neither keys nor images from the daemon's memory: a fork
// alone would. It has one socket and nothing else (sandbox.h). It is started when it is first needed, ended when it was idle
// for a while, and replaced when it died, took too long, has read so much that its processor time may run out, or a fresh one is asked for.
// It is not believed: what it asks for, answers and says in words is bounded, and so is the time that it takes, whatever it does.
// Threads: any; one question at a time, the others wait. stop() may come from any thread.
// Fails:   Errc::invalid: the content is not understood, in words. Errc::limit: the content ended the worker, in words.
//          Errc::unreachable: there is no worker to be had, or somebody else ended it. Errc::stopped after stop(). What reading
//          the payload said stays as it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/courier.h"
#include "core/limits.h"

namespace sampan::worker {

struct WorkerOptions {
  std::vector<std::string> command{"/proc/self/exe", "--worker"};
  // For the next sign of life; and for an answer, beyond the time that is given for what was read.
  std::chrono::milliseconds patience = core::limits::worker_patience;
  std::uint64_t bytes_max = core::limits::worker_bytes_max;  // read by one process
};

class Worker {
 public:
  explicit Worker(WorkerOptions options = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // fresh: a process that has read nothing yet, so that no other content, which may have got hold of it, answers for this one.
  enum class From { any, fresh };
  // A longer answer than that is none (Errc::limit). The payload is read where the worker asks for it.
  Result<Bytes> ask(std::uint8_t verb, std::string_view argument, core::Payload& payload, std::size_t answer_bytes_max, From from = From::any);
  // Ends a process that nobody asked anything for so long.
  void rest(std::chrono::milliseconds idle);
  // Ends what runs; nothing is started any more.
  void stop();

  int pid() const;  // 0: there is none just now

 private:
  struct Process;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sampan::worker
