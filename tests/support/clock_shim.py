# SPDX-License-Identifier: Apache-2.0
"""Time as a process sees it, changed from outside by a small library before its own: a wall clock that is set, minutes that
pass at once, a patience of minutes with a silent peer that is seconds. The program and its limits are those of a clinic."""
from harness import tool

PATIENCE_S = 3  # for what a socket would wait longer for


class Shim:
    """.env is for the process; the rest acts on it while it runs."""

    def __init__(self, ctx, impatient=False):
        source, shim = ctx.dir / "clock.c", ctx.dir / "clock.so"
        source.write_text(CLOCK)
        ctx.command(tool("cc"), "-O2", "-fPIC", "-shared", "-o", shim, source, "-ldl")
        self.off, self.passed = ctx.dir / "clock_off", ctx.dir / "clock_passed"
        self.env = {"LD_PRELOAD": str(shim), "CLOCK_OFF_BY": str(self.off), "CLOCK_PASSED": str(self.passed)}
        if impatient:
            self.env["SOCKET_PATIENCE"] = str(PATIENCE_S)
        self.set_off(0)
        self.leaped_s = 0
        self.leap(0)

    def set_off(self, seconds):
        """The wall clock is wrong by so much."""
        write(self.off, seconds)

    def leap(self, seconds):
        """So much time passes now: on the clock that only goes forward."""
        self.leaped_s += seconds
        write(self.passed, self.leaped_s)


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
  const char* most = getenv("SOCKET_PATIENCE");
  struct timespec time = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
  if (most && time.tv_sec > atol(most)) time.tv_sec = atol(most);
  return syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &time, NULL, 0);
}
int setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  const char* most = getenv("SOCKET_PATIENCE");
  struct timeval less = {most ? atol(most) : 0, 0};
  if (most && level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO) && size == sizeof less &&
      ((const struct timeval*)value)->tv_sec > less.tv_sec)
    value = &less;
  return syscall(SYS_setsockopt, fd, level, name, value, size);
}
"""
