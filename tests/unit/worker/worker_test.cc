// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "attempts.h"
#include "base/sanitized.h"
#include "support/memory_payload.h"
#include "support/part10.h"
#include "support/process.h"
#include "worker/packets.h"
#include "worker/parsing.h"
#include "worker/worker.h"

using namespace sampan;
using namespace sampan::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("worker" * doctest::description("contract 8"));

namespace {

struct WorkerFixture {
  worker::WorkerOptions options;
  std::unique_ptr<worker::Worker> process = std::make_unique<worker::Worker>();
  void with_patience(std::chrono::milliseconds patience) {
    options.patience = patience;
    process = std::make_unique<worker::Worker>(options);
  }
  Result<Bytes> attempt(Attempt what, Bytes content = Bytes(100, 7)) {
    MemoryPayload payload(std::move(content));
    const char word = static_cast<char>(what);
    return process->ask(attempt_verb, {&word, 1}, payload, 1000);
  }
  void check_it_works() {
    const auto echoed = attempt(Attempt::echo, {1, 2, 3});
    REQUIRE(echoed.ok());
    CHECK(*echoed == Bytes{1, 2, 3});
  }
};

std::string outcome(const Result<Bytes>& result) {
  return result ? "answered " + std::to_string(result->at(0)) : std::to_string(static_cast<int>(result.error().code)) + " " + result.error().message;
}
// What stands behind the word that a line of /proc/<pid>/<file> begins with, up to two words; empty: there is no such line.
std::string told(int pid, const std::string& file, const std::string& word) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(word)) continue;
    std::istringstream rest(line.substr(word.size()));
    std::string first, second;
    rest >> first >> second;
    return second.empty() ? first : first + " " + second;
  }
  return {};
}

// Whom /proc says the process belongs to: root, whoever it runs as, once it is not to be dumped.
struct stat owner_of(int pid) {
  struct stat said {};
  CHECK(::stat(("/proc/" + std::to_string(pid) + "/limits").c_str(), &said) == 0);
  return said;
}

const std::string broke = std::to_string(static_cast<int>(Errc::limit)) + " it breaks the program that reads it";

}  // namespace

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_is_started_when_it_is_first_asked_and_ended_when_it_was_idle") {
  CHECK(process->pid() == 0);
  check_it_works();
  const int pid = process->pid();
  REQUIRE(pid > 0);
  check_it_works();
  CHECK(process->pid() == pid);
  process->rest(1h);
  CHECK(process->pid() == pid);
  process->rest(0ms);
  CHECK(process->pid() == 0);
  CHECK(::kill(pid, 0) != 0);
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "a_payload_larger_than_what_a_worker_may_hold_streams_through_it") {
  const std::size_t bytes = SAMPAN_SANITIZED != 0 ? 8u << 20 : 40u << 20;  // there is no processor time for more
  MemoryPayload payload(Bytes(bytes, 0));
  CHECK(worker::canonical_digest(*process, explicit_le, payload).ok());
  MemoryPayload cut(Bytes(bytes - 1, 0));
  CHECK(worker::canonical_digest(*process, explicit_le, cut).error().code == Errc::invalid);
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "whether_two_contents_are_the_same_is_said_by_processes_that_read_nothing_else" * doctest::description("contract 6, 8")) {
  check_it_works();
  int last = process->pid();
  for (int i = 0; i < 2; ++i) {
    MemoryPayload payload(Bytes(100, 0));
    CHECK(worker::canonical_digest(*process, explicit_le, payload).ok() == false);
    CHECK(process->pid() != last);
    last = process->pid();
  }
  check_it_works();
  CHECK(process->pid() == last);
}

TEST_CASE_FIXTURE(WorkerFixture, "what_is_not_understood_is_said_and_the_same_worker_goes_on") {
  CHECK(outcome(attempt(Attempt::refuse)) == std::to_string(static_cast<int>(Errc::invalid)) + " this is no image");
  const int pid = process->pid();
  check_it_works();
  CHECK(process->pid() == pid);
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_reaches_for_the_world_is_stopped_and_the_next_one_works") {
  for (const Attempt what : {Attempt::open_file, Attempt::open_socket, Attempt::start_process, Attempt::kill_daemon, Attempt::trace_daemon,
                             Attempt::make_code}) {
    CAPTURE(static_cast<char>(what));
    CHECK(outcome(attempt(what)) == broke);
    check_it_works();
  }
}

