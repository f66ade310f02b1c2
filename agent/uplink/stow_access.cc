// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_access.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "uplink/http_body.h"
#include "uplink/secret.h"

namespace sampan::uplink {
namespace {

using core::Retry;
using core::Scope;

Retry misconfigured(std::string why) { return {std::move(why), Scope::configuration, std::nullopt, 0}; }

bool is_token(const std::string& text) {
  return !text.empty() && text.size() <= core::limits::secret_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

HttpRequest token_request(const OAuth2& client, const std::string& secret) {
  std::string form = "grant_type=client_credentials";
  if (!client.scope.empty()) form += "&scope=" + percent_encode(client.scope);
  HttpRequest request;
  request.url = client.token_url;
  request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
  request.user = percent_encode(client.client_id);
  request.password = percent_encode(secret);
  request.size = form.size();
  request.body = [form](std::uint64_t offset, ByteSpan into) -> Result<std::size_t> {
    const std::size_t count = std::min<std::size_t>(into.size(), form.size() - offset);
    std::copy_n(form.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  };
  return request;
}

}  // namespace

core::Retry retry_of(const core::Judge& judge, const HttpFailure& failure, const std::string& whom) {
  using Kind = HttpFailure::Kind;
  const std::string words = whom.empty() ? failure.words : whom + ": " + failure.words;
  switch (failure.kind) {
    case Kind::certificate: return judge.certificate_refused(words);
    case Kind::settings: return misconfigured(words);
    case Kind::interrupted: return {words, Scope::this_node, std::nullopt, 0};
    case Kind::body: return {words, Scope::item, std::nullopt, 0};
    case Kind::timeout: return judge.no_connection(words, true);
    case Kind::no_connection: break;
  }
  return judge.no_connection(words, false);
}

StowAccess::StowAccess(StowAuth auth, HttpClient& client, FileSystem& files, const core::Judge& judge, const Clock& clock)
    : auth_(std::move(auth)), client_(client), files_(files), judge_(judge), clock_(clock) {}

std::optional<Retry> StowAccess::authorise(HttpRequest& request) {
  if (const auto* basic = std::get_if<Basic>(&auth_)) {
    auto password = read_secret(files_, basic->password_file);
    if (!password) return misconfigured(password.error().message);
    request.user = basic->user;
    request.password = std::move(*password);
  } else if (const auto* bearer = std::get_if<Bearer>(&auth_)) {
    auto token = read_secret(files_, bearer->token_file);
    if (!token) return misconfigured(token.error().message);
    request.headers.push_back("Authorization: Bearer " + *token);
  } else if (const auto* client = std::get_if<OAuth2>(&auth_)) {
    if (auto failed = bring_token(*client)) return failed;
    request.headers.push_back("Authorization: Bearer " + token_->text);
  }
  return std::nullopt;
}

bool StowAccess::refused() {
  if (!token_) return false;
  token_.reset();
  return !std::exchange(fresh_, false);
}

std::optional<Retry> StowAccess::bring_token(const OAuth2& client) {
  fresh_ = false;
  if (token_ && (!token_->ends || clock_.mono() < *token_->ends)) return std::nullopt;
  token_.reset();
  auto secret = read_secret(files_, client.client_secret_file);
  if (!secret) return misconfigured(secret.error().message);
  const HttpResult result = client_.post(token_request(client, *secret));
  if (const auto* failure = std::get_if<HttpFailure>(&result)) return retry_of(judge_, *failure, "token server");
  const auto& answer = std::get<HttpAnswer>(result);
  if (answer.status != 200) return refused_by_server(answer);
  auto granted = read_token_answer(answer.body);
  if (!granted && is_json_answer(answer.content_type, answer.body)) return Retry{"token server: no token in the answer", Scope::destination, answer.retry_after, 0};
  if (!granted) return judge_.stranger_answered("token server: no token in the answer");
  token_ = Token{std::move(granted->token), std::nullopt};
  if (granted->good_for) token_->ends = clock_.mono() + *granted->good_for;
  fresh_ = true;
  return std::nullopt;
}

// What would be the fault of an image is one of the settings here: the request holds nothing else.
core::Retry StowAccess::refused_by_server(const HttpAnswer& answer) const {
  const core::Outcome judged = judge_.http_status(answer.status, {});
  const auto* retry = std::get_if<Retry>(&judged);
  const bool passes = retry != nullptr && retry->scope == Scope::destination;
  const std::string whom = answer.by_proxy ? "proxy" : "token server";
  if (!passes) return misconfigured(whom + " refused: HTTP " + std::to_string(answer.status));
  return {whom + ": " + retry->reason, Scope::destination, answer.retry_after, 0};
}

std::optional<TokenAnswer> read_token_answer(std::string_view body) {
  const auto root = read_json_body(body);
  if (!root.is_object()) return {};
  const auto text = root.find("access_token");
  if (text == root.end() || !text->is_string() || !is_token(text->get<std::string>())) return {};
  TokenAnswer answer{text->get<std::string>(), std::nullopt};
  const auto seconds = root.find("expires_in");
  if (seconds != root.end() && seconds->is_number()) {
    constexpr double day_s = 86400;
    const double lives_s = std::clamp(seconds->get<double>(), 0.0, day_s);
    const auto margin = std::min<double>(std::chrono::seconds(core::limits::token_margin).count(), lives_s / 2);
    answer.good_for = Millis(static_cast<std::int64_t>((lives_s - margin) * 1000));
  }
  return answer;
}

}  // namespace sampan::uplink
