// SPDX-License-Identifier: Apache-2.0
#include "queue/handed_in.h"

#include "core/limits.h"
#include "queue/awaited.h"
#include "queue/store.h"

namespace sampan::queue {

void note_together(Store& store, std::vector<Note> notes, const std::function<void()>& then) {
  for (std::size_t i = 0; i < notes.size(); ++i) store.note(std::move(notes[i]), i + 1 == notes.size() ? then : nullptr);
}

Status hand_in(Store& store, std::vector<Note> notes) {
  if (notes.empty()) return {};
  Awaited written;
  note_together(store, std::move(notes), written.then());
  return written.wait(core::limits::order_patience, "the order");
}

}  // namespace sampan::queue
