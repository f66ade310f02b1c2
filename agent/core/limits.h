// SPDX-License-Identifier: Apache-2.0
// Limits: every bound of the node, by name (DESIGN, contract 10). Those a site may change are options of the same name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sampan::core::limits {

using namespace std::chrono_literals;

// queue
inline constexpr std::size_t gathered_bytes_max = 1u << 20;        // larger objects stream into a segment of their own
inline constexpr std::size_t pool_bytes = 8u << 20;                // gather buffers; empty means back-pressure
inline constexpr std::uint64_t segment_bytes_max = 256ull << 20;   // an append segment is sealed at this size
inline constexpr std::uint64_t small_segment_bytes_max = 8ull << 20;  // and at this one where no part of a file can be given back
inline constexpr std::uint64_t note_segment_bytes_max = 2ull << 20;
inline constexpr std::uint64_t notes_slack_bytes = 4ull << 20;     // notes that say nothing any more, beyond as much as is needed
inline constexpr std::size_t gone_images_kept = 1'000'000;         // reclaimed and remembered, so that a repeat is known
inline constexpr std::uint64_t ballast_bytes = 32ull << 20;        // held back for a disk that somebody else filled
inline constexpr unsigned ballast_files = 8;                       // and so many names
inline constexpr std::size_t damaged_ledgers_kept = 2;             // set aside; older ones go
inline constexpr std::size_t chunk_bytes = 64u << 10;              // plain bytes per sealed chunk
inline constexpr std::uint64_t item_bytes_max = 1ull << 40;        // one payload
inline constexpr std::size_t facts_bytes_max = 32u << 10;          // facts of one item, encoded
inline constexpr std::uint64_t reserve_bytes = 256ull << 20;       // kept free of images, for receipts and telemetry
inline constexpr std::uint64_t reserve_inodes = 256;
inline constexpr std::size_t unindexed_items_max = 4096;           // stored while the ledger cannot be written; then refused
inline constexpr std::size_t notes_waiting_max = 4096;             // receipts and the like, while they cannot be written; then nothing more is sent
inline constexpr std::uint64_t read_ahead_bytes_max = 2u << 20;  // of each item that is lent
inline constexpr std::uint64_t room_checked_every = 8u << 20;      // of an object that arrives, in bytes
inline constexpr std::size_t intake_hours_kept = 1000;   // counted by the hour in which images came; those farthest from the last go
inline constexpr std::size_t orders_kept = 10'000;       // on exams of which nothing is here; the oldest go
inline constexpr std::size_t exam_names_max = 20'000;    // an exam is found by so many accession numbers, series and the like
inline constexpr std::size_t commitments_kept = 20'000;  // begun by this node; the oldest go
inline constexpr std::size_t node_keys_max = 64;         // of one node, the retired ones with it
inline constexpr std::size_t keyring_bytes_max = 128u << 10;  // one file of keys
inline constexpr auto owner_noted_every = 1min;          // that this node stored here, while the file that says so cannot be written

inline constexpr auto queue_tick_every = 30s;
inline constexpr auto intake_rate_time = 168h;            // looked back at to say how long the disk lasts
inline constexpr auto order_patience = 10s;               // a person waits for an order to be written
inline constexpr std::size_t reasons_shown_max = 8;       // of what is on hold or rejected, per destination

// dicom
inline constexpr std::size_t scan_bytes_max = 64u << 10;  // of the data set, searched for facts
inline constexpr std::size_t fact_value_bytes_max = 1024; // a longer value is not a fact
inline constexpr std::size_t scan_depth_max = 64;         // of sequences in it; a deeper one ends the search
inline constexpr std::size_t command_bytes_max = 64u << 10;  // a longer command set is broken framing
inline constexpr std::size_t sent_ahead_bytes_max = 1u << 20;  // read ahead, and then sent at once: most images are whole
inline constexpr std::uint32_t pdu_sent_bytes_max = 128u << 10;  // also when the peer would take more
inline constexpr std::size_t commitment_bytes_max = 256u << 10;  // of a report
inline constexpr int data_set_depth_max = 8;              // of the answer to a query and the like
inline constexpr std::size_t data_set_elements_max = 16384;  // same
inline constexpr int image_depth_max = 32;                // of an image that is compared or changed

