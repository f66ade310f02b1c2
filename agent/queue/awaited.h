// SPDX-License-Identifier: Apache-2.0
// Awaited: the word that something handed to the store stands, for one who waits for it.
//
// Who is to give the word may end without it: a store that stops drops what the disk did not take. That is no word.
// Threads: then() and wait() one thread, what then() gave any other.
// Fails:   no word in time -> Errc::timeout: it comes later, as soon as the disk takes it; none any more -> Errc::stopped.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sampan::queue {

class Awaited {
 public:
  Awaited();
  // Gives the word when it is called; to be asked for once.
  std::function<void()> then();
  // what: the name of it in the answer to a person.
  Status wait(Millis patience, std::string_view what);

 private:
  struct Word;
  std::shared_ptr<Word> word_;  // until it was asked for: then of whoever is to give it
  std::future<bool> stands_;
};

}  // namespace sampan::queue
