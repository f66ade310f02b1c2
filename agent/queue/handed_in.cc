// SPDX-License-Identifier: Apache-2.0
#include "queue/handed_in.h"

#include <future>
#include <memory>

#include "core/limits.h"
#include "queue/store.h"

namespace sampan::queue {

Status hand_in(Store& store, std::vector<Note> notes) {
  if (notes.empty()) return {};
  const auto done = std::make_shared<std::promise<void>>();
  auto kept = done->get_future();
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const bool last = i + 1 == notes.size();
    store.note(std::move(notes[i]), last ? std::function<void()>([done] { done->set_value(); }) : nullptr);
  }
  if (kept.wait_for(core::limits::order_patience) != std::future_status::ready)
    return fail(Errc::timeout, "the order is not written yet; it will be as soon as the disk takes it");
  return {};
}

}  // namespace sampan::queue
