// SPDX-License-Identifier: Apache-2.0
// Last hop settings: how a destination sees the images of each origin. Words as in the file; what is changed in an image
// is dicom's (dicom/transform.h).
#pragma once

#include <string>
#include <vector>

namespace sampan::settings {

// Empty: as it is.
struct Transform {
  std::string issuer_of_patient_id{};
  std::string patient_id_prefix{};
  std::string institution_name{};
  std::string character_set{};  // "utf-8" or "gb18030"
  bool empty() const { return *this == Transform{}; }
  friend bool operator==(const Transform&, const Transform&) = default;
};

// Images of some sites or senders. What is empty here is as the destination says for all.
struct Origin {
  std::vector<std::string> from{};  // names of sites or calling AE titles; * stands for any run of characters
  std::string calling_ae{};
  Transform transform{};
  friend bool operator==(const Origin&, const Origin&) = default;
};

}  // namespace sampan::settings
