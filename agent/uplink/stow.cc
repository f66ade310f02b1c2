// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "core/instance_name.h"
#include "uplink/http_body.h"
#include "uplink/stow_answer.h"
#include "uplink/stow_body.h"
#include "uplink/stow_bundle.h"
#include "uplink/stow_copy.h"
#include "uplink/stow_search.h"

namespace sampan::uplink {
namespace {

using core::Consignment;
using core::Delivered;
using core::Fact;
using core::Outcome;
using core::Rejected;
using core::Retry;
using core::Scope;

using Bundle = std::vector<Consignment*>;

constexpr std::size_t uid_bytes_max = 64;
// A service in trouble with so many requests in a row is not asked about the rest of the batch.
constexpr unsigned troubles_max = 2;

// What a request came to. An instance without an outcome is owed `over`, or, without it, carried again alone.
struct Carried {
  explicit Carried(std::size_t instances) : outcomes(instances) {}
  std::vector<std::optional<Outcome>> outcomes;
  std::optional<Retry> over;
};

bool is_success(int status) { return status >= 200 && status < 300; }

bool carriable(const core::Item& item) {
  const auto usable = [&](Fact fact) {
    const std::size_t bytes = item.facts.get(fact).size();
    return bytes > 0 && bytes <= uid_bytes_max;
  };
  return item.kind == core::Kind::image && usable(Fact::sop_class_uid) && usable(Fact::sop_instance_uid) &&
         usable(Fact::transfer_syntax_uid);
}

// By which the answer may name it: what the data set says, where it differs from the command it came with.
std::vector<std::string> names_of(const core::Item& item) {
  std::vector<std::string> names{std::string(item.facts.get(Fact::sop_instance_uid))};
  if (item.facts.has(Fact::data_sop_instance_uid)) names.emplace_back(item.facts.get(Fact::data_sop_instance_uid));
  return names;
}

// Reverse proxies say 400 where TLS is at fault: our certificate is missing or expired, or the address should be https.
// No image may be rejected for that.
bool blames_tls(const HttpAnswer& answer) {
  const auto says = [&](std::string_view words) { return answer.body.find(words) != answer.body.npos; };
  return answer.status == 400 && (says("SSL certificate") || says("plain HTTP"));
}

std::string authority_of(const std::string& url) {
  const auto begin = url.find("://");
  const std::string rest = begin == url.npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

// What the first of them says, when the service is in trouble with every single one.
std::optional<Retry> trouble_of_all(const Carried& carried) {
  const Retry* first = nullptr;
  for (const auto& outcome : carried.outcomes) {
    const auto* retry = outcome ? std::get_if<Retry>(&*outcome) : nullptr;
    if (retry == nullptr || retry->scope != Scope::destination) return std::nullopt;
    if (first == nullptr) first = retry;
  }
  return *first;
}

Retry interrupted() { return {"interrupted by this node", Scope::this_node, std::nullopt, 0}; }
Retry unspoken() { return {"answered without a word about this instance", Scope::destination, std::nullopt, 0}; }

// Whether it tells anything of what is there: who we are and how much it has to do just now are other questions.
bool is_answer(const HttpResult& result) {
  const auto* answer = std::get_if<HttpAnswer>(&result);
  if (answer == nullptr || answer->by_proxy || answer->status >= 500) return false;
  constexpr std::array not_now{401, 403, 407, 408, 425, 429};
  return std::ranges::find(not_now, answer->status) == not_now.end();
}

// What came of comparing the image that is there with the one that is here.
enum class Copy {
  same,
  may_differ,   // something else was given back
  not_given,    // none, and there is none to be had
  not_allowed,  // to us
  not_now,
  unreadable    // the one that is here
};

Retry cannot_be_asked(const std::string& code) {
  return {code + " conflict, and whether it is there cannot be asked just now", Scope::item, std::nullopt, core::limits::doubtful_tries_max};
}
// A person decides, for what is there may be another image.
Rejected may_differ(const std::string& code) { return {code + " an image of this name is there; its content may differ"}; }
Retry unreadable() { return {"the stored copy cannot be read", Scope::item, std::nullopt, 0}; }

// Failure Reasons by which an instance is there already: PS3.7 C.5.3, and Azure's own.
bool says_it_is_there(std::uint16_t reason) { return reason == 0x0111 || reason == 0xb00e; }

class StowCourier final : public core::Courier {
 public:
  StowCourier(StowOptions options, FileSystem& files, const core::Judge& judge, const Clock& clock)
      : url_(std::move(options.url)),
        judge_(judge),
        clock_(clock),
        client_(std::move(options.http), files, clock),
        access_(std::move(options.auth), client_, files, judge, clock) {}

  void attempt(std::span<Consignment> batch, const core::Report& report) override;
  void rest() override { client_.close(); }
  void interrupt() override;

 private:
  Bundle next_bundle(std::deque<Consignment*>& waiting) const;
  Carried carry(const Bundle& bundle);
  std::variant<HttpAnswer, HttpFailure, Retry> post(StowBody& body);
  Carried broken(const Bundle& bundle, const StowBody& body, const HttpFailure& failure);
  Carried answered(const Bundle& bundle, const HttpAnswer& answer, std::uint64_t bytes);
  Carried refused(const Bundle& bundle, const HttpAnswer& answer, std::uint64_t bytes);
  Outcome conflicting(const Consignment& consignment, Outcome refusal);
  Copy compare(const Consignment& consignment, const std::string& name);
  Outcome named_there(const Consignment& consignment, const std::string& name, std::uint16_t reason, Outcome believed);
  HttpResult get(const HttpRequest& unauthorised);
  Outcome judged(const Consignment& consignment, const StowAnswer& answer, bool alone);
  core::Receipt receipt_for(const core::Item& item) const;

  const std::string url_;
  const core::Judge& judge_;
  const Clock& clock_;
  HttpClient client_;
  StowAccess access_;
  StowBundle size_;
  unsigned troubles_ = 0;  // in a row, of the running attempt
  bool welcome_ = false;   // the service took the last request: no need to ask before the next
  std::atomic<bool> interrupted_{false};
};

void StowCourier::attempt(std::span<Consignment> batch, const core::Report& report) {
  troubles_ = 0;
  std::deque<Consignment*> waiting;
  for (Consignment& consignment : batch) {
    if (carriable(consignment.item))
      waiting.push_back(&consignment);
    else
      report(consignment.item.id,
             Rejected{"no image with SOP Class, SOP Instance and Transfer Syntax UID: STOW-RS cannot carry it"});
  }
  std::optional<Retry> over;
  bool go_on = true;
  while (go_on && !waiting.empty() && !over) {
    const Bundle bundle = next_bundle(waiting);
    Carried carried = carry(bundle);
    over = std::move(carried.over);
    for (std::size_t i = bundle.size(); i-- > 0;)
      if (!carried.outcomes[i]) waiting.push_front(bundle[i]);
    for (std::size_t i = 0; i < bundle.size(); ++i)
      if (carried.outcomes[i]) go_on = report(bundle[i]->item.id, std::move(*carried.outcomes[i]));
  }
  if (!over) return;
  for (const Consignment* consignment : waiting) report(consignment->item.id, *over);
}

void StowCourier::interrupt() {
  interrupted_ = true;
  client_.interrupt();
}

// From the front, within the bounds. Two instances that an answer could not tell apart never travel together.
Bundle StowCourier::next_bundle(std::deque<Consignment*>& waiting) const {
  Bundle bundle;
  std::set<std::string> names;
  std::uint64_t bytes = 0;
  while (!waiting.empty() && bundle.size() < size_.items()) {
    Consignment* next = waiting.front();
    bytes += next->payload->size();
    if (!bundle.empty() && bytes > size_.bytes()) break;
    bool ambiguous = false;
    for (std::string& name : names_of(next->item)) ambiguous = !names.insert(std::move(name)).second || ambiguous;
    if (!bundle.empty() && ambiguous) break;
    bundle.push_back(next);
    waiting.pop_front();
  }
  return bundle;
}

Carried StowCourier::carry(const Bundle& bundle) {
  Carried carried(bundle.size());
  if (interrupted_) {
    carried.over = interrupted();
    return carried;
  }
  StowBody body(bundle);
  auto result = post(body);
  if (const auto* failure = std::get_if<HttpFailure>(&result)) return broken(bundle, body, *failure);
  if (const auto* answer = std::get_if<HttpAnswer>(&result)) return answered(bundle, *answer, body.size());
  carried.over = std::get<Retry>(std::move(result));
  return carried;
}

std::variant<HttpAnswer, HttpFailure, Retry> StowCourier::post(StowBody& body) {
  for (;;) {
    HttpRequest request;
    request.url = url_;
    request.headers = {"Content-Type: " + body.content_type(), "Accept: application/dicom+json"};
    request.size = body.size();
    request.body = [&body](std::uint64_t offset, ByteSpan into) { return body.read(offset, into); };
    request.ask_first = !std::exchange(welcome_, false);
    if (auto failed = access_.authorise(request)) return std::move(*failed);
    HttpResult result = client_.post(request);
    if (auto* failure = std::get_if<HttpFailure>(&result)) return std::move(*failure);
    auto& answer = std::get<HttpAnswer>(result);
    welcome_ = is_success(answer.status);
    if (answer.status != 401 || answer.by_proxy || !access_.refused()) return std::move(answer);
  }
}

Carried StowCourier::broken(const Bundle& bundle, const StowBody& body, const HttpFailure& failure) {
  Carried carried(bundle.size());
  if (failure.kind == HttpFailure::Kind::body && body.failed()) {
    // Our own loss, not the peer's: the others go on without it.
    const char* why = body.failed()->damaged ? "the stored copy does not verify" : "the stored copy cannot be read";
    carried.outcomes[body.failed()->instance] = Retry{why, Scope::item, std::nullopt, 0};
    return carried;
  }
  size_.trouble();
  carried.over = interrupted_ ? interrupted() : retry_of(judge_, failure);
  return carried;
}

Carried StowCourier::answered(const Bundle& bundle, const HttpAnswer& answer, std::uint64_t bytes) {
  const bool speaks = !answer.by_proxy && (is_success(answer.status) || answer.status == 409);
  const auto said = speaks ? read_stow_answer(answer.body) : std::nullopt;
  if (!said) return refused(bundle, answer, bytes);
  Carried carried(bundle.size());
  for (std::size_t i = 0; i < bundle.size(); ++i) {
    Outcome outcome = judged(*bundle[i], *said, bundle.size() == 1);
    if (auto* retry = std::get_if<Retry>(&outcome)) retry->not_before = answer.retry_after;
    carried.outcomes[i] = std::move(outcome);
  }
  const std::optional<Retry> trouble = trouble_of_all(carried);
  trouble ? size_.trouble() : size_.went_well(bundle.size());
  troubles_ = trouble ? troubles_ + 1 : 0;
  if (troubles_ >= troubles_max) carried.over = trouble;
  return carried;
}

// Named as failed counts more than named as stored: what is not stored would be lost, what is stored twice is not.
Outcome StowCourier::judged(const Consignment& consignment, const StowAnswer& answer, bool alone) {
  const core::Item& item = consignment.item;
  const core::Receipt receipt = receipt_for(item);
  bool stored = false;
  for (const std::string& name : names_of(item)) {
    if (const auto failed = answer.failed.find(name); failed != answer.failed.end())
      return named_there(consignment, name, failed->second, judge_.stow_failure(failed->second, receipt));
    stored = stored || answer.stored.contains(name);
  }
  if (stored) return Delivered{receipt};
  if (!alone || answer.nameless.empty()) return unspoken();
  Outcome failure = judge_.stow_failure(answer.nameless.front(), receipt);
  // "Stored already" is a receipt where it names what it means (DESIGN, contract 3).
  if (std::holds_alternative<Delivered>(failure)) failure = unspoken();
  return named_there(consignment, std::string(core::kept_as(item.facts)), answer.nameless.front(), std::move(failure));
}

// An answer of ours was lost with the line and the instance is there since; or another image has its name. Who gives it back is not
// believed but compared; who does not is believed as far as the reason goes.
Outcome StowCourier::named_there(const Consignment& consignment, const std::string& name, std::uint16_t reason, Outcome believed) {
  if (!says_it_is_there(reason)) return believed;
  const std::string code = reason == 0x0111 ? "0x0111" : "0xB00E";
  switch (compare(consignment, name)) {
    case Copy::same: return Delivered{receipt_for(consignment.item)};
    case Copy::may_differ: return may_differ(code);
    case Copy::not_now: return cannot_be_asked(code);
    case Copy::unreadable: return unreadable();
    case Copy::not_given:
    case Copy::not_allowed: break;
  }
  return believed;
}

// An answer that speaks of no instance: what its status means for all of them.
Carried StowCourier::refused(const Bundle& bundle, const HttpAnswer& answer, std::uint64_t bytes) {
  Carried carried(bundle.size());
  const bool stranger = is_success(answer.status) && (answer.too_long || !answer.body.empty()) && !is_json_answer(answer.content_type, answer.body);
  Outcome outcome = judge_.http_status(answer.status, receipt_for(bundle.front()->item));
  if (stranger) outcome = judge_.stranger_answered(log::safe(answer.content_type));
  if (answer.status == 409 && !answer.by_proxy && bundle.size() == 1) outcome = conflicting(*bundle.front(), std::move(outcome));
  if (blames_tls(answer)) outcome = judge_.certificate_refused("HTTP 400, as reverse proxies say it");
  auto* retry = std::get_if<Retry>(&outcome);
  if (retry != nullptr) {
    retry->not_before = answer.retry_after;
    if (answer.by_proxy) retry->reason = "proxy: " + retry->reason;
  }
  const bool of_all = retry != nullptr && (retry->scope == Scope::destination || retry->scope == Scope::configuration);
  if (of_all) {
    size_.trouble();
    const bool ends = stranger || retry->scope == Scope::configuration || retry->not_before || bundle.size() > 1;
    if (ends || ++troubles_ >= troubles_max) {
      carried.over = std::move(*retry);
      return carried;
    }
  } else if (bundle.size() > 1) {
    size_.refused(bytes, answer.status == 413);
    return carried;
  }
  carried.outcomes.front() = std::move(outcome);
  return carried;
}

// A conflict that says no more may mean that an answer of ours was lost with the line and the instance is there since; or that
// another image has its name there. Whoever finds it by name is asked for its content.
Outcome StowCourier::conflicting(const Consignment& consignment, Outcome refusal) {
  const core::Item& item = consignment.item;
  const std::string study(item.facts.get(Fact::study_instance_uid)), series(item.facts.get(Fact::series_instance_uid));
  HttpRequest request;
  request.url = instances_of(service_of(url_), study, series) + "&SOPInstanceUID=" + percent_encode(std::string(core::kept_as(item.facts)));
  request.headers = {"Accept: application/dicom+json"};
  const HttpResult result = get(request);
  if (!is_answer(result)) return cannot_be_asked("HTTP 409");
  const auto& answer = std::get<HttpAnswer>(result);
  const auto found = answer.status == 200 ? read_search_answer(answer.body) : std::nullopt;
  if (!found) return refusal;
  for (const std::string& name : names_of(item))
    if (found->has(name)) {
      const Copy copy = compare(consignment, name);
      if (copy == Copy::same) return Delivered{receipt_for(item)};
      if (copy == Copy::unreadable) return unreadable();
      if (copy == Copy::not_now || copy == Copy::not_allowed) return cannot_be_asked("HTTP 409");
      return may_differ("HTTP 409");
    }
  return refusal;
}

// Only the same bytes are the same.
Copy StowCourier::compare(const Consignment& consignment, const std::string& name) {
  const core::Item& item = consignment.item;
  const std::string study(item.facts.get(Fact::study_instance_uid)), series(item.facts.get(Fact::series_instance_uid));
  if (study.empty() || series.empty()) return Copy::not_given;  // cannot be asked for
  StowCopy copy(*consignment.payload);
  HttpRequest request;
  request.url = instance_of(service_of(url_), study, series, name);
  request.headers = {"Accept: multipart/related; type=\"application/dicom\"; transfer-syntax=*"};
  request.into = [&copy](const std::string& content_type, ByteView bytes) { return copy.take(content_type, bytes); };
  const HttpResult result = get(request);
  if (copy.is_unreadable()) return Copy::unreadable;
  const auto* answer = std::get_if<HttpAnswer>(&result);
  if (answer != nullptr && !answer->by_proxy && (answer->status == 401 || answer->status == 403)) return Copy::not_allowed;
  if (!is_answer(result)) return Copy::not_now;
  if (copy.is_same()) return Copy::same;
  return answer->status == 200 ? Copy::may_differ : Copy::not_given;
}

HttpResult StowCourier::get(const HttpRequest& unauthorised) {
  for (;;) {
    HttpRequest request = unauthorised;
    request.ask_first = false;
    if (auto failed = access_.authorise(request)) return HttpFailure{HttpFailure::Kind::no_connection, failed->reason};
    HttpResult result = client_.get(request);
    const auto* answer = std::get_if<HttpAnswer>(&result);
    if (answer == nullptr || answer->status != 401 || answer->by_proxy || !access_.refused()) return result;
  }
}

core::Receipt StowCourier::receipt_for(const core::Item& item) const {
  core::Receipt receipt;
  receipt.item = item.id;
  receipt.sha256 = item.sha256;
  receipt.node = authority_of(url_);
  receipt.time = clock_.wall();
  receipt.level = core::Level::accepted;
  return receipt;
}

}  // namespace

std::unique_ptr<core::Courier> make_stow_courier(StowOptions options, FileSystem& files, const core::Judge& judge,
                                                 const Clock& clock) {
  return std::make_unique<StowCourier>(std::move(options), files, judge, clock);
}

}  // namespace sampan::uplink
