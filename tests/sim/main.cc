// SPDX-License-Identifier: Apache-2.0
// sim: many simulated histories, each from one seed; or one of them with everything that happened in it.
//
//   sim [--seeds N] [--first S] [--jobs N]     1 when a promise was broken, with the seeds that show it
//   sim --seed S                               replays one, and prints what happens; SAMPAN_SIM_LOG=1: and what was logged
#include <openssl/rand.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "sim/history.h"
#include "sim/sqlite_disk.h"

namespace {

using namespace sampan;

sim::Dice* key_dice = nullptr;

// Keys and nonces come from the seed too, so that what is written is the same, byte for byte.
int seeded_bytes(unsigned char* into, int bytes) {
  for (int i = 0; i < bytes; ++i) into[i] = static_cast<unsigned char>(key_dice->next());
  return 1;
}
void seed_keys(sim::Dice& dice) {
  key_dice = &dice;
  static const RAND_METHOD method{nullptr, seeded_bytes, nullptr, nullptr, seeded_bytes, [] { return 1; }};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  RAND_set_rand_method(&method);
#pragma GCC diagnostic pop
}

bool play(std::uint64_t seed, bool traces) {
  sim::Dice dice(seed ^ 0xabcdef);
  seed_keys(dice);
  sim::History history(seed, traces);
  history.play();
  for (const auto& complaint : history.world().complaints) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), complaint.c_str());
  if (traces) std::printf("%s; digest %016llx\n", history.summary().c_str(), static_cast<unsigned long long>(history.world().digest()));
  std::fflush(stdout);
  return history.world().complaints.empty();
}

struct Tally {
  std::uint64_t seeds = 0, broken = 0;
};

// A process for each, so that one that ends itself is one that failed.
Tally play_all(std::uint64_t first, std::uint64_t seeds, unsigned jobs) {
  std::map<pid_t, std::uint64_t> running;
  Tally tally;
  const auto reap = [&] {
    int status = 0;
    const pid_t ended = ::wait(&status);
    const std::uint64_t seed = running[ended];
    running.erase(ended);
    ++tally.seeds;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    ++tally.broken;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
      std::printf("seed %llu: the process ended by itself (status %d)\n", static_cast<unsigned long long>(seed), status);
    std::printf("replay with: sim --seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
  };
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    while (running.size() >= jobs) reap();
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit cpu{60, 60};  // s; a history takes less than one
      ::setrlimit(RLIMIT_CPU, &cpu);
      std::_Exit(play(seed, false) ? 0 : 1);
    }
    running[child] = seed;
  }
  while (!running.empty()) reap();
  return tally;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string_view, std::uint64_t> options{{"--seeds", 500}, {"--first", 1}, {"--jobs", 2}, {"--seed", 0}};
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc || !options.contains(argv[i])) return std::fprintf(stderr, "usage: sim [--seeds N] [--first S] [--jobs N] | --seed S\n"), 64;
    options[argv[i]] = std::strtoull(argv[i + 1], nullptr, 10);
  }
  if (std::getenv("SAMPAN_SIM_LOG") == nullptr && std::freopen("/dev/null", "w", stderr) == nullptr) return 2;
  sim::install_sqlite_disk();
  if (options["--seed"] != 0) return play(options["--seed"], true) ? 0 : 1;
  const auto began = std::chrono::steady_clock::now();
  const Tally tally = play_all(options["--first"], options["--seeds"], static_cast<unsigned>(options["--jobs"]));
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("%llu histories, %llu broke a promise (%.0f s)\n", static_cast<unsigned long long>(tally.seeds),
              static_cast<unsigned long long>(tally.broken), took);
  return tally.broken == 0 ? 0 : 1;
}
