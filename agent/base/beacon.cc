// SPDX-License-Identifier: Apache-2.0
#include "base/beacon.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/hash.h"
#include "base/panic.h"

namespace sampan {
namespace {

constexpr std::array<char, 8> own_mark{'S', 'A', 'M', 'P', 'B', 'C', 'N', '1'};
constexpr std::int64_t same_start_within_ms = 5000;  // the wall clock is slewed a little all the time

std::int64_t milliseconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

struct Beacon::Header {
  std::array<char, 8> mark;
  std::uint64_t touches, strikes;
  std::int64_t running_ms;  // of the machine, when something was touched last
  std::int64_t started_ms;  // of the machine, by its wall clock, then
};
struct Beacon::Touched {
  std::uint64_t is_set;
  Content content;
};
struct Beacon::Struck {
  std::uint64_t count;
  Content content;
};

Beacon::Content Beacon::content_of(std::string_view kind, std::string_view name) {
  Sha256 hash;
  hash.update(as_bytes(kind));
  hash.update(as_bytes(std::string_view("\0", 1)));
  hash.update(as_bytes(name));
  const Digest digest = hash.finish();
  Content content;
  std::copy_n(digest.begin(), content.size(), content.begin());
  return content;
}

Beacon::Beacon(void* at, Bounds bounds)
    : header_(static_cast<Header*>(at)),
      touches_(reinterpret_cast<Touched*>(header_ + 1), bounds.touches_max),
      strikes_(reinterpret_cast<Struck*>(touches_.data() + touches_.size()), bounds.strikes_max) {}

std::unique_ptr<Beacon> Beacon::make(Bounds bounds) {
  const std::size_t size = sizeof(Header) + bounds.touches_max * sizeof(Touched) + bounds.strikes_max * sizeof(Struck);
  void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  SAMPAN_ASSERT(at != MAP_FAILED);
  return std::unique_ptr<Beacon>(new Beacon(at, bounds));
}

void Beacon::attach(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat found {};
  // Room on the disk now: a write to a mapped hole of a full disk would end the process.
  const bool sized = fd >= 0 && ::fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && ::posix_fallocate(fd, 0, static_cast<off_t>(bytes())) == 0;
  if (sized) SAMPAN_ASSERT(::mmap(header_, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == header_);
  if (fd >= 0) ::close(fd);
  take_stock();
}

std::size_t Beacon::bytes() const { return sizeof(Header) + touches_.size_bytes() + strikes_.size_bytes(); }

Beacon::~Beacon() { ::munmap(header_, bytes()); }

void Beacon::take_stock() {
  const bool own = header_->mark == own_mark && header_->touches == touches_.size() && header_->strikes == strikes_.size();
  const std::int64_t running = milliseconds(CLOCK_BOOTTIME), started = milliseconds(CLOCK_REALTIME) - running;
  const bool same_start = own && header_->running_ms <= running && header_->started_ms >= started - same_start_within_ms &&
                          header_->started_ms <= started + same_start_within_ms;
  if (!own) std::ranges::fill(strikes_, Struck{});
  for (auto& touch : touches_) {
    if (same_start && touch.is_set == 1) strike(touch.content);
    touch = {};
  }
  *header_ = {own_mark, touches_.size(), strikes_.size(), running, started};
}

void Beacon::strike(const Content& content) {
  auto at = std::ranges::find_if(strikes_, [&](const Struck& one) { return one.count > 0 && one.content == content; });
  const std::uint64_t before = at == strikes_.end() ? 0 : at->count;
  if (before == 0) at = std::ranges::min_element(strikes_, {}, &Struck::count);
  *at = {before + 1, content};
}

unsigned Beacon::strikes(const Content& content) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(strikes_, content, &Struck::content);
  return at == strikes_.end() ? 0 : static_cast<unsigned>(std::min<std::uint64_t>(at->count, 1000));
}

void Beacon::forgive(const Content& content) {
  const std::lock_guard lock(mutex_);
  for (Struck& one : strikes_)
    if (one.content == content) one = {};  // more than once only in a file that was damaged
}

std::size_t Beacon::struck() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(strikes_, [](const Struck& one) { return one.count > 0; }));
}

std::size_t Beacon::mark(const Content& content) {
  const std::lock_guard lock(mutex_);
  const auto free = std::ranges::find(touches_, 0u, &Touched::is_set);
  if (free == touches_.end()) return no_mark;
  header_->running_ms = milliseconds(CLOCK_BOOTTIME);
  header_->started_ms = milliseconds(CLOCK_REALTIME) - header_->running_ms;
  free->content = content;
  std::atomic_ref(free->is_set).store(1);  // before the content is touched, as whoever looks at the corpse sees it
  return static_cast<std::size_t>(free - touches_.begin());
}

void Beacon::clear(std::size_t mark) {
  const std::lock_guard lock(mutex_);
  std::atomic_ref(touches_[mark].is_set).store(0);
}

}  // namespace sampan