// intake
inline constexpr std::uint32_t pdu_bytes_max = 131072;         // maximum PDU length offered (PS3.8 D.1)
inline constexpr std::uint32_t pdu_bytes_min = 4096;
inline constexpr unsigned associations_max = 32;
inline constexpr unsigned associations_per_host_max = 16;
inline constexpr auto association_idle_max = 300s;   // no PDU for so long: aborted
inline constexpr auto negotiation_time_max = 30s;    // from connect to A-ASSOCIATE-RQ
inline constexpr unsigned refused_callers_kept = 64; // last refused attempts, for the technician
inline constexpr std::uint32_t association_request_bytes_max = 256u << 10;  // a longer A-ASSOCIATE-RQ is refused
inline constexpr unsigned knocking_max = 8;           // connections beyond the associations: not yet asked, or refused
inline constexpr unsigned knocking_per_host_max = 4;

// storage commitment towards modalities
inline constexpr std::size_t promises_open_max = 1000;          // asked for and not told yet
inline constexpr std::size_t promised_instances_max = 4000;     // in one request
inline constexpr std::size_t promise_request_bytes_max = 512u << 10;
inline constexpr auto promise_pause = 1s;                       // an association that stays open so long gets the report itself
inline constexpr auto promise_call_pause = 3s;                  // before the modality is called back
inline constexpr auto promise_answer_time_max = 30s;            // for its answer to a report
inline constexpr auto promise_back_off_least = 10s;
inline constexpr auto promise_back_off_most = 1h;
inline constexpr auto promise_look_every = 30s;                 // whether all of a request is archived by now
inline constexpr auto promise_archive_wait_max = 24h * 7;       // then what is not archived is refused
inline constexpr auto promise_kept = 24h * 14;                  // a report that nobody answers is given up
inline constexpr std::size_t promise_calls_max = 4;             // to modalities, at the same time
inline constexpr std::size_t promises_per_association_max = 64; // told on it; those beyond by calling back
inline constexpr std::size_t promise_callers_remembered = 256;  // modalities that cannot be told: what was logged of them
inline constexpr auto promise_whole_in = 24h;                   // instances of a request that never came whole are forgotten then

// intake from folders
inline constexpr unsigned folder_depth_max = 16;               // folders below a folder
inline constexpr std::size_t folder_files_max = 10000;         // looked after at once; the others wait for their turn
inline constexpr std::size_t folder_subfolders_max = 4096;     // watched; those beyond are looked at every so often
inline constexpr std::size_t folder_remembered_max = 100000;   // files that were taken and could not be removed
inline constexpr std::size_t file_head_bytes_max = 64u << 10;  // file meta information
inline constexpr std::size_t dicomdir_bytes_max = 16u << 20;   // a larger one still counts as read, but gives no order
inline constexpr auto folder_poll_every = 2s;                  // a folder that cannot be watched
inline constexpr auto folder_rescan_every = 5min;              // one that can: for what was missed
inline constexpr auto folder_retry_every = 10s;                // after a full disk, a locked file, a missing folder
inline constexpr auto file_unclosed_max = 10min;               // an empty file, a temporary name, an image cut short: abandoned after that
inline constexpr unsigned folder_same_names_max = 1000;        // set aside under one name, with a number behind

