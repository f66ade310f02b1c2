// SPDX-License-Identifier: Apache-2.0
// What the tests ask of a worker that reads content made to hurt: this binary, started as one. sampand has none of these verbs.
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "attempts.h"
#include "dicom/convert.h"
#include "worker/packets.h"
#include "worker/parsing.h"
#include "worker/pulled.h"
#include "worker/serve.h"

using namespace sampan;
using sampan::test::Attempt;

namespace {

Bytes said(bool done) { return {static_cast<std::uint8_t>(done)}; }

// Says what it likes on the one socket it has.
void say(const Bytes& packet) { static_cast<void>(!::write(0, packet.data(), packet.size())); }
Result<Bytes> done_saying(const Bytes& packet) { return say(packet), Bytes{1}; }

// Without processor time, by what is left to it.
void wait_a_while() {
  std::uint32_t nobody = 0;
  const timespec time{0, 50'000'000};
  ::syscall(SYS_futex, &nobody, FUTEX_WAIT, 0, &time, nullptr, 0);
}

// Forwards, backwards, far and near, as a reader may.
Result<Bytes> look_about(core::Payload& payload) {
  std::uint64_t at = 0;
  for (unsigned step = 0; step < 1000; ++step) {
    at = step % 7 == 0 ? step * 1'234'577ull % payload.size() : step % 5 == 0 ? at - std::min<std::uint64_t>(at, 50'000 + step) : at + step * 11;
    Bytes some(step % 11 == 0 ? 200'000 : step % 3 == 0 ? 64u << 10 : step % 100 + 1);
    const auto got = payload.read(at, some);
    if (!got || *got != std::min<std::uint64_t>(some.size(), payload.size() - std::min(at, payload.size()))) return said(false);
    for (std::size_t i = 0; i < *got; ++i)
      if (some[i] != sampan::test::noise_at(at + i)) return said(false);
    at += *got;
  }
  return said(true);
}

// Breaks the protocol, where it is believed.
Result<Bytes> lie(Attempt what, core::Payload& payload) {
  Bytes room(worker::packet_bytes_max);
  const Bytes nothing_more = worker::encode(worker::Reply{worker::CameOut::more, {}});
  switch (what) {
    case Attempt::ask_beyond: return done_saying(worker::encode(worker::Wish{payload.size() - 1, 2}));
    case Attempt::ask_for_nothing: return done_saying(worker::encode(worker::Wish{0, 0}));
    case Attempt::ask_for_ever:
      for (;;) say(worker::encode(worker::Wish{0, payload.size()})), static_cast<void>(worker::receive(0, room));
    case Attempt::ask_slowly:
      for (;;) wait_a_while(), say(worker::encode(worker::Wish{0, 1})), static_cast<void>(worker::receive(0, room));
    case Attempt::answer_too_much: return Bytes(1 << 20);
    case Attempt::answer_in_nothings:
      for (;;) say(nothing_more);
    case Attempt::talk_nonsense: return done_saying({'X', 'Y'});
    default: return fail(Errc::invalid, "\x1b[2J" + std::string(1000, 'w'));
  }
}

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
    case Attempt::read_strange_text: return said(dicom::convert_strictly("x", "EUC-TW").has_value());
    case Attempt::look_about: return look_about(payload);
    default: return lie(static_cast<Attempt>(what.at(0)), payload);
  }
}

}  // namespace

int worker_main();
int worker_main() {
  const auto own = worker::parsing_verbs();
  std::vector<worker::Verb> verbs(own.begin(), own.end());
  verbs.push_back({sampan::test::attempt_verb, attempt});
  return worker::serve(verbs, {32u << 20, 2});
}
