// SPDX-License-Identifier: Apache-2.0
// HTTP JSON courier: posts items that are JSON objects, several in one request while all goes well (telemetry/TELEMETRY.md).
//
// Delivered means: 201 or 204 without a word, or a 2xx whose JSON object names the item's id in `accepted`. Any other 2xx is
// somebody else's answer. A request of several that is refused is carried again item by item: no item is rejected for another.
// Receipt::level is accepted, its node the authority of the URL.
// Memory: one request, about limits::news_bytes_max, and the answer.
// Threads: as core::Courier. After interrupt() it is at its end.
// Fails:   as the failure table says of the status; a stored copy that cannot be read or does not verify -> Retry, scope item;
//          cargo that is no JSON, or too long -> Rejected.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "core/courier.h"
#include "core/judge.h"
#include "uplink/stow_access.h"

namespace sampan::uplink {

struct HttpJsonOptions {
  std::string url;
  HttpOptions http{};
  StowAuth auth{};
};

// All must outlive the courier.
std::unique_ptr<core::Courier> make_http_json_courier(HttpJsonOptions options, FileSystem& files, const core::Judge& judge,
                                                      const Clock& clock);

// What the answer says of an item.
enum class JsonVerdict { accepted, rejected, silent };
JsonVerdict read_json_answer(const HttpAnswer& answer, const Uuid& item);

}  // namespace sampan::uplink
