// SPDX-License-Identifier: Apache-2.0
// Notes: what a node has learnt about items after it took them: receipts, tombstones, verdicts, orders, promises (FORMAT.md).
//
// Fails:  entries that are cut short end the list; what came before stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "core/item.h"
#include "core/outcome.h"
#include "core/promises.h"
#include "queue/record.h"

namespace sampan::queue {

struct ReceiptNote {
  core::Receipt receipt;
  std::string destination;
};

enum class TombstoneReason : std::uint8_t { reclaimed = 1, duplicate = 2, shed = 3 };
struct TombstoneNote {
  Uuid item;
  Digest sha256{};
  std::int64_t sop_key = 0;
  TombstoneReason why = TombstoneReason::reclaimed;
  WallTime time{};
  Sequence place = 0;  // where another of its name was known: which of them came first
};

struct VerdictNote {
  Uuid item;
  core::DeliveryState state = core::DeliveryState::waiting;
  WallTime time{};
  std::string destination;
  std::string reason;
};

// An item whose duties did not stand in its record: it is owed to these from now on, and travels in this class at least.
struct DutyNote {
  Uuid item;
  WallTime time{};
  std::vector<std::string> destinations;
  std::optional<core::Priority> priority{};  // no other than before
};

// An item is owed to this destination no more: it left the settings, and a person said that it does not come back.
struct ReleaseNote {
  Uuid item;
  WallTime time{};
  std::string destination;
  bool kept = false;  // nobody else that counts is owed it: it is kept, and waits for a route
};

// A person looked at what is damaged there, of at most so many bytes: it is not told any more. 0: nothing is damaged there.
struct SeenNote {
  std::uint64_t segment = 0, offset = 0, bytes = 0;
  WallTime time{};
};

// What a person wants of a whole exam, also of its images that are still to come.
struct OrderNote {
  enum class What : std::uint8_t { hold = 1, resume = 2, owe = 3, priority = 4 };
  What what = What::hold;
  core::Priority priority = core::Priority::routine;
  WallTime time{};
  std::string exam;         // exam_name()
  std::string destination;  // empty: all
};

// Of a request for storage commitment that a modality made. One has its instances in several notes, all before `asked`.
struct PromiseNote {
  enum class What : std::uint8_t { instances = 1, asked = 2, answered = 3, given_up = 4 };
  What what = What::asked;
  WallTime time{};
  std::string transaction_uid;
  std::vector<core::InstanceReference> instances{};      // of instances
  std::string calling_ae{}, called_ae{}, peer_address{};  // of asked
  std::uint32_t instances_in_all = 0;                     // of asked
};

using Note = std::variant<ReceiptNote, TombstoneNote, VerdictNote, OrderNote, DutyNote, PromiseNote, ReleaseNote, SeenNote>;

// What an item belongs to: its Study Instance UID, or "item <uuid>" without one; empty for telemetry.
std::string exam_name(const core::Item& item);

Type type_of(const Note& note);
// The item it speaks of; nil for an order and a place.
Uuid item_of(const Note& note);
void encode(const Note& note, Bytes& out);
std::vector<Note> decode_notes(Type type, ByteView payload);

// Names as a record has them, one a line.
std::vector<std::string> lines_of(std::string_view text);
std::string text_of(const std::vector<std::string>& lines);

// The destinations an item is owed to, as it was routed when it came; absent: the record does not say.
using Owed = std::optional<std::vector<std::string>>;

// A list of instances, as it stands in a note.
void encode(const std::vector<core::InstanceReference>& instances, Bytes& out);
std::vector<core::InstanceReference> decode_instances(ByteView bytes);

// The facts block of an item record.
Bytes encode_facts(const core::Item& item, const Owed& owed = {});
// Fills origin, kind, priority, received and facts.
Owed decode_facts(ByteView bytes, core::Item& item);

}  // namespace sampan::queue
