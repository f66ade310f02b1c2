// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_search.h"

#include "uplink/http_client.h"

namespace sampan::uplink {

std::string service_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/studies") ? url.substr(0, url.size() - 8) : url;
}

std::string instances_of(const std::string& service, const std::string& study, const std::string& series, bool availability) {
  return service + "/studies/" + percent_encode(study) + "/series/" + percent_encode(series) + "/instances?includefield=00080018" +
         (availability ? "&includefield=00080056" : "");
}

std::string instance_of(const std::string& service, const std::string& study, const std::string& series, const std::string& instance) {
  return service + "/studies/" + percent_encode(study) + "/series/" + percent_encode(series) + "/instances/" + percent_encode(instance);
}

}  // namespace sampan::uplink
