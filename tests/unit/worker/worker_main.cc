// SPDX-License-Identifier: Apache-2.0
// What the tests ask of a worker that reads content made to hurt: this binary, started as one. sampand has none of these verbs.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "attempts.h"
#include "worker/parsing.h"
#include "worker/serve.h"

using namespace sampan;
using sampan::test::Attempt;

namespace {

Bytes said(bool done) { return {static_cast<std::uint8_t>(done)}; }

// Answers only when what it tried was neither stopped nor refused in a way that ends it.
Result<Bytes> attempt(std::string_view what, core::Payload& payload) {
  volatile int* nowhere = nullptr;
  switch (static_cast<Attempt>(what.at(0))) {
    case Attempt::echo: {
      Bytes all(static_cast<std::size_t>(payload.size()));
      const auto got = payload.read(0, all);
      return got ? Result<Bytes>(Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(*got, 1000)))) : got.error();
    }
    case Attempt::refuse: return fail(Errc::invalid, "this is no image");
    case Attempt::open_file: return said(::open("/etc/passwd", O_RDONLY) >= 0);
    case Attempt::open_socket: return said(::socket(AF_INET, SOCK_STREAM, 0) >= 0);
    case Attempt::start_process: return said(::fork() >= 0);
    case Attempt::kill_daemon: return said(::syscall(SYS_kill, ::getppid(), SIGKILL) == 0);
    case Attempt::trace_daemon: return said(::syscall(SYS_ptrace, 16, ::getppid(), 0, 0) == 0);
    case Attempt::make_code:
      return said(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    case Attempt::allocate: {
      Bytes much(1u << 30, 1);
      return said(much[much.size() / 2] == 1);
    }
    case Attempt::spin:
      for (volatile bool go_on = true; go_on;) {}
      return said(true);
    case Attempt::crash:
      *nowhere = 1;
      return said(true);
    case Attempt::abort: std::abort();
    case Attempt::leave: ::_exit(7);
    case Attempt::use_descriptors: {
      for (int one = 1; one < 64; ++one)
        if (::write(one, "x", 1) == 1 || errno != EBADF) return said(true);
      return said(false);
    }
  }
  return fail(Errc::invalid, "");
}

}  // namespace

int worker_main();
int worker_main() {
  const std::array verbs{worker::Verb{sampan::test::attempt_verb, attempt}, worker::parsing_verbs()[0]};
  return worker::serve(verbs, {32u << 20, 2});
}
