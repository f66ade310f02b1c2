// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_contact.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "core/limits.h"

namespace sampan::uplink {
namespace {

using core::Retry;

// Of a study that nobody has: the answer is empty.
std::string search_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (!url.ends_with("/studies")) url += "/studies";
  return url + "?StudyInstanceUID=2.25.0&limit=1";
}

HttpOptions quick(HttpOptions http) {
  http.answer_time_max = std::min<Millis>(http.answer_time_max, core::limits::contact_answer_time_max);
  http.answer_bytes_max = core::limits::query_answer_bytes_max;
  return http;
}

bool begins_with(std::string_view text, char wanted) {
  const auto at = text.find_first_not_of(" \t\r\n");
  return at != text.npos && text[at] == wanted;
}

class HttpContact final : public core::Contact {
 public:
  HttpContact(HttpContactOptions options, FileSystem& files, const core::Judge& judge, const Clock& clock)
      : url_(options.is_search ? search_of(options.url) : options.url),
        is_search_(options.is_search),
        is_proven_(options.url.starts_with("https://")),
        judge_(judge),
        client_(quick(std::move(options.http)), files, clock),
        access_(std::move(options.auth), client_, files, judge, clock) {}

  std::optional<Retry> ask() override {
    HttpRequest request;
    request.url = url_;
    request.headers = {is_search_ ? "Accept: application/dicom+json" : "Accept: application/json"};
    if (auto failed = access_.authorise(request)) return client_.close(), std::move(failed);
    const HttpResult result = client_.get(request);
    client_.close();
    if (const auto* failure = std::get_if<HttpFailure>(&result)) return retry_of(judge_, *failure);
    const auto& answer = std::get<HttpAnswer>(result);
    if (answer.status == 401) access_.refused();  // a token that is over is fetched anew next time
    return read(answer);
  }
  void interrupt() override { client_.interrupt(); }

 private:
  std::optional<Retry> read(const HttpAnswer& answer) const {
    const int status = answer.status;
    const bool trouble = (status >= 500 && status != 501 && status != 505) || status == 408 || status == 429;
    if (trouble || answer.by_proxy) return troubled(answer);
    if (is_proven_ || status >= 400) return std::nullopt;
    const bool page = log::safe(answer.content_type).find("html") != std::string::npos || begins_with(answer.body, '<');
    const bool nothing = !answer.too_long && answer.body.find_first_not_of(" \t\r\n") == std::string::npos;  // some have no word for no match
    const bool found = status == 204 || (status == 200 && (nothing || begins_with(answer.body, '[')));
    if (status >= 300 || page || (is_search_ && !found)) return judge_.stranger_answered(log::safe(answer.content_type));
    return std::nullopt;
  }
  Retry troubled(const HttpAnswer& answer) const {
    const core::Outcome judged = judge_.http_status(answer.status, {});
    const auto* said = std::get_if<Retry>(&judged);
    Retry retry{said == nullptr ? "HTTP " + std::to_string(answer.status) : said->reason, core::Scope::destination, answer.retry_after, 0};
    if (answer.by_proxy) retry.reason = "proxy: " + retry.reason;
    return retry;
  }

  const std::string url_;
  const bool is_search_, is_proven_;
  const core::Judge& judge_;
  HttpClient client_;
  StowAccess access_;
};

}  // namespace

std::unique_ptr<core::Contact> make_http_contact(HttpContactOptions options, FileSystem& files, const core::Judge& judge, const Clock& clock) {
  return std::make_unique<HttpContact>(std::move(options), files, judge, clock);
}

}  // namespace sampan::uplink
