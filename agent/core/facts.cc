// SPDX-License-Identifier: Apache-2.0
#include "core/facts.h"

#include <algorithm>
#include <array>

namespace sampan::core {
namespace {

constexpr std::array table{
    FactRow{Fact::sop_class_uid, "sop_class_uid", 0x00080016, false},
    FactRow{Fact::sop_instance_uid, "sop_instance_uid", 0x00080018, false},
    FactRow{Fact::transfer_syntax_uid, "transfer_syntax_uid", 0, false},
    FactRow{Fact::study_instance_uid, "study_instance_uid", 0x0020000d, false},
    FactRow{Fact::series_instance_uid, "series_instance_uid", 0x0020000e, false},
    FactRow{Fact::modality, "modality", 0x00080060, false},
    FactRow{Fact::calling_ae, "calling_ae", 0, false},
    FactRow{Fact::called_ae, "called_ae", 0, false},
    FactRow{Fact::peer_address, "peer_address", 0, false},
    FactRow{Fact::body_part, "body_part", 0x00180015, false},
    FactRow{Fact::station_name, "station_name", 0x00081010, false},
    FactRow{Fact::manufacturer, "manufacturer", 0x00080070, false},
    FactRow{Fact::model, "model", 0x00081090, false},
    FactRow{Fact::device_serial, "device_serial", 0x00181000, false},
    FactRow{Fact::software_versions, "software_versions", 0x00181020, false},
    FactRow{Fact::institution, "institution", 0x00080080, false},
    FactRow{Fact::character_set, "character_set", 0x00080005, false},
    FactRow{Fact::study_date, "study_date", 0x00080020, false},
    FactRow{Fact::study_time, "study_time", 0x00080030, false},
    FactRow{Fact::study_description, "study_description", 0x00081030, true},
    FactRow{Fact::instance_number, "instance_number", 0x00200013, false},
    FactRow{Fact::detector_id, "detector_id", 0x0018700a, false},
    FactRow{Fact::data_sop_instance_uid, "data_sop_instance_uid", 0, false},
    FactRow{Fact::unread, "unread", 0, false},
    FactRow{Fact::patient_name, "patient_name", 0x00100010, true},
    FactRow{Fact::patient_id, "patient_id", 0x00100020, true},
    FactRow{Fact::issuer_of_patient_id, "issuer_of_patient_id", 0x00100021, false},
    FactRow{Fact::birth_date, "birth_date", 0x00100030, true},
    FactRow{Fact::accession_number, "accession_number", 0x00080050, true},
    FactRow{Fact::media_type, "media_type", 0, false},
    FactRow{Fact::name, "name", 0, true},
};

}  // namespace

std::span<const FactRow> fact_table() { return table; }

const FactRow* find_fact(Fact fact) {
  const auto row = std::find_if(table.begin(), table.end(), [fact](const FactRow& r) { return r.fact == fact; });
  return row == table.end() ? nullptr : &*row;
}

void Facts::set(Fact fact, std::string value) {
  if (value.empty())
    values_.erase(fact);
  else
    values_[fact] = std::move(value);
}

std::string_view Facts::get(Fact fact) const {
  const auto found = values_.find(fact);
  return found == values_.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace sampan::core
