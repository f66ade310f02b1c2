// SPDX-License-Identifier: Apache-2.0
// Ledger schema: the tables of FORMAT.md, reached from any earlier version by migrations in order.
//
// Fails:  a version from the future, or a file that is no sound database -> Errc::damaged; the caller sets it aside.
#pragma once

#include "core/item.h"
#include "queue/sql.h"

namespace sampan::queue {

inline constexpr int ledger_version = 10;

Status migrate(Sql& sql);
// meta.name that stands until what version 2 added was filled in from the rows of version 1.
inline constexpr std::string_view exams_missing = "exams missing";
// The same, until images with two names have the one of their data set (version 9).
inline constexpr std::string_view names_missing = "names missing";

// What a SOP Instance UID of key ?1 may mean, as values of item.sop_key.
inline constexpr std::string_view names_meant = "(SELECT ?1 UNION SELECT sop_key FROM item WHERE label_key=?1 AND label_key<>0)";

// Values of item.state. replaced: it does not verify, and the same image is here in another record; nothing is missing.
enum class ItemState : int { living = 1, reclaimed = 2, quarantined = 3, duplicate = 4, duplicate_gone = 5, replaced = 6 };

// Values of alias.kind: what a person may know an exam by.
enum class AliasKind : int { accession = 1, patient = 2, series = 3, file = 4 };

// Values of standing.what.
enum class StandingOrder : int { held = 1, owed = 3, priority = 4 };

// delivery.reason of what a person keeps back.
inline constexpr std::string_view exam_held = "the exam is held by a person";
inline constexpr std::string_view image_held = "held by a person";
// Same, of what a person must look at.
inline constexpr std::string_view content_differs = "same SOP Instance UID as an earlier image, other content";

// The same, where nobody could find out: comparing them broke the program that did it, or took too long, again and again.
inline constexpr std::string_view content_breaks = "same SOP Instance UID as an earlier image, and comparing them fails";
// The same, of what ended the program again and again when it looked into it, and was taken unread.
inline constexpr std::string_view content_unread = "reading it stopped this program again and again; it is kept as it came";
// item.reason of one that is compared with the others of its SOP Instance UID; it has no delivery yet.
inline constexpr std::string_view being_compared = "being compared";

// quarantine.reason of what was torn when the power went: kept like the rest, and nothing to alarm anybody.
inline constexpr std::string_view torn_tail = "torn tail";
// The same, where nothing is left that could say whether it was acknowledged.
inline constexpr std::string_view doubtful_tail = "doubtful tail";
// The same, of a record that does not verify, of which the same image is here, or was.
inline constexpr std::string_view came_again = "the same image came again";

// Name of the destination that stands for none: what matches no route waits for it, and is counted like the rest.
inline constexpr std::string_view nobody = "";

// delivery.state is core::DeliveryState, and this one for deliveries whose payload was reclaimed.
inline constexpr int delivery_closed = 5;

// delivery.rank of images begins here; what is below travels ahead of them.
inline constexpr std::int64_t rank_of_images = 100;
// Of images that are emergencies: from here on, less than 10 more.
inline constexpr std::int64_t urgent_rank = rank_of_images + 10 * static_cast<int>(core::Priority::emergency);
// Of images in a lower class than this one: from here on.
inline std::int64_t rank_above(core::Priority priority) { return rank_of_images + 10 * (static_cast<int>(priority) + 1); }
// tally.state of cargo that travels ahead of images: that of the delivery, and this.
inline constexpr int tally_of_news = 10;

}  // namespace sampan::queue