// uplink, scheduler
inline constexpr unsigned lanes_max = 16;             // per destination
inline constexpr std::size_t batch_items_max = 64;    // leased to a lane at once
inline constexpr std::uint64_t batch_bytes_max = 8u << 20;  // same; bounds how long an emergency waits behind a batch
inline constexpr auto connect_time_max = 20s;
inline constexpr auto answer_time_max = 300s;         // from the last byte to the C-STORE response
inline constexpr auto back_off_least = 2s;
inline constexpr auto back_off_most = 15min;
inline constexpr auto commitment_wait = 5s;            // for a report on the association that asked for it
inline constexpr std::size_t proof_batch_items_max = 200;  // asked about at once
inline constexpr auto proof_wait_least = 10s;           // from delivery to the first question, and between questions
inline constexpr auto proof_wait_most = 6h;
inline constexpr auto proof_pause = 2s;                 // between questions to one destination
inline constexpr unsigned resends_max = 3;             // of one image that the next hop lost; then a person is told, and it goes on more rarely
inline constexpr auto commitment_work_max = 24h;       // a service that works on a request for longer is asked anew
inline constexpr auto resend_pause = 30s;               // before what the next hop lost is sent again, growing with each time
inline constexpr auto recheck_every = 24h * 7;          // of running time: everything archived and still here is asked about again
inline constexpr auto recheck_newest_every = 1h;        // same, of the newest of it
inline constexpr std::size_t recheck_newest = 20;
inline constexpr auto recheck_pause = 30s;              // between two batches of it
inline constexpr auto commitment_kept = 24h * 31;       // a report that comes later than that is not known any more
inline constexpr unsigned missing_answers_max = 3;      // a query that finds nothing so often: sent again
inline constexpr unsigned failed_reports_max = 3;       // of one image, with a reason that does not say it is lost: then it is looked for by a query
inline constexpr auto configuration_probe_every = 15min;
inline constexpr unsigned doubtful_tries_max = 5;      // an answer nobody can read: so many tries, then rejected
inline constexpr auto doubtful_wait_least = 5min;      // between them
inline constexpr auto window_look_every = 5min;        // at the clock, at least, for a window that opens or closes: it may have been set
inline constexpr auto capped_burst = 1s;               // of its cap, sent at once after a pause, where a window has one
inline constexpr auto connection_keep_time = 10s;      // a lane without work keeps its connection for so long
inline constexpr std::size_t upload_buffer_bytes = 128u << 10;  // read from a payload at once, for HTTP
inline constexpr std::size_t http_answer_bytes_max = 1u << 20;  // a longer answer is not read
inline constexpr std::size_t secret_bytes_max = 64u << 10;      // a password or token, in a file or from a token server
inline constexpr std::uint64_t stow_request_bytes_max = 8u << 20;  // images gathered in one request; a larger one goes alone
inline constexpr auto token_margin = 30s;              // a token is renewed so long before it ends
inline constexpr std::size_t http_items_max = 32;      // of telemetry in one request
inline constexpr std::size_t query_answer_bytes_max = 64u << 10;  // one match of a query
inline constexpr std::size_t search_pages_max = 500;   // of one series
inline constexpr std::size_t answer_depth_max = 64;    // of JSON or XML
inline constexpr std::uint64_t folder_group_bytes_max = 64u << 20;  // written to a folder before all of it is synced
inline constexpr std::size_t folders_made_max = 4096;  // remembered by a lane that writes to a folder
inline constexpr std::size_t suspects_max = 64;        // items remembered per destination for breaking an attempt
inline constexpr unsigned suspect_strikes_max = 3;     // after so many its failure says nothing about the destination
inline constexpr std::size_t blocked_classes_max = 128;  // per destination; beyond it such items back off one by one

// last hop
inline constexpr std::size_t titles_connected_max = 8;      // calling AE titles of one lane that keep a connection
inline constexpr std::size_t titles_remembered_max = 256;   // of one lane, as the destination treated them
inline constexpr std::uint64_t transform_held_bytes_max = 8u << 20;  // changed text of the images a lane carries at once
inline constexpr std::size_t transform_bytes_max = 4u << 20;  // text read and written anew in one data set; beyond it, rejected

// http, control
inline constexpr std::size_t control_body_bytes_max = 64u << 10;
inline constexpr std::size_t exams_traced_max = 20;       // with one name, told at once
inline constexpr std::size_t exams_listed_max = 500;      // of today
inline constexpr unsigned control_connections_max = 16;
inline constexpr std::size_t control_waiting_max = 8;  // that may take their time, while one is answered: half of the connections stay free
inline constexpr auto control_idle_max = 10s;  // a connection without traffic for so long is closed
inline constexpr std::size_t http_connection_bytes = 32u << 10;  // request line, headers and answer headers

