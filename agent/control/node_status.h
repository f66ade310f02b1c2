// SPDX-License-Identifier: Apache-2.0
// Node status: what a node says about itself, as plain values. The daemon fills it, JSON carries it, `sampan` shows it.
//
// Ages and remaining times are seconds, relative to `now`, so that a clock that jumped does not lie.
// Holds no patient data (DESIGN, contract 11).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sampan::control {

enum class Verdict { good, attention, failure };

// One thing a person should know, and what to do about it, in both languages.
struct Finding {
  std::string code;  // stable, for scripts
  Verdict severity = Verdict::attention;
  std::string zh, en;
  std::string action_zh, action_en;
};

// An association that was turned away.
struct RefusedCaller {
  WallTime time;
  std::string address, calling, called;
  std::string reason;
};

// A folder from which files are taken. What it holds may name patients; nothing here does.
struct FolderStatus {
  std::string path;
  std::optional<WallTime> last_file;  // taken, since the start
  std::string trouble;                // missing, unmounted, unreadable, read_only, unwritable, files_unreadable; empty: none
  std::string error;                  // what the system said of it
  std::uint64_t set_aside = 0;        // files in .sampan-rejected, at most 10000
  std::uint64_t missing_files = 0;    // that the last medium names that did not come whole
  std::optional<WallTime> missing_since;
};

struct IntakeStatus {
  bool enabled = true;
  std::string address;
  std::uint16_t port = 0;
  std::vector<std::string> ae_titles;
  std::uint64_t associations_now = 0;
  std::uint64_t received_total = 0;  // images since the start
  std::optional<WallTime> last_image;
  std::vector<RefusedCaller> refused;  // newest last
  bool accepting = true;
  std::string refusing_reason;  // in words, when not accepting
  std::uint64_t commitments_open = 0;    // requests of modalities whether their images are kept, that were not told yet
  std::uint64_t commitments_untold = 0;  // of these, tried and not answered
  std::int64_t commitments_oldest_s = 0;
  std::string commitments_error;  // why, of the oldest of those
  std::vector<FolderStatus> folders;
};

inline constexpr std::int64_t disk_lasts_most_s = 10LL * 365 * 86'400;  // stands for longer as well

struct SpoolStatus {
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t doubtful = 0;  // ends of segments that the power may have torn; nobody knows whether they were acknowledged
  std::uint64_t foreign = 0;  // files in the spool that are not ours, or of which nothing can be read
  std::uint64_t denied = 0;   // of ours, which the user this runs as may not open: what is in them is in no count
  std::uint64_t unreadable = 0;  // images that the disk did not read when they were to be sent; they are tried again
  std::string unreadable_reason{};
  std::string stranger_file{}, stranger_owner{}, own_user{};  // a file of somebody else, where that may be why
  std::vector<std::string> quarantined_exams{};  // study UIDs of some of what is quarantined, the newest first
  bool rebuilding = false;
  std::uint64_t rebuilt_items = 0;
  std::uint64_t uncounted = 0;  // received, and in no count here yet
  bool unanswered = false;      // the index did not read: there is more than these counts say
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t disk_total_bytes = 0;
  std::uint64_t intake_bytes_per_day = 0;      // as it was lately
  std::optional<std::int64_t> disk_lasts_s;    // at that rate, with nothing leaving but copies that may go; absent: nothing came to judge by
  bool disk_lasts_guess = false;               // less than a day to judge by
  std::string disk_state;                      // well, low, critical: as in the events
};

// What is on its way nowhere: it matches no route, or its destination is not in the settings any more.
struct StrandedStatus {
  std::string destination;  // empty: no route
  std::uint64_t waiting = 0;
  std::int64_t oldest_waiting_s = 0;
  std::uint64_t accepted = 0;  // by that destination, not proven to be kept, and therefore still here
  std::uint64_t on_hold = 0, rejected = 0;  // for a person to decide about; not what is damaged here
  std::vector<std::string> exams{};         // study UIDs of some of these
};

enum class DestinationState { unknown, up, backing_off, stopped };

struct BlockedClass {
  std::string sop_class, transfer_syntax, reason;
};

