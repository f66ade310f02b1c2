// SPDX-License-Identifier: Apache-2.0
#include "queue/handed_in.h"

#include "core/limits.h"
#include "queue/awaited.h"
#include "queue/store.h"

namespace sampan::queue {

Status hand_in(Store& store, std::vector<Note> notes) {
  if (notes.empty()) return {};
  Awaited written;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const bool last = i + 1 == notes.size();
    store.note(std::move(notes[i]), last ? written.then() : nullptr);
  }
  return written.wait(core::limits::order_patience, "the order");
}

}  // namespace sampan::queue
