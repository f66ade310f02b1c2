// SPDX-License-Identifier: Apache-2.0
// The prepared statements of the ledger; private to its sources.
#pragma once

#include "queue/ledger.h"

namespace sampan::queue {

struct Ledger::Statements {
  Statement item_insert, item_by_id, item_by_sop, item_by_study, item_state, delivery_insert, delivery_get, delivery_move,
      delivery_receipt, delivery_postpone, delivery_ask_later, delivery_held_again, delivery_ask_again, commitment_begin, commitment_forget, deliveries_of, item_of_exam, delivery_unsettled, delivery_rank, delivery_anew, exam_not_owed, alias_insert,
      standing_of, standing_set, standing_clear, orphan_insert, orphan_of, buried, orphan_delete,
      quarantine_insert, segment_get, segment_set, segment_forget, quarantine_forget, quarantine_in, meta_get, meta_set, meta_forget, undecided_first, item_get, destination_insert,
      candidates, duplicates, undelivered, undelivered_count, living, item_close, item_quarantine,
      delivery_hand_over, originals_of;
};

}  // namespace sampan::queue
