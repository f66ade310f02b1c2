// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_json.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.h"
#include "core/limits.h"
#include "uplink/http_body.h"

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
    if (!one.is_object()) return false;
    const auto named = one.find("id");
    return named != one.end() && *named == id;
  });
}

// The item's line without its line feed, or what became of it.
std::variant<std::string, Outcome> read_line(const Consignment& cargo) {
  const core::Item& item = cargo.item;
  if (item.kind != core::Kind::event && item.kind != core::Kind::sample)
    return Outcome(Rejected{"the service takes events and samples only"});
  if (item.size > core::limits::news_bytes_max) return Outcome(Rejected{"too long for an event or a sample"});
  Bytes bytes(static_cast<std::size_t>(item.size));
  const auto got = cargo.payload->read(0, bytes);
  if (!got || *got != bytes.size() || sha256(bytes) != item.sha256)
    return Outcome(Retry{"the stored copy cannot be read", Scope::item, {}, 0});
  std::string line(bytes.begin(), bytes.end());
  if (line.ends_with('\n')) line.pop_back();
  return line;
}

std::string authority_of(const std::string& url) {
  const auto begin = url.find("://");
  const std::string rest = begin == url.npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

// Items that travel together, and their bytes.
struct Bundle {
  std::vector<const Consignment*> items;
  std::string body;
};

// By which a service knows the same request again: an item's own id, or what the ids of several come to.
std::string key_of(const Bundle& bundle) {
  if (bundle.items.size() == 1) return to_string(bundle.items.front()->item.id);
  Sha256 hash;
  for (const Consignment* one : bundle.items) hash.update(one->item.id.bytes);
  return to_hex(hash.finish()).substr(0, 32);
}

class HttpJsonCourier final : public core::Courier {
 public:
  HttpJsonCourier(HttpJsonOptions options, FileSystem& files, const core::Judge& judge, const Clock& clock)
      : url_(std::move(options.url)),
        judge_(judge),
        clock_(clock),
        client_(std::move(options.http), files, clock),
        access_(std::move(options.auth), client_, files, judge, clock) {}

  void attempt(std::span<Consignment> batch, const core::Report& report) override;
  void rest() override { client_.close(); }
  void interrupt() override {
    interrupted_ = true;
    client_.interrupt();
  }

 private:
  Bundle next_bundle(std::deque<const Consignment*>& waiting, const core::Report& report) const;
  // One for each item; none: to be carried again alone.
  std::vector<std::optional<Outcome>> carry(const Bundle& bundle);
  std::variant<HttpAnswer, Retry> post(const Bundle& bundle);
  Outcome said_without_a_word(const HttpAnswer& answer, const core::Item& item) const;
  core::Receipt receipt_for(const core::Item& item) const {
    return {item.id, item.sha256, authority_of(url_), clock_.wall(), core::Level::accepted};
  }

  const std::string url_;
  const core::Judge& judge_;
  const Clock& clock_;
  HttpClient client_;
  StowAccess access_;
  std::size_t together_ = 1;  // items in one request; doubles while all goes well
  std::atomic<bool> interrupted_{false};
};

void HttpJsonCourier::attempt(std::span<Consignment> batch, const core::Report& report) {
  std::deque<const Consignment*> waiting;
  for (const Consignment& one : batch) waiting.push_back(&one);
  std::optional<Outcome> over;
  while (!waiting.empty() && !over) {
    const Bundle bundle = next_bundle(waiting, report);
    if (bundle.items.empty()) continue;
    auto outcomes = carry(bundle);
    bool well = true;
    for (std::size_t i = bundle.items.size(); i-- > 0;) {
      well = well && outcomes[i] && std::holds_alternative<Delivered>(*outcomes[i]);
      if (!outcomes[i]) waiting.push_front(bundle.items[i]);
    }
    together_ = well ? std::min(2 * together_, core::limits::http_items_max) : 1;
    for (std::size_t i = 0; i < bundle.items.size(); ++i) {
      if (!outcomes[i]) continue;
      if (is_of_all(*outcomes[i])) over = outcomes[i];
      report(bundle.items[i]->item.id, std::move(*outcomes[i]));
    }
  }
  for (const Consignment* one : waiting) report(one->item.id, *over);
}

// From the front, within the bounds. What cannot be carried is reported at once.
Bundle HttpJsonCourier::next_bundle(std::deque<const Consignment*>& waiting, const core::Report& report) const {
  Bundle bundle;
  while (!waiting.empty() && bundle.items.size() < together_) {
    const Consignment& next = *waiting.front();
    if (!bundle.items.empty() && bundle.body.size() + next.item.size > core::limits::news_bytes_max) break;
    waiting.pop_front();
    auto line = read_line(next);
    if (auto* failed = std::get_if<Outcome>(&line)) {
      report(next.item.id, std::move(*failed));
      continue;
    }
    bundle.body += (bundle.items.empty() ? "{\"schema\":\"sampan.batch/1\",\"items\":[\n" : ",\n") + std::get<std::string>(line);
    bundle.items.push_back(&next);
  }
  bundle.body += "]}\n";
  return bundle;
}

std::vector<std::optional<Outcome>> HttpJsonCourier::carry(const Bundle& bundle) {
  std::vector<std::optional<Outcome>> outcomes(bundle.items.size());
  const auto all = [&](const Outcome& outcome) { std::ranges::fill(outcomes, std::optional<Outcome>(outcome)); };
  if (interrupted_) return all(Retry{"interrupted by this node", Scope::this_node, {}, 0}), outcomes;
  auto result = post(bundle);
  if (auto* failed = std::get_if<Retry>(&result)) return all(std::move(*failed)), outcomes;
  const auto& answer = std::get<HttpAnswer>(result);
  bool spoken = false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const core::Item& item = bundle.items[i]->item;
    const JsonVerdict verdict = answer.by_proxy ? JsonVerdict::silent : read_json_answer(answer, item.id);
    if (verdict == JsonVerdict::accepted) outcomes[i] = Delivered{receipt_for(item)};
    if (verdict == JsonVerdict::rejected) outcomes[i] = Rejected{"the service refused it"};
    spoken = spoken || verdict != JsonVerdict::silent;
  }
  if (spoken) {
    for (auto& outcome : outcomes)
      if (!outcome) outcome = Retry{"answered without a word about this item", Scope::item, answer.retry_after, 0};
    return outcomes;
  }
  const Outcome outcome = said_without_a_word(answer, bundle.items.front()->item);
  // Which of several a service means nobody can tell: each is asked about alone.
  if (outcomes.size() == 1 || is_of_all(outcome)) all(outcome);
  return outcomes;
}

