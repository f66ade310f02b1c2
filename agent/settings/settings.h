// SPDX-License-Identifier: Apache-2.0
// Settings: everything a person may choose, typed and checked, as one value that never changes once loaded.
//
// The initial values here are those of the option table (options.h); a test compares the two.
// Threads: any; a Settings is only read.
// Fails:   load() reports every mistake of every file at once, none of them stops at the first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/item.h"
#include "core/limits.h"
#include "settings/last_hop.h"
#include "settings/routing.h"

namespace sampan::settings {

// An application entity we answer as. Images sent to it get the priority, when one is named.
struct CalledTitle {
  std::string title;
  std::optional<core::Priority> priority;
  friend bool operator==(const CalledTitle&, const CalledTitle&) = default;
};

// A sender that is let in. An empty part matches anything; not both are empty.
struct Caller {
  std::string ae_title;
  std::string address;  // numeric IPv4 or IPv6
  friend bool operator==(const Caller&, const Caller&) = default;
};

// How a folder is watched: by the kernel's word, by looking again and again, or as its file system allows.
enum class Watch { automatic, inotify, poll };

// A folder whose files are taken in.
struct IntakeFolder {
  std::string path;
  std::string ae_title;  // stands for the sender in rules; after load() never empty: the node's own when none is named
  Watch watch = Watch::automatic;
  unsigned stable_seconds = 5;
  bool keep = false;       // originals are moved aside instead of removed
  bool carry_any = false;  // what is not DICOM travels too
  friend bool operator==(const IntakeFolder&, const IntakeFolder&) = default;
};

// Written AE@host:port; an IPv6 address stands in brackets.
struct DimseAddress {
  std::string ae_title;
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const DimseAddress&, const DimseAddress&) = default;
};

// What must be true before a modality is told that its image is kept: it is safe on this disk, or archived by every
// required destination.
enum class CommitOn { accepted, archived };

struct Intake {
  bool enabled = true;
  std::string listen = "0.0.0.0";      // numeric IPv4 or IPv6
  std::uint16_t port = 11112;          // 0: any free port
  std::vector<CalledTitle> ae_titles;  // after load() never empty: the node's own title when none is named
  std::vector<Caller> callers;         // empty: anyone is let in
  std::vector<std::string> accept;     // transfer syntax UIDs; empty: every one
  unsigned associations_max = core::limits::associations_max;
  unsigned associations_per_host_max = core::limits::associations_per_host_max;
  unsigned idle_seconds_max = core::limits::association_idle_max.count();
  std::uint32_t pdu_bytes_max = core::limits::pdu_bytes_max;
  std::vector<IntakeFolder> folders;
  CommitOn commit_on = CommitOn::accepted;
  std::vector<DimseAddress> report_to{};  // where a calling AE title is called back with reports of storage commitment
  friend bool operator==(const Intake&, const Intake&) = default;
};

// The receipt after which a local payload may go (DESIGN, contract 4).
enum class ReclaimAfter { archived, accepted };

// How a destination is asked whether it keeps what it accepted; automatic: storage commitment, or else a query.
enum class ProofBy { automatic, commitment, query, none };

// Of a destination over HTTP. Files are PEM; an empty ca_file means whom the system trusts.
struct Tls {
  std::string ca_file{};
  std::string certificate{};
  std::string key{};
  friend bool operator==(const Tls&, const Tls&) = default;
};

// How this node shows who it is: one of the three, or none. Secrets are in files, never here.
struct Auth {
  struct Basic {
    std::string user{};
    std::string password_file{};
    friend bool operator==(const Basic&, const Basic&) = default;
  };
  struct OAuth2 {
    std::string token_url{};
    std::string client_id{};
    std::string client_secret_file{};
    std::string scope{};
    friend bool operator==(const OAuth2&, const OAuth2&) = default;
  };
  std::string bearer_file{};
  Basic basic{};
  OAuth2 oauth2{};
  friend bool operator==(const Auth&, const Auth&) = default;
};

struct Proxy {
  std::string url{};  // empty: none
  std::string user{};
  std::string password_file{};
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

struct Destination {
  std::string name;
  std::optional<DimseAddress> dimse;  // either this one
  std::string folder;                 // or this one, or stow, or http
  std::string calling_ae;             // after load() never empty: the node's own title when none is named
  unsigned lanes = 2;
  ReclaimAfter reclaim_after = ReclaimAfter::archived;
  unsigned retention_days = 30;
  bool required = true;
  std::string stow{};  // URL of the studies resource of a DICOMweb service
  Tls tls{};
  Auth auth{};
  Proxy proxy{};
  std::vector<Cargo> takes{};  // empty: images, and files where it is a folder; telemetry where it is http
  std::string http{};          // URL that gets telemetry as JSON
  Fallback fallback{};
  bool as_sender = false;      // called with the AE title an image came with
  Transform transform{};
  std::vector<Origin> origins{};
  ProofBy proof = ProofBy::automatic;
  std::vector<Window> windows{};  // empty: at any time
  friend bool operator==(const Destination&, const Destination&) = default;
};

struct Telemetry {
  unsigned every_seconds = 300;   // between samples
  unsigned outage_seconds = 300;  // a shorter one is no event
  friend bool operator==(const Telemetry&, const Telemetry&) = default;
};

struct Settings {
  std::string site;
  std::string ae_title = "SAMPAN";
  std::string state_directory = "/var/lib/sampan";
  Intake intake;
  std::vector<Destination> destinations;
  std::vector<RouteRule> routes{};  // empty: everything goes to every destination that takes it
  Telemetry telemetry{};
  std::string control_socket = "/run/sampan/control.sock";
  std::string log_level = "info";  // debug, info, warn or error
  friend bool operator==(const Settings&, const Settings&) = default;
};

enum class Lang { en, zh };

// A sentence in the languages of the people here.
struct Words {
  std::string en, zh;
  const std::string& in(Lang lang) const { return lang == Lang::zh ? zh : en; }
};

// Where a file says something. Lines and columns count from 1; 0 when the file as a whole is meant.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};
std::string to_string(const Place& place);

// One mistake: what is wrong, what was expected.
struct Problem {
  Place place;
  Words words;
};
// file:line:column: words
std::string to_string(const Problem& problem, Lang lang = Lang::en);

using Problems = std::vector<Problem>;  // in the order of the files, and within each in its own
using Loaded = std::variant<Settings, Problems>;

// The file, and after it every conf.d/*.yaml beside it (reading.h says how they become one).
Loaded load(const std::string& path);
// The same for text at hand; name stands for the file in problems.
Loaded load_text(const std::string& text, const std::string& name);

}  // namespace sampan::settings
