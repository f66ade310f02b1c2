// SPDX-License-Identifier: Apache-2.0
// DataSet: a small data set as values: what service messages carry besides images (identifiers of a query, requests
// and reports of storage commitment).
//
// Little Endian, VR implicit or explicit (PS3.5 7). Texts lose their trailing padding. Elements of any kind are kept as
// bytes, sequences of the tags in sequence_tags (and, with explicit VR, every SQ) as items.
// Threads: plain values.
// Fails:   bytes that break the encoding, are nested deeper than data_set_depth_max or hold more than
//          data_set_elements_max elements -> Errc::invalid; never reads outside what it was given.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sampan::dicom {

using Tag = std::uint32_t;  // 0xggggeeee

namespace tag {
inline constexpr Tag sop_class_uid = 0x00080016;
inline constexpr Tag sop_instance_uid = 0x00080018;
inline constexpr Tag query_level = 0x00080052;
inline constexpr Tag instance_availability = 0x00080056;
inline constexpr Tag referenced_sop_class_uid = 0x00081150;
inline constexpr Tag referenced_sop_instance_uid = 0x00081155;
inline constexpr Tag transaction_uid = 0x00081195;
inline constexpr Tag failure_reason = 0x00081197;
inline constexpr Tag failed_sop_sequence = 0x00081198;
inline constexpr Tag referenced_sop_sequence = 0x00081199;
inline constexpr Tag study_instance_uid = 0x0020000d;
inline constexpr Tag series_instance_uid = 0x0020000e;
}  // namespace tag

class DataSet {
 public:
  struct Element {
    std::string vr;     // two letters; empty when decoded from implicit VR
    std::string value;  // without trailing padding
    std::vector<DataSet> items;
    bool is_sequence = false;
  };

  // vr: two letters (PS3.5 6.2); a UI is padded with NUL, everything else with a space.
  void set(Tag tag, std::string_view vr, std::string value);
  void set_number(Tag tag, std::uint16_t value);  // US
  // Appends an item to the sequence, which is made when it is not there. Valid until the next call.
  DataSet& add_item(Tag sequence);

  std::string_view text(Tag tag) const;                   // empty when absent
  std::uint16_t number(Tag tag, std::uint16_t absent) const;  // US
  const std::vector<DataSet>& items(Tag sequence) const;  // none when absent
  const std::map<Tag, Element>& elements() const { return elements_; }
  void put(Tag tag, Element element) { elements_[tag] = std::move(element); }

 private:
  std::map<Tag, Element> elements_;
};

Bytes encode(const DataSet& set, bool explicit_vr);
Result<DataSet> decode_data_set(ByteView bytes, bool explicit_vr);

}  // namespace sampan::dicom
