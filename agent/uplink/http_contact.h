// SPDX-License-Identifier: Apache-2.0
// HTTP contact: one GET over a connection that is not kept: a search that finds nothing, of a DICOMweb service (QIDO-RS, PS3.18
// 10.6), or of the URL itself.
//
// Over https the certificate proves who answers, so that any answer is one: what the service thinks of such a request, or of us,
// only an attempt tells. Over http a page, a redirection, or success that is no result of a search is a stranger's (a captive
// portal). Trouble of the server or its proxy is trouble.
// Threads: as core::Contact.
// Fails:   Retry as core::Judge says; secrets that cannot be used -> scope configuration.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "core/judge.h"
#include "core/contact.h"
#include "uplink/stow_access.h"

namespace sampan::uplink {

struct HttpContactOptions {
  std::string url;       // of a DICOMweb service without a name at its end, or with /studies
  bool is_search = false;  // it is such a service
  HttpOptions http{};
  StowAuth auth{};
};

// All must outlive it.
std::unique_ptr<core::Contact> make_http_contact(HttpContactOptions options, FileSystem& files, const core::Judge& judge, const Clock& clock);

}  // namespace sampan::uplink
