// SPDX-License-Identifier: Apache-2.0
// Handed in: notes that a person waits for: they are durable, and in the ledger, when this returns.
//
// Threads: any but the store's.
// Fails:   not written in time -> Errc::timeout: it will be, as soon as the disk takes it; the store stops
//          before -> stopped: to be ordered again.
#pragma once

#include <functional>
#include <vector>

#include "queue/notes.h"

namespace sampan::queue {

class Store;

Status hand_in(Store& store, std::vector<Note> notes);

// The last of them, with which all are durable, is followed by then. Does not wait.
void note_together(Store& store, std::vector<Note> notes, const std::function<void()>& then);

}  // namespace sampan::queue