std::variant<HttpAnswer, Retry> HttpJsonCourier::post(const Bundle& bundle) {
  for (;;) {
    HttpRequest request;
    request.url = url_;
    request.headers = {"Content-Type: application/json", "Accept: application/json", "Idempotency-Key: " + key_of(bundle)};
    request.size = bundle.body.size();
    request.ask_first = false;
    request.body = [&body = bundle.body](std::uint64_t offset, ByteSpan into) -> Result<std::size_t> {
      const std::size_t count = std::min<std::size_t>(into.size(), body.size() - offset);
      std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
      return count;
    };
    if (auto failed = access_.authorise(request)) return std::move(*failed);
    HttpResult result = client_.post(request);
    if (const auto* failure = std::get_if<HttpFailure>(&result)) return retry_of(judge_, *failure);
    auto& answer = std::get<HttpAnswer>(result);
    if (answer.status != 401 || answer.by_proxy || !access_.refused()) return std::move(answer);
  }
}

Outcome HttpJsonCourier::said_without_a_word(const HttpAnswer& answer, const core::Item& item) const {
  Outcome outcome = is_success(answer.status) ? Outcome(judge_.stranger_answered(log::safe(answer.content_type)))
                                              : judge_.http_status(answer.status, receipt_for(item));
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
  const auto said = read_json_body(answer.body);
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
