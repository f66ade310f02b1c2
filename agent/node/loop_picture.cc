// SPDX-License-Identifier: Apache-2.0
#include "node/loop_picture.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace sampan::node {

struct LoopPicture::Shared {
  Shared(const Clock& c, std::function<ToldByLoop()> l) : clock(c), look(std::move(l)), seen_at(c.mono()) {}

  // On the loop's thread. Whoever asks while it looks wants what is after that, and asks again.
  void answer() {
    {
      const std::lock_guard lock(mutex);
      is_asked = false;
      ++begun;
    }
    const MonoTime now = clock.mono();
    ToldByLoop told = look();
    const std::lock_guard lock(mutex);
    last = std::move(told);
    seen_at = now;
    done = begun;
    answered.notify_all();
  }

  const Clock& clock;
  const std::function<ToldByLoop()> look;
  std::mutex mutex;
  std::condition_variable answered;
  bool is_asked = false;             // and nothing of it is begun
  std::uint64_t begun = 0, done = 0;  // answers
  ToldByLoop last;
  MonoTime seen_at;  // or since when nothing was seen
};

LoopPicture::LoopPicture(Loop& loop, const Clock& clock, std::function<ToldByLoop()> look)
    : loop_(loop), clock_(clock), shared_(std::make_shared<Shared>(clock, std::move(look))) {}

LoopPicture::Picture LoopPicture::take(Millis patience) {
  Shared& s = *shared_;
  std::unique_lock lock(s.mutex);
  const std::uint64_t wanted = s.begun + 1;
  const bool runs = s.is_asked || loop_.post([shared = shared_] { shared->answer(); });
  s.is_asked = runs;
  const bool in_time = runs && s.answered.wait_for(lock, patience, [&] { return s.done >= wanted; });
  Picture picture{s.last, {}};
  if (!in_time) picture.age = clock_.mono() - s.seen_at;
  return picture;
}

}  // namespace sampan::node
