// SPDX-License-Identifier: Apache-2.0
#include "queue/awaited.h"

#include <string>
#include <utility>

namespace sampan::queue {

// Goes with the last that could give it.
struct Awaited::Word {
  std::promise<bool> stands;
  bool given = false;
  void give() { given = true, stands.set_value(true); }
  ~Word() {
    if (!given) stands.set_value(false);
  }
};

Awaited::Awaited() : word_(std::make_shared<Word>()), stands_(word_->stands.get_future()) {}

std::function<void()> Awaited::then() {
  return [word = std::move(word_)] { word->give(); };
}

Status Awaited::wait(Millis patience, std::string_view what) {
  if (stands_.wait_for(patience) != std::future_status::ready)
    return fail(Errc::timeout, std::string(what) + " is not written yet; it will be as soon as the disk takes it");
  if (stands_.get()) return {};
  return fail(Errc::stopped, "the node stopped before " + std::string(what) + " was certainly written; give it again when the node runs");
}

}  // namespace sampan::queue