// telemetry
inline constexpr std::size_t samples_waiting_max = 8640;   // 30 days of one every 5 minutes; the oldest go first
inline constexpr std::size_t samples_waiting_full = 864;   // the same while the disk is too full for images
inline constexpr std::size_t news_share = 4;               // one item in so many of a batch goes ahead of waiting images
inline constexpr std::size_t news_bytes_max = 1u << 20;     // one event, or the samples of one period
inline constexpr std::size_t devices_max = 256;            // known; the one that was silent longest makes room
inline constexpr std::size_t callers_max = 256;            // same, of those who connect
inline constexpr std::size_t device_values_max = 8;        // software versions or detectors remembered of one device
inline constexpr std::size_t device_modalities_max = 8;    // kinds of images counted of one device
inline constexpr std::size_t strangers_open_max = 16;      // alarms about unknown callers; beyond it one stands for all others
inline constexpr std::size_t telemetry_bytes_max = 4u << 20;  // of the file that remembers devices and alarms
inline constexpr std::size_t device_text_bytes_max = 256;  // of a value from a header, as shown
inline constexpr std::size_t alarms_open_max = 256;        // causes; beyond it the oldest is closed
inline constexpr std::size_t sightings_max = 256;          // kinds of images seen and not yet looked at
inline constexpr std::size_t news_waiting_max = 256;       // happenings not yet looked at
inline constexpr std::size_t events_unsent_max = 256;      // events that could not be queued yet
inline constexpr std::size_t event_file_bytes = 1u << 20;  // of the local list; there are two of them
inline constexpr std::size_t events_answered_max = 1000;   // by one question for them
inline constexpr auto telemetry_gather_time = 1s;          // after something came, before it is looked at
inline constexpr auto telemetry_save_every = 10s;          // while something changes
inline constexpr auto clock_check_every = 30s;
inline constexpr auto clock_step_least = 1s;
inline constexpr auto clock_step_critical = 30s;
inline constexpr auto alarm_quiet_time = 1h;               // a cause that is counted is over after so long without it
inline constexpr auto outage_critical = 1h;
inline constexpr auto disk_forecast_least = 72h;           // less is an alarm,
inline constexpr auto disk_owed_least = 6h;                // where more waits than came in so long

// worker
inline constexpr auto worker_patience = 10s;                    // without a sign of life: ended
inline constexpr auto worker_idle_max = 30s;                    // without work: ended
inline constexpr std::uint64_t worker_memory_bytes_max = 64u << 20;
inline constexpr std::uint64_t worker_bytes_max = 2ull << 30;   // read by one process; then the next one
inline constexpr unsigned worker_processor_seconds_max = 600;
inline constexpr unsigned comparisons_max = 3;                  // that broke off; then the image is held
inline constexpr auto comparison_pause = 1s;                    // after one that broke off

// beacon
inline constexpr std::size_t beacon_touches_max = 64;  // marked at once; more of them go unmarked
inline constexpr std::size_t beacon_strikes_max = 128; // contents remembered that were at work when the program died
inline constexpr unsigned crashes_max = 3;             // with one content at work; then it is not touched any more

// settings
inline constexpr std::size_t settings_bytes_max = 1u << 20;    // one file
inline constexpr std::size_t settings_files_max = 256;         // in conf.d
inline constexpr std::size_t settings_values_max = 100000;     // in one file

// node
inline constexpr auto stop_grace = 5s;     // for transfers that run when the node is stopped
inline constexpr auto reload_grace = 60s;  // and for those of a destination that is taken out or changed
inline constexpr std::size_t clock_stretches_max = 16;  // of what the wall clock said before it was set
inline constexpr auto clock_kept_every = 1h;            // what it said last, on the disk
inline constexpr unsigned rescue_tries_max = 5;  // of what does not get through
inline constexpr std::size_t rescue_list_bytes_max = 256u << 20;  // of what was rescued before

// what a node looks at of its disk
inline constexpr std::uint64_t reclaim_below_percent = 23;  // free of the disk: then copies go that are kept because there is room,
inline constexpr std::uint64_t reclaim_until_percent = 25;  // until so much is free; both above what is an alarm
inline constexpr std::uint64_t disk_low_percent = 20;       // less free is an alarm,
inline constexpr std::uint64_t disk_critical_percent = 5;   // a critical one,
inline constexpr std::uint64_t disk_ease_percent = 2;       // and over when there is so much more

// and of who is there
inline constexpr auto contact_every = 3min;            // a destination that was not heard of for so long is asked whether it is there
inline constexpr auto contact_first_within = 3s;       // of the start
inline constexpr auto contact_answer_time_max = 20s;   // for its answer
inline constexpr auto refused_shown_time = 2h;         // whoever was refused within it is worth attention

}  // namespace sampan::core::limits
