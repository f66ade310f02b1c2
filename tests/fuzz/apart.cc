// SPDX-License-Identifier: Apache-2.0
#include "fuzz/apart.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/sanitized.h"
#include "fuzz/target.h"

namespace {

// How a sanitizer ends a process: not as whoever gives up its ledger does.
constexpr int sanitizer_exit = 99;

}  // namespace

#if SAMPAN_SANITIZED
extern "C" const char* __asan_default_options() { return "exitcode=99:handle_abort=1"; }
extern "C" const char* __ubsan_default_options() { return "exitcode=99"; }
#endif

#ifdef SAMPAN_LIBFUZZER
// The counters of edges of this program (clang, SanitizerCoverage).
extern "C" std::uint8_t __start___sancov_cntrs[], __stop___sancov_cntrs[];
#endif

namespace sampan::fuzz {
namespace {

// Whole pages of them are shared with the processes that are made from now on; what else lies in the first and the last is not.
void share_counters() {
#ifdef SAMPAN_LIBFUZZER
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(__start___sancov_cntrs) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(__stop___sancov_cntrs) / page * page;
  if (begin >= end) return;
  auto* const at = reinterpret_cast<std::uint8_t*>(begin);
  const std::vector<std::uint8_t> before(at, at + (end - begin));
  void* const shared = ::mmap(at, end - begin, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  if (shared != at) cannot("counters to share");
  std::copy(before.begin(), before.end(), at);
#endif
}

}  // namespace

int run_apart(const std::function<void()>& work) {
  static const bool shared = (share_counters(), true);
  static_cast<void>(shared);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) cannot("other process");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(77);
    work();
    std::_Exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
  }
  expect(WIFEXITED(status) && WEXITSTATUS(status) != sanitizer_exit, "what is done apart does not crash");
  return WEXITSTATUS(status);
}

}  // namespace sampan::fuzz
