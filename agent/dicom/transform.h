// SPDX-License-Identifier: Apache-2.0
// Transform: what a destination wants changed in a data set on its way out. What is stored is never touched.
//
// It is said in edits, which whoever holds the data set splices into it: this here may run where nothing is held (agent/worker).
// Every change is recorded: the element as it was stands in a new item of the Original Attributes Sequence. Whatever is
// not changed stays bit for bit, pixel data of any size is passed through. The answer is the same for every attempt.
// A Patient ID that is empty stays empty: a prefix alone would make one patient of many.
// Threads: any.
// Fails:   Errc::invalid: it cannot be changed safely, and is not changed at all; the message is for a person.
//          Otherwise as Payload::read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "core/courier.h"
#include "dicom/original_attributes.h"
#include "dicom/spliced.h"

namespace sampan::dicom {

// Empty: as it is. Other characters than ASCII only together with a character set.
struct Transform {
  std::string issuer_of_patient_id{};  // (0010,0021); a sequence that qualifies the old issuer is taken away
  std::string patient_id_prefix{};     // before (0010,0020)
  std::string institution_name{};      // (0008,0080)
  // All text is rewritten in it, and (0008,0005) says so: "ISO_IR 192" or "GB18030".
  std::string character_set{};
  bool empty() const;
  friend bool operator==(const Transform&, const Transform&) = default;
};

// What is to be spliced into the original, in order; nothing where nothing has to be changed.
Result<std::vector<Edit>> transform(std::string_view transfer_syntax_uid, core::Payload& original, const Transform& wanted, const ChangeNote& note);

// Bytes in memory that a payload needs for what was changed in it.
std::uint64_t held_bytes(const core::Payload& payload);

// Reads all of it.
Result<Digest> digest_of(core::Payload& payload);

}  // namespace sampan::dicom
