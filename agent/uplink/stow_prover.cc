// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_prover.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/instance_name.h"
#include "core/limits.h"
#include "uplink/found_there.h"
#include "uplink/proof_habit.h"
#include "uplink/stow_answer.h"
#include "uplink/stow_search.h"

namespace sampan::uplink {
namespace {

using core::Fact;
using core::Item;
using core::ProofWay;
using core::Unclear;
using nlohmann::json;

constexpr std::size_t instances_per_page = 200;
constexpr std::size_t names_max = 50'000;  // of one series; a service that finds more finds without end, and would fill the memory
constexpr unsigned failures_max = 3;    // series whose search failed; then the others are left for later

std::string uid(const Item& item, Fact fact) { return std::string(item.facts.get(fact)); }

// No such resource here (RFC 9110 15.5.5, 15.5.6, 15.6.2).
bool not_offered(int status) { return status == 404 || status == 405 || status == 501; }
// It will not, now or later; who we are and how much it has to do just now are other questions.
bool refused(int status) {
  return not_offered(status) || (status >= 400 && status < 500 && status != 401 && status != 407 && status != 408 && status != 425 && status != 429);
}

// A name is what a sender wrote: where it is no text it is asked for as one, of which nobody has an image.
std::string request_body(std::span<const Item> batch) {
  json items = json::array();
  const auto value = [](const std::string& text) { return json{{"vr", "UI"}, {"Value", json::array({text})}}; };
  for (const Item& item : batch)
    items.push_back({{"00081150", value(uid(item, Fact::sop_class_uid))}, {"00081155", value(std::string(core::kept_as(item.facts)))}});
  return json{{"00081199", {{"vr", "SQ"}, {"Value", std::move(items)}}}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

class StowProver final : public core::Prover {
 public:
  StowProver(StowProverOptions options, core::Transactions& transactions, core::Receipts& receipts, FileSystem& files,
             const core::Judge& judge, const Clock& clock)
      : options_(std::move(options)),
        service_(service_of(options_.service.url)),
        transactions_(transactions),
        receipts_(receipts),
        clock_(clock),
        client_(options_.service.http, files, clock),
        access_(options_.service.auth, client_, files, judge, clock) {}

  void ask(std::span<const Item> batch, const core::ProofReport& report) override;
  void seek(std::span<const Item> batch, const core::ProofReport& report) override;
  ProofWay way() const override { return habit_.way(); }
  void interrupt() override { client_.interrupt(); }

 private:
  using Said = std::variant<HttpAnswer, Unclear>;
  Said call(const std::string& url, const std::string* body);
  // Nothing: this service has no such resource, or is to be asked in another way just now.
  std::optional<Unclear> commit(std::span<const Item> batch, bool anew);
  std::optional<Unclear> judge(const std::string& transaction, const Said& said);
  std::optional<Unclear> query(std::span<const Item> batch, const core::ProofReport& report);
  void learn_of_query(bool answered);
  std::variant<FoundThere, Unclear> list(const std::string& study, const std::string& series);
  Said page_of(const std::string& study, const std::string& series, std::size_t offset);
  core::Receipt receipt_for(const Item& item) const {
    return {item.id, item.sha256, service_, clock_.wall(), core::Level::archived};
  }

  const StowProverOptions options_;
  const std::string service_;
  core::Transactions& transactions_;
  core::Receipts& receipts_;
  const Clock& clock_;
  HttpClient client_;
  StowAccess access_;
  std::string working_;     // the transaction whose result is awaited
  MonoTime working_since_{};
  bool found_before_ = false;  // a search of this service found something
  bool seeking_ = false;
  ProofHabit habit_{clock_};
};

void StowProver::ask(std::span<const Item> batch, const core::ProofReport& report) {
  std::set<Uuid> told;
  const core::ProofReport remember = [&](const Uuid& id, core::Proof proof) {
    told.insert(id);
    report(id, std::move(proof));
  };
  std::optional<Unclear> said;
  const bool wanted = options_.may_commit && habit_.wants_commitment(options_.may_query);
  if (wanted || !working_.empty()) said = commit(batch, wanted);
  if (options_.may_query && (!said || !wanted)) said = query(batch, remember);
  if (!said) said = Unclear{"it offers no proof that it keeps an image", {}};
  for (const Item& item : batch)
    if (!told.contains(item.id)) report(item.id, *said);
  client_.close();
}

void StowProver::seek(std::span<const Item> batch, const core::ProofReport& report) {
  if (!options_.may_query) return;
  seeking_ = true;
  static_cast<void>(query(batch, report));
  seeking_ = false;
  client_.close();
}

// What is merely sought beside storage commitment changes no habit.
void StowProver::learn_of_query(bool answered) {
  if (seeking_) return;
  answered ? habit_.query_answered() : habit_.query_brought_nothing();
}

StowProver::Said StowProver::call(const std::string& url, const std::string* body) {
  for (;;) {
    HttpRequest request;
    request.url = url;
    request.headers = {"Accept: application/dicom+json"};
    request.ask_first = false;
    if (body != nullptr) {
      request.headers.emplace_back("Content-Type: application/dicom+json");
      request.size = body->size();
      request.body = [body](std::uint64_t offset, ByteSpan into) { return Result<std::size_t>(body->copy(reinterpret_cast<char*>(into.data()), into.size(), offset)); };
    }
    if (auto failed = access_.authorise(request)) return Unclear{failed->reason, {}};
    HttpResult result = body != nullptr ? client_.post(request) : client_.get(request);
    if (const auto* failure = std::get_if<HttpFailure>(&result)) return Unclear{failure->words, {}};
    auto& answer = std::get<HttpAnswer>(result);
    if (answer.status != 401 || answer.by_proxy || !access_.refused()) return std::move(answer);
  }
}

std::optional<Unclear> StowProver::commit(std::span<const Item> batch, bool anew) {
  const std::string resource = service_ + "/commitment-requests/";
  if (clock_.mono() - working_since_ > core::limits::commitment_work_max) working_.clear();
  if (!working_.empty()) {
    const std::string transaction = working_;
    const Said said = call(resource + transaction, nullptr);
    const auto* answer = std::get_if<HttpAnswer>(&said);
    if (answer == nullptr || !not_offered(answer->status)) return judge(transaction, said);
    working_.clear();  // forgotten over there
  }
  if (!anew) return std::nullopt;
  const auto transaction = transactions_.begin(options_.name);
  if (!transaction) return Unclear{transaction.error().message, {}};
  const std::string body = request_body(batch);
  const Said said = call(resource + *transaction, &body);
  const auto* answer = std::get_if<HttpAnswer>(&said);
  if (answer != nullptr && !answer->by_proxy && refused(answer->status)) {
    habit_.commitment_refused(options_.may_query);
    return std::nullopt;
  }
  return judge(*transaction, said);
}

std::optional<Unclear> StowProver::judge(const std::string& transaction, const Said& said) {
  if (const auto* unclear = std::get_if<Unclear>(&said)) return *unclear;
  const auto& answer = std::get<HttpAnswer>(said);
  if (answer.by_proxy) return Unclear{"the proxy answered with HTTP " + std::to_string(answer.status), answer.retry_after};
  habit_.commitment_asked();
  if (answer.status == 202) {
    if (std::exchange(working_, transaction) != transaction) working_since_ = clock_.mono();
    return Unclear{"asked; it is still working on the storage commitment", answer.retry_after};
  }
  working_.clear();
  const auto read = answer.status == 200 ? read_stow_answer(answer.body) : std::nullopt;
  if (!read) return Unclear{"its answer about storage commitment is none: HTTP " + std::to_string(answer.status), answer.retry_after};
  core::CommitmentReport report{transaction, {}, {}};
  for (const auto& name : read->stored)
    if (!read->failed.contains(name)) report.committed.push_back(name);
  for (const auto& [name, reason] : read->failed) report.failed.push_back({name, reason});
  if (Status taken = receipts_.commitment_reported(report); !taken) return Unclear{taken.error().message, {}};
  habit_.commitment_reported();
  return Unclear{"its report says nothing of this image", {}};  // of those it does name, the receipt is there already
}

std::optional<Unclear> StowProver::query(std::span<const Item> batch, const core::ProofReport& report) {
  std::map<std::pair<std::string, std::string>, std::vector<const Item*>> by_series;
  for (const Item& item : batch)
    by_series[{uid(item, Fact::study_instance_uid), uid(item, Fact::series_instance_uid)}].push_back(&item);
  unsigned failures = 0;
  for (const auto& [series, items] : by_series) {
    if (series.first.empty() || series.second.empty()) continue;  // cannot be searched for
    const auto found = list(series.first, series.second);
    if (const auto* unclear = std::get_if<Unclear>(&found)) {
      for (const Item* item : items) report(item->id, *unclear);
      if (++failures >= failures_max) return *unclear;
      continue;
    }
    learn_of_query(found_before_);
    for (const Item* item : items) report(item->id, proof_of(std::get<FoundThere>(found), *item, receipt_for(*item), found_before_));
  }
  return Unclear{"it cannot be searched for without its study and series", {}};
}

// Who takes it amiss to be asked whether the content can be had is asked without that.
StowProver::Said StowProver::page_of(const std::string& study, const std::string& series, std::size_t offset) {
  const std::string page = "&limit=" + std::to_string(instances_per_page) + "&offset=" + std::to_string(offset);
  Said said = call(instances_of(service_, study, series, true) + page, nullptr);
  const auto* answer = std::get_if<HttpAnswer>(&said);
  if (answer == nullptr || answer->status != 400 || answer->by_proxy) return said;
  return call(instances_of(service_, study, series) + page, nullptr);
}

// All instances of a series, page by page.
std::variant<FoundThere, Unclear> StowProver::list(const std::string& study, const std::string& series) {
  FoundThere found;
  for (std::size_t page = 0, offset = 0; page < core::limits::search_pages_max; ++page) {
    const Said said = page_of(study, series, offset);
    if (const auto* unclear = std::get_if<Unclear>(&said)) return *unclear;
    const auto& answer = std::get<HttpAnswer>(said);
    if (!answer.by_proxy && (answer.status == 204 || (answer.status == 404 && answer.content_type.find("html") == answer.content_type.npos)))
      return found;  // nothing more, or no such series
    const auto matches = answer.status == 200 && !answer.by_proxy ? read_search_answer(answer.body) : std::nullopt;
    if (!matches && !answer.by_proxy && answer.content_type.find("html") == answer.content_type.npos) learn_of_query(false);
    if (!matches) return Unclear{"its answer to a search for images is none: HTTP " + std::to_string(answer.status), answer.retry_after};
    const std::size_t before = found.names();
    found.add(*matches);
    found_before_ = found_before_ || !matches->empty();
    if (found.names() > names_max) break;
    if (found.names() == before) return found;  // a service may give shorter pages than it was asked for
    offset += matches->answers();
  }
  return Unclear{"it answers a search without an end", {}};
}

}  // namespace

std::unique_ptr<core::Prover> make_stow_prover(StowProverOptions options, core::Transactions& transactions,
                                               core::Receipts& receipts, FileSystem& files, const core::Judge& judge,
                                               const Clock& clock) {
  return std::make_unique<StowProver>(std::move(options), transactions, receipts, files, judge, clock);
}

}  // namespace sampan::uplink
