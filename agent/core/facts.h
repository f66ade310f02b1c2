// SPDX-License-Identifier: Apache-2.0
// Facts: the few things a node knows about an item without decoding it.
//
// Values are the bytes the peer sent, trimmed of padding, in the declared character set; only display decodes them.
// A fact marked patient never reaches a log, a metric, an event or a file name (DESIGN, contract 11).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sampan::core {

// The numbers are on disk (queue/FORMAT.md): never reuse or renumber.
enum class Fact : std::uint16_t {
  sop_class_uid = 1,           // (0008,0016), from the C-STORE command
  sop_instance_uid = 2,        // (0008,0018), from the C-STORE command
  transfer_syntax_uid = 3,     // of the accepted presentation context
  study_instance_uid = 4,      // (0020,000D)
  series_instance_uid = 5,     // (0020,000E)
  modality = 6,                // (0008,0060)
  calling_ae = 7,              // calling AE title of the association
  called_ae = 8,               // called AE title of the association
  peer_address = 9,            // numeric IP address of the sender
  body_part = 10,              // (0018,0015)
  station_name = 11,           // (0008,1010)
  manufacturer = 12,           // (0008,0070)
  model = 13,                  // (0008,1090)
  device_serial = 14,          // (0018,1000)
  software_versions = 15,      // (0018,1020)
  institution = 16,            // (0008,0080)
  character_set = 17,          // (0008,0005)
  study_date = 18,             // (0008,0020)
  study_time = 19,             // (0008,0030)
  study_description = 20,      // (0008,1030); patient: free text may name a person
  instance_number = 21,        // (0020,0013)
  detector_id = 22,            // (0018,700A)
  data_sop_instance_uid = 23,  // (0008,0018) of the data set, only when it differs from the command's
  unread = 24,                 // "1": nobody looked into the data set, because looking ended the program again and again
  patient_name = 40,           // (0010,0010); patient
  patient_id = 41,             // (0010,0020); patient
  issuer_of_patient_id = 42,   // (0010,0021)
  birth_date = 43,             // (0010,0030); patient
  accession_number = 44,       // (0008,0050); patient
  media_type = 60,             // of cargo that is not DICOM, RFC 6838
  name = 61                    // of cargo that is not DICOM
};

struct FactRow {
  Fact fact;
  std::string_view name;  // as shown in JSON
  std::uint32_t tag;      // 0xggggeeee of the data element, 0 when it comes from elsewhere
  bool patient;
};

// Every fact once, ordered by number.
std::span<const FactRow> fact_table();
const FactRow* find_fact(Fact fact);

class Facts {
 public:
  // Empty values are not kept.
  void set(Fact fact, std::string value);
  // Empty when unknown.
  std::string_view get(Fact fact) const;
  bool has(Fact fact) const { return values_.contains(fact); }
  const std::map<Fact, std::string>& all() const { return values_; }
  friend bool operator==(const Facts&, const Facts&) = default;

 private:
  std::map<Fact, std::string> values_;
};

}  // namespace sampan::core