TEST_CASE_FIXTURE(WorkerFixture, "an_idle_worker_has_every_limit_that_it_was_given" * doctest::description("contract 8, 10")) {
  check_it_works();
  const int pid = process->pid();
  if (told(pid, "limits", "Max cpu time").empty()) {
    MESSAGE("skipped: this system shows the limits of a process to nobody");
    return;
  }
  CHECK(told(pid, "limits", "Max cpu time") == "2 3");  // the second more ends one that lives through its signal
  CHECK(told(pid, "limits", "Max file size") == "0 0");
  CHECK(told(pid, "limits", "Max core file size") == "0 0");
  CHECK(told(pid, "limits", "Max open files") == (SAMPAN_SANITIZED != 0 ? "16 16" : "0 0"));
  CHECK(told(pid, "status", "NoNewPrivs:") == "1");
  CHECK(told(pid, "status", "Seccomp:") == "2");  // a filter
  if (SAMPAN_SANITIZED != 0) return;              // under a sanitizer memory has no limit
  const auto mapped_most_kib = std::stoull("0" + told(pid, "status", "VmPeak:"));
  const auto memory = std::stoull("0" + told(pid, "limits", "Max address space"));  // "unlimited" is 0 here
  CHECK(memory > 32u << 20);
  CHECK(memory <= (mapped_most_kib << 10) + (32u << 20));
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_is_not_to_be_dumped_or_looked_into" * doctest::description("contract 8, 11")) {
  if (::getuid() != 0) {
    check_it_works();
    CHECK(owner_of(process->pid()).st_uid == 0);
    return;
  }
  constexpr gid_t others = 65534;  // everything of root belongs to root, but not to the group of somebody else
  const gid_t own = ::getegid();
  REQUIRE(::setresgid(others, others, own) == 0);
  check_it_works();
  REQUIRE(::setresgid(own, own, own) == 0);
  CHECK(told(process->pid(), "status", "Gid:").starts_with("65534"));
  CHECK(owner_of(process->pid()).st_gid == 0);
}

TEST_CASE_FIXTURE(WorkerFixture, "text_in_an_encoding_that_was_not_there_when_a_worker_began_is_not_looked_for") {
  CHECK(outcome(attempt(Attempt::read_strange_text)) == "answered 0");
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_has_no_descriptor_but_its_socket") { CHECK(outcome(attempt(Attempt::use_descriptors)) == "answered 0"); }

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_crashes_is_told_from_one_that_was_killed") {
  CHECK(outcome(attempt(Attempt::crash)) == broke);
  CHECK(outcome(attempt(Attempt::abort)) == broke);
  CHECK(attempt(Attempt::leave).error().code == Errc::unreachable);
  check_it_works();
  process->rest(0ms);
  std::thread killer([this] {
    CHECK(wait_until([this] { return process->pid() > 0; }));
    ::kill(process->pid(), SIGKILL);
  });
  const auto spun = attempt(Attempt::spin);
  killer.join();
  CHECK(spun.error().code == Errc::unreachable);
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_wants_a_gigabyte_is_stopped" * doctest::description("contract 10")) {
  if (SAMPAN_SANITIZED != 0) {
    MESSAGE("skipped: under a sanitizer memory has no limit");
    return;
  }
  CHECK(outcome(attempt(Attempt::allocate)) == std::to_string(static_cast<int>(Errc::limit)) + " reading it needs too much memory");
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_spins_for_ever_is_stopped" * doctest::description("contract 10")) {
  SUBCASE("by the daemon, which waits no longer") { with_patience(1s); }
  SUBCASE("by its own limit of processor time, long before") { with_patience(60s); }
  const auto began = std::chrono::steady_clock::now();
  CHECK(outcome(attempt(Attempt::spin)) == std::to_string(static_cast<int>(Errc::limit)) + " reading it took too long");
  CHECK(std::chrono::steady_clock::now() - began < 50s);  // of a busy machine, for two seconds of a processor
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_somebody_killed_while_it_was_idle_says_nothing_about_the_next_content") {
  check_it_works();
  const int pid = process->pid();
  ::kill(pid, SIGKILL);
  check_it_works();
  CHECK(process->pid() != pid);
}

