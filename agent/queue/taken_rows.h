// SPDX-License-Identifier: Apache-2.0
// Taken rows: what one destination took and has not proven, of its own and in the place of others, a slice at a time.
//
// Fails:  nothing.
#pragma once

#include <string_view>

namespace sampan::queue {

// ?1: its name; ?2 to ?7: the place to go on from; ?8: rows at most. In the order of the index, which goes on as the place does,
// so that a slice reads no more rows than it gives; ordered by more, the rows would be sorted first.
inline constexpr std::string_view taken_rows =
    "SELECT v.not_before_ms, v.destination, v.state, v.rank, v.study_order, v.seq FROM delivery v INDEXED BY delivery_unproven WHERE v.state=3 AND (v.level=1 OR v.again=1) "
    "AND v.asked_of=(SELECT number FROM destination WHERE name=?1) "
    "AND (v.not_before_ms, v.destination, v.state, v.rank, v.study_order, v.seq)>(?2, ?3, ?4, ?5, ?6, ?7) "
    "ORDER BY v.not_before_ms, v.destination LIMIT ?8";

}  // namespace sampan::queue
