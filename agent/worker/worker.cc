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

constexpr const char* broken_words = "it breaks the program that reads it";
constexpr std::size_t words_bytes_max = 200;
// What a verb may ask for: its payload a few times, and what it looks at again.
constexpr std::uint64_t wishes_per_payload = 4, wishes_beyond_bytes = 64u << 20;

// As fast as a process must be to get through all that it may read in the processor time that it may take.
constexpr std::uint64_t bytes_per_ms_least = core::limits::worker_bytes_max / core::limits::worker_processor_seconds_max / 1000;

// Why there is no answer, as far as it can be shown to a person.
std::string words_of(ByteView bytes) {
  std::string words;
  for (const std::uint8_t one : bytes.first(std::min(bytes.size(), words_bytes_max)))
    words.push_back(one >= 0x20 && one < 0x7f ? static_cast<char>(one) : '?');
  return words;
}

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
  return fail(Errc::limit, broken_words);
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
  Result<Bytes> put(std::uint8_t verb, std::string_view argument, core::Payload& payload, std::size_t answer_bytes_max);
  Status grant(const Wish& wish, core::Payload& payload);
  bool overdue(const core::Payload& payload) const;
  Result<ByteView> hear();
  Error bury(bool late);
  Error bury_liar();

  const WorkerOptions options;
  std::mutex asking;                 // held by who asks
  std::unique_ptr<Process> process;  // guarded by asking; ended by stop() through pid
  Bytes packet, stretch;             // guarded by asking
  std::uint64_t wished = 0;          // bytes, for this question; guarded by asking
  Steady::duration waited{};         // for the worker, with this question; guarded by asking
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

Result<Bytes> Worker::ask(std::uint8_t verb, std::string_view argument, core::Payload& payload, std::size_t answer_bytes_max, From from) {
  if (argument.size() > argument_bytes_max) return fail(Errc::invalid, "what is said about it is too long");
  const std::lock_guard asking(state_->asking);
  State& s = *state_;
  const bool has_read = s.process && s.process->bytes > 0;
  if (has_read && (from == From::fresh || s.process->bytes + payload.size() > s.options.bytes_max)) static_cast<void>(s.bury(false));
  const bool idle_before = s.process != nullptr;
  if (Status started = s.start(); !started) return started.error();
  auto answer = s.put(verb, argument, payload, answer_bytes_max);
  // One that somebody ended while it had nothing to do may show it only now.
  if (!answer && answer.error().code == Errc::unreachable && idle_before)
    answer = s.start() ? s.put(verb, argument, payload, answer_bytes_max) : answer;
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

// It said what it must not say: whatever it read has got hold of it.
Error Worker::State::bury_liar() {
  const Error ended = bury(true);
  return ended.code == Errc::stopped ? ended : fail(Errc::limit, broken_words);
}

bool Worker::State::send(ByteView bytes) {
  const auto began = Steady::now();
  ssize_t sent;
  do sent = ::send(process->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  waited += Steady::now() - began;
  return sent == static_cast<ssize_t>(bytes.size());
}

Result<Bytes> Worker::State::put(std::uint8_t verb, std::string_view argument, core::Payload& payload, std::size_t answer_bytes_max) {
  wished = 0, waited = {};
  process->bytes += packet_bytes_max;  // a question costs something, however small its payload
  if (!send(encode(Request{verb, payload.size(), argument}))) return bury(false);
  for (Bytes answer;;) {
    const auto heard = hear();
    if (!heard) return heard.error();
    if (overdue(payload)) return bury(true);
    if (const auto wish = decode_wish(*heard)) {
      if (Status granted = grant(*wish, payload); !granted) return granted.error();
      continue;
    }
    const auto reply = decode_reply(*heard);
    if (reply && reply->what == CameOut::invalid) return fail(Errc::invalid, words_of(reply->bytes));
    if (!reply || answer.size() + reply->bytes.size() > answer_bytes_max || (reply->what == CameOut::more && reply->bytes.empty()))
      return bury_liar();
    answer.insert(answer.end(), reply->bytes.begin(), reply->bytes.end());
    if (reply->what == CameOut::good) return answer;
  }
}

// However often it showed signs of life.
bool Worker::State::overdue(const core::Payload& payload) const {
  return waited > options.patience + std::chrono::milliseconds(std::min(wished, payload.size()) / bytes_per_ms_least);
}

Status Worker::State::grant(const Wish& wish, core::Payload& payload) {
  wished += std::max<std::uint64_t>(wish.bytes, packet_bytes_max);
  if (wish.bytes == 0 || wish.bytes > payload.size() || wish.at > payload.size() - wish.bytes ||
      wished > wishes_per_payload * payload.size() + wishes_beyond_bytes)
    return bury_liar();
  process->bytes += wish.bytes;
  stretch.resize(stretch_bytes);
  for (std::uint64_t done = 0; done < wish.bytes;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(wish.bytes - done, stretch.size()));
    const auto got = payload.read(wish.at + done, ByteSpan(stretch).first(size));
    if (!got || *got != size) {
      static_cast<void>(bury(true));  // it waits for bytes that do not come
      return got ? fail(Errc::damaged, "a payload is shorter than it says") : got.error();
    }
    for (ByteView left = ByteView(stretch).first(size); !left.empty(); left = left.subspan(std::min(left.size(), packet_bytes_max))) {
      if (!send(left.first(std::min(left.size(), packet_bytes_max)))) return bury(errno == EAGAIN || errno == EWOULDBLOCK);
      if (overdue(payload)) return bury(true);
    }
    done += size;
  }
  return {};
}

Result<ByteView> Worker::State::hear() {
  packet.resize(packet_bytes_max);
  const auto began = Steady::now();
  ssize_t got;
  do got = ::recv(process->socket, packet.data(), packet.size(), 0);
  while (got < 0 && errno == EINTR);
  const bool late = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  waited += Steady::now() - began;
  if (got <= 0) return bury(late);
  return ByteView(packet).first(static_cast<std::size_t>(got));
}

}  // namespace sampan::worker
