// SPDX-License-Identifier: Apache-2.0
// STOW search: where a DICOMweb service is asked which instances of a series it has (QIDO-RS, PS3.18 10.6), and for one of them
// (WADO-RS, PS3.18 10.4).
//
// Threads: any.
// Fails:   never.
#pragma once

#include <string>

namespace sampan::uplink {

// "https://host/dicom-web/studies" -> "https://host/dicom-web"
std::string service_of(std::string studies_url);
// Ends with a parameter; others are added with '&'. availability: whether their content can be had is asked as well.
std::string instances_of(const std::string& service, const std::string& study, const std::string& series, bool availability = false);
std::string instance_of(const std::string& service, const std::string& study, const std::string& series, const std::string& instance);

}  // namespace sampan::uplink