// Waiting deliveries by age. The last bucket has no upper end.
inline constexpr std::array<std::string_view, 7> age_names{"1min", "5min", "1h", "6h", "1d", "1w", "older"};
inline constexpr std::array<std::int64_t, 6> age_ends_s{60, 300, 3600, 21600, 86400, 604800};
using AgeCounts = std::array<std::uint64_t, age_names.size()>;
// The bucket of an age: the first whose end is greater.
constexpr std::size_t age_bucket(std::int64_t age_s) {
  std::size_t bucket = 0;
  while (bucket < age_ends_s.size() && age_s >= age_ends_s[bucket]) ++bucket;
  return bucket;
}

struct ReasonCount {
  std::string reason;
  std::uint64_t items = 0;
};

struct DestinationStatus {
  std::string name;
  std::string courier;  // dimse, stow, folder, http
  std::string address;
  DestinationState state = DestinationState::unknown;
  std::int64_t state_age_s = 0;  // how long it has been so
  std::string last_error;
  std::optional<std::int64_t> next_attempt_in_s;
  std::optional<WallTime> last_success;
  std::optional<std::int64_t> last_contact_s;  // so long ago it last answered anything; absent: not since the start
  std::uint64_t waiting = 0;
  std::uint64_t waiting_bytes = 0;
  std::int64_t oldest_waiting_s = 0;
  std::optional<std::int64_t> emergency_waiting_s;  // since the first emergency that is to go was received; absent: none waits
  std::uint64_t on_hold = 0;
  std::uint64_t rejected = 0;
  std::uint64_t delivered = 0;  // receipts of either level
  std::uint64_t archived = 0;   // of these, proven safe at the hospital
  std::string proof;            // that it keeps an image: unknown, commitment, query or none; empty: nobody asks it
  bool trusted = false;         // a person chose that acceptance is proof enough
  bool by_node = false;         // a node of this program has some of it, not archived behind it: of a node acceptance is none
  bool unproven_long = false;   // some were accepted more than a day ago and are not proven
  std::uint64_t lost_often = 0;  // accepted and lost again and again, by its own word; sent again each time
  std::uint64_t not_committed = 0;  // accepted, and its reports do not commit to them however often they were sent
  std::uint64_t sending = 0;
  std::uint64_t telemetry_waiting = 0;  // events and samples, which the other numbers leave out
  std::uint64_t telemetry_delivered = 0;
  std::vector<BlockedClass> blocked_classes;
  std::vector<ReasonCount> on_hold_reasons, rejected_reasons;  // the most frequent first
  std::vector<ReasonCount> waiting_reasons{};  // of single images that were tried in vain and wait, among the first that wait
  std::vector<std::string> on_hold_exams{}, rejected_exams{};  // study UIDs of some, the newest first
  bool window_closed = false;  // its windows let nothing go but emergencies
  std::optional<WallTime> window_opens;   // while it is closed: when it will not be
  std::optional<WallTime> window_opened;  // when the window began that is open, or was last
  std::string detour_to;       // the fallback to which its images go just now
  std::uint64_t detoured = 0;  // delivered there since the start; also counted as delivered
  AgeCounts ages{};
};

// How the keys are kept under which everything is stored.
struct KeyStatus {
  std::string protected_by;  // credential, file; empty: not known
  bool memory_locked = true;
  bool images_may_be_swapped = false;
  std::uint64_t node_keys = 0;
  std::optional<WallTime> newest_made;
  std::string recovery;  // none, made, handed_out: whether a person holds a recovery key; empty: not known
  std::optional<WallTime> recovery_made;
};

struct NodeStatus {
  std::string site;
  std::string version;
  std::string state_directory;
  WallTime now;
  WallTime started;
  std::int64_t uptime_s = 0;
  std::optional<std::int64_t> clock_set_by_s;  // the wall clock was set by so much within the last day, while this ran
  IntakeStatus intake;
  SpoolStatus spool;
  std::vector<DestinationStatus> destinations;
  std::optional<std::int64_t> destinations_age_s;  // so old is what the event loop told of them, which does not answer; absent: of now
  std::vector<StrandedStatus> stranded;
  KeyStatus key;
  Verdict verdict = Verdict::good;  // this one and the next are filled by the API, from assess()
  std::vector<Finding> attention;   // worst first
};

std::string_view to_string(Verdict verdict);
std::string_view to_string(DestinationState state);

}  // namespace sampan::control
