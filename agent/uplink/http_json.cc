// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_json.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "core/limits.h"

namespace sampan::uplink {
namespace {

using core::Consignment;
using core::Delivered;
using core::Outcome;
using core::Rejected;
using core::Retry;
using core::Scope;

bool is_success(int status) { return status >= 200 && status < 300; }

// Of this item alone: the others go on.
bool is_of_all(const Outcome& outcome) {
  const auto* retry = std::get_if<Retry>(&outcome);
  return retry != nullptr && (retry->scope == Scope::destination || retry->scope == Scope::configuration);
}

bool names(const nlohmann::json& answer, const char* list, const std::string& id) {
  const auto found = answer.find(list);
  if (found == answer.end() || !found->is_array()) return false;
  return std::any_of(found->begin(), found->end(), [&](const auto& one) {
    if (one.is_string()) return one.template get<std::string>() == id;
    return one.is_object() && one.value("id", nlohmann::json()) == id;
  });
}

std::string authority_of(const std::string& url) {
  const auto begin = url.find("://");
  const std::string rest = begin == url.npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

class HttpJsonCourier final : public core::Courier {
 public:
  HttpJsonCourier(HttpJsonOptions options, FileSystem& files, const core::Judge& judge, const Clock& clock)
      : url_(std::move(options.url)),
        judge_(judge),
        clock_(clock),
        client_(std::move(options.http), files, clock),
        access_(std::move(options.auth), client_, files, judge, clock) {}

  void attempt(std::span<Consignment> batch, const core::Report& report) override {
    std::optional<Outcome> over;
    for (Consignment& one : batch) {
      Outcome outcome = over ? *over : carry(one);
      if (is_of_all(outcome)) over = outcome;
      report(one.item.id, std::move(outcome));
    }
  }
  void rest() override { client_.close(); }
  void interrupt() override {
    interrupted_ = true;
    client_.interrupt();
  }

 private:
  Outcome carry(Consignment& cargo);
  Outcome post(const core::Item& item, const Bytes& body);
  Outcome judged(const core::Item& item, const HttpAnswer& answer) const;

  const std::string url_;
  const core::Judge& judge_;
  const Clock& clock_;
  HttpClient client_;
  StowAccess access_;
  std::atomic<bool> interrupted_{false};
};

Outcome HttpJsonCourier::carry(Consignment& cargo) {
  const core::Item& item = cargo.item;
  if (item.kind != core::Kind::event && item.kind != core::Kind::sample) return Rejected{"the service takes events and samples only"};
  if (item.size > core::limits::news_bytes_max) return Rejected{"too long for an event or a sample"};
  if (interrupted_) return Retry{"interrupted by this node", Scope::item, {}, 0};
  Bytes body(static_cast<std::size_t>(item.size));
  const auto got = cargo.payload->read(0, body);
  if (!got || *got != body.size() || sha256(body) != item.sha256) return Retry{"the stored copy cannot be read", Scope::item, {}, 0};
  return post(item, body);
}

Outcome HttpJsonCourier::post(const core::Item& item, const Bytes& body) {
  for (;;) {
    HttpRequest request;
    request.url = url_;
    request.headers = {"Content-Type: application/json", "Accept: application/json", "Idempotency-Key: " + to_string(item.id)};
    request.size = body.size();
    request.ask_first = false;
    request.body = [&body](std::uint64_t offset, ByteSpan into) -> Result<std::size_t> {
      const std::size_t count = std::min<std::size_t>(into.size(), body.size() - offset);
      std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
      return count;
    };
    if (auto failed = access_.authorise(request)) return std::move(*failed);
    HttpResult result = client_.post(request);
    if (const auto* failure = std::get_if<HttpFailure>(&result)) return retry_of(judge_, *failure);
    const auto& answer = std::get<HttpAnswer>(result);
    if (answer.status != 401 || answer.by_proxy || !access_.refused()) return judged(item, answer);
  }
}

Outcome HttpJsonCourier::judged(const core::Item& item, const HttpAnswer& answer) const {
  const core::Receipt receipt{item.id, item.sha256, authority_of(url_), clock_.wall(), core::Level::accepted};
  switch (answer.by_proxy ? JsonVerdict::silent : read_json_answer(answer, item.id)) {
    case JsonVerdict::accepted: return Delivered{receipt};
    case JsonVerdict::rejected: return Rejected{"the service refused it"};
    case JsonVerdict::silent: break;
  }
  Outcome outcome = is_success(answer.status) ? Outcome(judge_.stranger_answered(log::safe(answer.content_type)))
                                              : judge_.http_status(answer.status, receipt);
  if (auto* retry = std::get_if<Retry>(&outcome)) {
    retry->not_before = answer.retry_after;
    if (answer.by_proxy) retry->reason = "proxy: " + retry->reason;
  }
  return outcome;
}

}  // namespace

JsonVerdict read_json_answer(const HttpAnswer& answer, const Uuid& item) {
  const int status = answer.status;
  if (!is_success(status) || answer.too_long) return JsonVerdict::silent;
  if (answer.body.empty()) return status == 201 || status == 204 ? JsonVerdict::accepted : JsonVerdict::silent;
  const auto said = nlohmann::json::parse(answer.body, nullptr, false);
  if (!said.is_object()) return JsonVerdict::silent;
  const std::string id = to_string(item);
  // Named as refused counts more: what is not kept would be lost, what is kept twice is not.
  if (names(said, "rejected", id)) return JsonVerdict::rejected;
  return names(said, "accepted", id) ? JsonVerdict::accepted : JsonVerdict::silent;
}

std::unique_ptr<core::Courier> make_http_json_courier(HttpJsonOptions options, FileSystem& files, const core::Judge& judge,
                                                      const Clock& clock) {
  return std::make_unique<HttpJsonCourier>(std::move(options), files, judge, clock);
}

}  // namespace sampan::uplink
