# SPDX-License-Identifier: Apache-2.0
"""Time as a process sees it, changed from outside by a small library before its own: a wall clock that is set, minutes that
pass at once, a patience of minutes with a silent peer that is seconds. The program and its limits are those of a clinic."""
from harness import tool

class Shim:
    """.env is for the process; the rest acts on it while it runs."""

    def __init__(self, ctx):
        source, shim = ctx.dir / "clock.c", ctx.dir / "clock.so"
        source.write_text(CLOCK)
        ctx.command(tool("cc"), "-O2", "-fPIC", "-shared", "-o", shim, source, "-ldl")
        self.off, self.passed, self.patience = (ctx.dir / f"clock_{name}" for name in ("off", "passed", "patience"))
        self.env = {"LD_PRELOAD": str(shim), "CLOCK_OFF_BY": str(self.off), "CLOCK_PASSED": str(self.passed),
                    "SOCKET_PATIENCE": str(self.patience)}
        self.leaped_s = 0
        self.set_off(0)
        self.leap(0)
        self.set_patience(0)

    def set_off(self, seconds):
        """The wall clock is wrong by so much."""
        write(self.off, seconds)

    def leap(self, seconds):
        """So much time passes now: on the clock that only goes forward."""
        self.leaped_s += seconds
        write(self.passed, self.leaped_s)

    def set_patience(self, seconds):
        """A socket does not wait for longer from now on, if it would; 0: as long as it likes."""
        write(self.patience, seconds)


def write(path, seconds):
    new = path.with_suffix(".new")
    new.write_text(str(int(seconds)))
    new.rename(path)


def clock_shim(ctx):
    """-> environment of a process whose wall clock is off by seconds, and a function that sets them."""
    shim = Shim(ctx)
    return shim.env, shim.set_off


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long seconds_in(const char* variable) {
  char text[32] = {0};
  const char* path = getenv(variable);
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0) { if (read(fd, text, sizeof text - 1) < 0) text[0] = 0; close(fd); }
  return atol(text);
}
int clock_gettime(clockid_t id, struct timespec* now) {
  int done = syscall(SYS_clock_gettime, id, now);
  if (done == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += seconds_in("CLOCK_OFF_BY");
  if (done == 0 && id == CLOCK_BOOTTIME) now->tv_sec += seconds_in("CLOCK_PASSED");
  return done;
}
int gettimeofday(struct timeval* now, void* zone) {
  struct timespec fine;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &fine);
  now->tv_sec = fine.tv_sec;
  now->tv_usec = fine.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* into) {
  struct timespec fine;
  clock_gettime(CLOCK_REALTIME, &fine);
  if (into) *into = fine.tv_sec;
  return fine.tv_sec;
}
int poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
  const long most = timeout_ms > 0 ? seconds_in("SOCKET_PATIENCE") : 0;
  struct timespec time = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
  if (most > 0 && time.tv_sec > most) time.tv_sec = most;
  return syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &time, NULL, 0);
}
int setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  const int waits = level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO) && size == sizeof(struct timeval);
  struct timeval less = {waits ? seconds_in("SOCKET_PATIENCE") : 0, 0};
  if (less.tv_sec > 0 && ((const struct timeval*)value)->tv_sec > less.tv_sec) value = &less;
  return syscall(SYS_setsockopt, fd, level, name, value, size);
}
"""
