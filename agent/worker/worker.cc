// SPDX-License-Identifier: Apache-2.0
#include "worker/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/log.h"
#include "worker/packets.h"
#include "worker/serve.h"

namespace sampan::worker {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// Of the daemon's environment the worker sees what a test or a sanitizer says to it, and nothing else.
std::vector<char*> small_environment() {
  std::vector<char*> kept;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view text(*one);
    if (text.starts_with("SAMPAN_CRASH_AT=") || text.find("SAN_OPTIONS=") != std::string_view::npos) kept.push_back(*one);
  }
  kept.push_back(nullptr);
  return kept;
}

void set_patience(int socket, std::chrono::milliseconds patience) {
  timeval time{};
  time.tv_sec = static_cast<time_t>(patience.count() / 1000);
  time.tv_usec = static_cast<suseconds_t>(patience.count() % 1000 * 1000);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

int spawn(const std::vector<std::string>& command, int socket) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none), sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int code = ::posix_spawn(&pid, words[0], &actions, &attributes, words.data(), small_environment().data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return code == 0 ? pid : -code;
}

// What its end says about the content it was reading.
Error verdict(int status, bool late) {
  if (late) return fail(Errc::limit, "reading it took too long");
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    if (code == exit_no_memory) return fail(Errc::limit, "reading it needs too much memory");
    if (code == exit_no_sandbox) return fail(Errc::unreachable, "the worker cannot lock itself in");
    return fail(Errc::unreachable, "the worker ended with " + std::to_string(code));
  }
  if (WTERMSIG(status) == SIGXCPU) return fail(Errc::limit, "reading it took too long");
  if (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM) return fail(Errc::unreachable, "the worker was killed");
  return fail(Errc::limit, "it breaks the program that reads it");
}

}  // namespace

struct Worker::Process {
  Process(int p, int s) : pid(p), socket(s) {}
  ~Process() {
    ::close(socket);
    if (!reaped) end();
  }
  Process(const Process&) = delete;
  // Its status, of waitpid(). A process that the filter is killing is given the moment to die of it.
  int end(bool at_once = true) {
    ::shutdown(socket, SHUT_RDWR);
    int status = 0;
    const auto until = Steady::now() + 500ms;
    pid_t done = 0;
    while (!at_once && done == 0 && Steady::now() < until)
      if (done = ::waitpid(pid, &status, WNOHANG); done == 0) ::usleep(1000);
    if (done == 0) {
      ::kill(pid, SIGKILL);
      while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    }
    reaped = true;
    return status;
  }
  const int pid, socket;
  bool reaped = false;
  std::uint64_t bytes = 0;  // read so far
  Steady::time_point used = Steady::now();
};

struct Worker::State {
  explicit State(WorkerOptions o) : options(std::move(o)) {}

  Status start();
  bool send(ByteView packet);
  Result<Bytes> put(std::uint8_t verb, std::string_view argument, core::Payload& payload);
  Status pass(core::Payload& payload, bool& broke);
  Result<Bytes> hear();
  Error bury(bool late);

  const WorkerOptions options;
  std::mutex asking;                 // held by who asks
  std::unique_ptr<Process> process;  // guarded by asking; ended by stop() through pid
  std::mutex pid_mutex;
  int pid = 0;  // of what may be killed by another thread
  bool stopping = false;
};

