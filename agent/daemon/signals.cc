// SPDX-License-Identifier: Apache-2.0
#include "daemon/signals.h"

#include <algorithm>

namespace sampan::daemon {

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&waited_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&waited_, number);
  pthread_sigmask(SIG_BLOCK, &waited_, nullptr);
}

int Signals::wait(std::optional<Millis> time) {
  if (!time) return std::max(sigwaitinfo(&waited_, nullptr), 0);
  const timespec left{time->count() / 1000, (time->count() % 1000) * 1'000'000};
  return std::max(sigtimedwait(&waited_, nullptr, &left), 0);
}

}  // namespace sampan::daemon
