// SPDX-License-Identifier: Apache-2.0
// Volatile disk: an nbdkit plugin, a disk with a write cache that loses power.
//
// What is written stays in memory until a flush. When the power goes, each 4 KiB block (torn=1: each 512-byte sector) that
// was not flushed reaches the image with a chance of keep percent, in a way that the seed decides; the rest is gone, and so
// is the process. The first block is never torn: ext4 has its superblock there, in two sectors of which one holds the checksum of
// both, and does not mount with half of it. Parameters:
//   file=IMAGE   seed=N   keep=PERCENT   torn=0|1
//   cutwrite=N   power goes at the Nth write        cutflush=N   at the Nth flush, before it completes
// SIGUSR1 takes the power at the next request.
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_SERIALIZE_ALL_REQUESTS
#define BLOCK 4096u
#define SECTOR 512u

static const char *image;
static unsigned seed = 1;
static int keep = 50, torn = 0;
static long cut_write = -1, cut_flush = -1;
static long writes, flushes;

static int fd = -1;
static int64_t bytes;
static unsigned char **cached;  // per block: its content when it is newer than the image, else NULL
static uint64_t blocks;
static volatile sig_atomic_t cut_wanted;

static void write_image(const unsigned char *from, uint32_t count, uint64_t offset) {
  if (pwrite(fd, from, count, (off_t)offset) != (ssize_t)count) {
    perror("volatile disk: image");
    _exit(1);
  }
}

static void lose_power(const char *at) {
  unsigned state = seed;
  unsigned long kept = 0, lost = 0;
  for (uint64_t block = 0; block < blocks; block++) {
    if (!cached[block]) continue;
    const uint32_t unit = torn && block > 0 ? SECTOR : BLOCK;
    for (uint32_t offset = 0; offset < BLOCK; offset += unit) {
      if (rand_r(&state) % 100 < keep) {
        write_image(cached[block] + offset, unit, block * BLOCK + offset);
        kept++;
      } else {
        lost++;
      }
    }
  }
  fprintf(stderr, "power lost at %s: %ld writes, %ld flushes, %lu units kept, %lu lost\n", at, writes, flushes, kept, lost);
  _exit(0);
}

static void on_signal(int number) {
  (void)number;
  cut_wanted = 1;
}

static void check_power(void) {
  if (cut_wanted) lose_power("the signal");
}

static int disk_config(const char *key, const char *value) {
  if (!strcmp(key, "file")) image = nbdkit_realpath(value);
  else if (!strcmp(key, "seed")) seed = (unsigned)strtoul(value, NULL, 10);
  else if (!strcmp(key, "keep")) keep = atoi(value);
  else if (!strcmp(key, "torn")) torn = atoi(value);
  else if (!strcmp(key, "cutwrite")) cut_write = atol(value);
  else if (!strcmp(key, "cutflush")) cut_flush = atol(value);
  else {
    nbdkit_error("no such parameter: %s", key);
    return -1;
  }
  return 0;
}

static int disk_ready(void) {
  struct stat status;
  fd = image ? open(image, O_RDWR) : -1;
  if (fd < 0 || fstat(fd, &status)) {
    nbdkit_error("cannot open the image");
    return -1;
  }
  bytes = status.st_size;
  blocks = ((uint64_t)bytes + BLOCK - 1) / BLOCK;
  cached = calloc(blocks, sizeof *cached);
  return cached ? 0 : -1;
}

static int disk_after_fork(void) {
  signal(SIGUSR1, on_signal);
  return 0;
}

static void *disk_open(int readonly) {
  (void)readonly;
  return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t disk_size(void *handle) {
  (void)handle;
  return bytes;
}

static int read_block(uint64_t block, unsigned char *into) {
  if (cached[block]) {
    memcpy(into, cached[block], BLOCK);
    return 0;
  }
  return pread(fd, into, BLOCK, (off_t)(block * BLOCK)) < 0 ? -1 : 0;
}

// The part of [offset, offset + count) that lies in the block of offset.
static uint32_t within_block(uint64_t offset, uint32_t count) {
  uint32_t room = BLOCK - (uint32_t)(offset % BLOCK);
  return count < room ? count : room;
}

static int disk_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags) {
  unsigned char block[BLOCK], *to = buffer;
  (void)handle, (void)flags;
  check_power();
  while (count) {
    uint32_t part = within_block(offset, count);
    if (read_block(offset / BLOCK, block)) return -1;
    memcpy(to, block + offset % BLOCK, part);
    to += part, offset += part, count -= part;
  }
  return 0;
}

static int disk_pwrite(void *handle, const void *buffer, uint32_t count, uint64_t offset, uint32_t flags) {
  const unsigned char *from = buffer;
  (void)handle, (void)flags;
  check_power();
  if (++writes == cut_write) lose_power("a write");
  while (count) {
    uint64_t block = offset / BLOCK;
    uint32_t part = within_block(offset, count);
    if (!cached[block]) {
      unsigned char *fresh = calloc(1, BLOCK);
      if (!fresh || read_block(block, fresh)) return -1;
      cached[block] = fresh;
    }
    memcpy(cached[block] + offset % BLOCK, from, part);
    from += part, offset += part, count -= part;
  }
  return 0;
}

static int disk_flush(void *handle, uint32_t flags) {
  (void)handle, (void)flags;
  check_power();
  if (++flushes == cut_flush) lose_power("a flush");
  for (uint64_t block = 0; block < blocks; block++) {
    if (!cached[block]) continue;
    write_image(cached[block], BLOCK, block * BLOCK);
    free(cached[block]);
    cached[block] = NULL;
  }
  return 0;
}

// Without this the server would offer writes that go past the cache.
static int disk_can_fua(void *handle) {
  (void)handle;
  return NBDKIT_FUA_NONE;
}

static struct nbdkit_plugin plugin = {
    .name = "volatile",
    .config = disk_config,
    .get_ready = disk_ready,
    .after_fork = disk_after_fork,
    .open = disk_open,
    .get_size = disk_size,
    .pread = disk_pread,
    .pwrite = disk_pwrite,
    .flush = disk_flush,
    .can_fua = disk_can_fua,
};
NBDKIT_REGISTER_PLUGIN(plugin)