TEST_CASE_FIXTURE(WorkerFixture, "a_copy_that_does_not_verify_is_no_fault_of_the_worker") {
  MemoryPayload payload(Bytes(200'000, 1));
  payload.damaged_from = 100'000;
  CHECK(process->ask(attempt_verb, "a", payload, 1000).error().code == Errc::damaged);
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_is_replaced_before_its_processor_time_runs_out") {
  options.bytes_max = 4 * worker::packet_bytes_max;  // a question costs a packet, and what it reads
  process = std::make_unique<worker::Worker>(options);
  check_it_works();
  const int first = process->pid();
  CHECK(attempt(Attempt::echo).ok());
  CHECK(process->pid() == first);
  CHECK(attempt(Attempt::echo, Bytes(3 * worker::packet_bytes_max, 1)).ok());
  CHECK(process->pid() != first);
}

TEST_CASE_FIXTURE(WorkerFixture, "stopping_ends_what_runs_and_nothing_is_started_after_it") {
  std::atomic<bool> asked{false};
  std::thread asker([&] {
    asked = true;
    CHECK(attempt(Attempt::spin).error().code == Errc::stopped);
  });
  REQUIRE(wait_until([this] { return process->pid() > 0; }));
  process->stop();
  asker.join();
  CHECK(process->pid() == 0);
  CHECK(attempt(Attempt::echo).error().code == Errc::stopped);
}

TEST_CASE_FIXTURE(WorkerFixture, "where_no_worker_can_be_had_it_is_said") {
  options.command = {"/nonexistent/sampand", "--worker"};
  process = std::make_unique<worker::Worker>(options);
  CHECK(attempt(Attempt::echo).error().code == Errc::unreachable);
}

TEST_CASE_FIXTURE(WorkerFixture, "a_payload_is_read_in_any_order_and_reads_the_same") {
  Bytes noise(5'000'001);
  for (std::size_t at = 0; at < noise.size(); ++at) noise[at] = noise_at(at);
  CHECK(outcome(attempt(Attempt::look_about, noise)) == "answered 1");
  CHECK(outcome(attempt(Attempt::look_about, Bytes(noise.begin(), noise.begin() + 100))) == "answered 1");
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_asks_or_answers_what_it_must_not_is_stopped_and_the_next_one_works" * doctest::description("contract 10")) {
  for (const Attempt what : {Attempt::ask_beyond, Attempt::ask_for_nothing, Attempt::ask_for_ever, Attempt::answer_too_much,
                             Attempt::answer_in_nothings, Attempt::talk_nonsense}) {
    CAPTURE(static_cast<char>(what));
    CHECK(outcome(attempt(what)) == broke);
    check_it_works();
  }
}

TEST_CASE_FIXTURE(WorkerFixture, "a_worker_that_shows_signs_of_life_and_no_answer_is_stopped_all_the_same") {
  with_patience(300ms);
  const auto began = std::chrono::steady_clock::now();
  CHECK(outcome(attempt(Attempt::ask_slowly)) == std::to_string(static_cast<int>(Errc::limit)) + " reading it took too long");
  CHECK(std::chrono::steady_clock::now() - began < 10s);
  check_it_works();
}

TEST_CASE_FIXTURE(WorkerFixture, "what_a_worker_says_in_words_is_short_and_drives_no_terminal") {
  const auto said = attempt(Attempt::refuse_at_length);
  CHECK(said.error().code == Errc::invalid);
  CHECK(said.error().message == "?[2J" + std::string(196, 'w'));
}

TEST_CASE("packets_that_are_none_are_not_taken") {
  CHECK_FALSE(worker::decode_request({}).has_value());
  CHECK_FALSE(worker::decode_request(Bytes(5, 'Q')).has_value());
  CHECK_FALSE(worker::decode_request(Bytes(50, 'D')).has_value());
  CHECK_FALSE(worker::decode_wish(Bytes(16, 'R')).has_value());
  CHECK_FALSE(worker::decode_wish(Bytes(18, 'R')).has_value());
  CHECK(worker::decode_wish(worker::encode(worker::Wish{7, 9}))->bytes == 9);
  CHECK_FALSE(worker::decode_reply(Bytes{'A'}).has_value());
  CHECK_FALSE(worker::decode_reply(Bytes{'A', 3}).has_value());
  CHECK(worker::decode_reply(Bytes{'A', 1, 'x'})->what == worker::CameOut::invalid);
}