Worker::Worker(WorkerOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Worker::~Worker() { stop(); }

int Worker::pid() const {
  const std::lock_guard lock(state_->pid_mutex);
  return state_->pid;
}

void Worker::stop() {
  {
    const std::lock_guard lock(state_->pid_mutex);
    state_->stopping = true;
    if (state_->pid > 0) ::kill(state_->pid, SIGKILL);
  }
  const std::lock_guard asking(state_->asking);
  static_cast<void>(state_->bury(false));
}

void Worker::rest(std::chrono::milliseconds idle) {
  const std::unique_lock asking(state_->asking, std::try_to_lock);
  if (asking && state_->process && Steady::now() - state_->process->used >= idle) static_cast<void>(state_->bury(false));
}

Result<Bytes> Worker::ask(std::uint8_t verb, std::string_view argument, core::Payload& payload) {
  const std::lock_guard asking(state_->asking);
  State& s = *state_;
  if (s.process && s.process->bytes + payload.size() > s.options.bytes_max && s.process->bytes > 0) static_cast<void>(s.bury(false));
  const bool idle_before = s.process != nullptr;
  if (Status started = s.start(); !started) return started.error();
  auto answer = s.put(verb, argument, payload);
  // One that somebody ended while it had nothing to do may show it only now.
  if (!answer && answer.error().code == Errc::unreachable && idle_before)
    answer = s.start() ? s.put(verb, argument, payload) : answer;
  if (s.process) s.process->used = Steady::now();
  return answer;
}

Status Worker::State::start() {
  const std::lock_guard lock(pid_mutex);
  if (stopping) return fail(Errc::stopped, "the node is stopping");
  if (process) return {};
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return fail(Errc::unreachable, std::string("worker: socketpair: ") + std::strerror(errno));
  const int started = spawn(options.command, pair[1]);
  ::close(pair[1]);
  if (started < 0) {
    ::close(pair[0]);
    return fail(Errc::unreachable, std::string("worker: ") + std::strerror(-started));
  }
  set_patience(pair[0], options.patience);
  process = std::make_unique<Process>(started, pair[0]);
  pid = started;
  return {};
}

// It is gone, or must go. Why, as far as the content is concerned.
Error Worker::State::bury(bool late) {
  bool wanted = false;
  {
    const std::lock_guard lock(pid_mutex);
    pid = 0;  // from here on nobody else touches a number that may be given to another
    wanted = stopping;
  }
  if (!process) return fail(Errc::unreachable, "there is no worker");
  const int status = process->end(late || wanted);
  process.reset();
  return wanted ? fail(Errc::stopped, "the node is stopping") : verdict(status, late);
}

bool Worker::State::send(ByteView packet) {
  ssize_t sent;
  do sent = ::send(process->socket, packet.data(), packet.size(), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(packet.size());
}

Result<Bytes> Worker::State::put(std::uint8_t verb, std::string_view argument, core::Payload& payload) {
  const Bytes request = encode(Request{verb, payload.size(), argument});
  if (!send(request)) return bury(false);
  bool broke = false;
  if (Status passed = pass(payload, broke); !passed) {
    if (!broke) static_cast<void>(bury(true));  // it waits for bytes that do not come
    return passed.error();
  }
  return hear();
}

Status Worker::State::pass(core::Payload& payload, bool& broke) {
  Bytes packet(packet_bytes_max);
  packet[0] = data_mark;
  for (std::uint64_t at = 0; at < payload.size();) {
    const auto got = payload.read(at, ByteSpan(packet).subspan(1));
    if (!got) return got.error();
    if (*got == 0) return fail(Errc::damaged, "a payload is shorter than it says");
    if (!send(ByteView(packet).first(*got + 1))) {
      const bool late = errno == EAGAIN || errno == EWOULDBLOCK;
      broke = true;
      return bury(late);
    }
    at += *got;
    process->bytes += *got;
  }
  return {};
}

Result<Bytes> Worker::State::hear() {
  Bytes packet(packet_bytes_max);
  ssize_t got;
  do got = ::recv(process->socket, packet.data(), packet.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return bury(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
  const auto reply = decode_reply(ByteView(packet).first(static_cast<std::size_t>(got)));
  if (!reply) {
    static_cast<void>(bury(true));
    return fail(Errc::limit, "it breaks the program that reads it");
  }
  if (reply->what == CameOut::invalid) return fail(Errc::invalid, std::string(as_text(reply->bytes)));
  return Bytes(reply->bytes.begin(), reply->bytes.end());
}

}  // namespace sampan::worker
