// SPDX-License-Identifier: Apache-2.0
#include "worker/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/sanitized.h"

namespace sampan::worker {
namespace {

constexpr bool sanitized = SAMPAN_SANITIZED != 0;

#if defined(__x86_64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#else
#error "say which architecture this is, for the filter"
#endif

constexpr std::array allowed{
    SYS_read, SYS_write, SYS_exit_group, SYS_exit,                    // the socket, and the end
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,                     // memory; mmap only when it is not executable
    SYS_futex, SYS_rt_sigreturn, SYS_restart_syscall, SYS_clock_gettime,
#if SAMPAN_SANITIZED
    SYS_sched_yield, SYS_gettid, SYS_getpid, SYS_rt_sigprocmask, SYS_sigaltstack, SYS_mprotect,
    SYS_pipe2, SYS_close,  // how it is seen whether an address may be read
#endif
};

Error failed(const char* what) { return fail(Errc::io, std::string(what) + ": " + std::strerror(errno)); }

sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
sock_filter answer(std::uint32_t verdict) { return BPF_STMT(BPF_RET | BPF_K, verdict); }
sock_filter skip_unless_equal(std::uint32_t value, std::uint8_t skipped) { return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped); }
sock_filter skip_if_set(std::uint32_t bits, std::uint8_t skipped) { return BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, skipped, 0); }

std::vector<sock_filter> filter() {
  constexpr std::size_t protection = offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t);  // low half: little-endian hosts only
  std::vector<sock_filter> program{load(offsetof(seccomp_data, arch)), skip_unless_equal(own_architecture, 1),
                                   BPF_STMT(BPF_JMP | BPF_JA, 1), answer(SECCOMP_RET_KILL_PROCESS), load(offsetof(seccomp_data, nr))};
  for (const auto number : allowed) {
    program.push_back(skip_unless_equal(static_cast<std::uint32_t>(number), 1));
    program.push_back(answer(SECCOMP_RET_ALLOW));
  }
  program.push_back(skip_unless_equal(SYS_mmap, 3));
  program.push_back(load(protection));
  program.push_back(skip_if_set(PROT_EXEC, 1));
  program.push_back(answer(SECCOMP_RET_ALLOW));
  program.push_back(answer(SECCOMP_RET_KILL_PROCESS));
  return program;
}

// Pages mapped now; 0 where nobody tells.
std::uint64_t mapped_bytes() {
  unsigned long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Status limit(__rlimit_resource what, std::uint64_t most, std::uint64_t grace = 0) {
  const rlimit both{most, most + grace};
  return ::setrlimit(what, &both) == 0 ? Status{} : Status(failed("setrlimit"));
}

}  // namespace

Status enter_sandbox(const Bounds& bounds) {
  if (!sanitized)
    if (Status done = limit(RLIMIT_AS, mapped_bytes() + bounds.memory_bytes_max); !done) return done;
  if (Status done = limit(RLIMIT_CPU, bounds.processor_seconds_max, 1); !done) return done;  // by its own signal, which tells
  for (const auto none : {RLIMIT_FSIZE, RLIMIT_CORE})
    if (Status done = limit(none, 0); !done) return done;
  if (Status done = limit(RLIMIT_NOFILE, sanitized ? 16 : 0); !done) return done;
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("prctl");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("prctl");
  std::vector<sock_filter> instructions = filter();
  const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return failed("seccomp");
  return {};
}

}  // namespace sampan::worker
