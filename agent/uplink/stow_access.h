// SPDX-License-Identifier: Apache-2.0
// STOW access: what proves to a service who we are, put into each request.
//
// A token of OAuth 2.0 client credentials (RFC 6749 4.4) is fetched when it is needed, kept until shortly before it
// ends, and thrown away when the service refuses it. Files are read anew for each request.
// Threads: one.
// Fails:   no token, or no secret -> Retry: scope destination when the token server cannot be reached or is in
//          trouble, else configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/file.h"
#include "core/judge.h"
#include "core/outcome.h"
#include "uplink/http_client.h"

namespace sampan::uplink {

struct Bearer {
  std::string token_file{};
};
struct Basic {
  std::string user{};
  std::string password_file{};
};
struct OAuth2 {
  std::string token_url{};
  std::string client_id{};
  std::string client_secret_file{};
  std::string scope{};  // empty: not asked for
};
using StowAuth = std::variant<std::monostate, Bearer, Basic, OAuth2>;

class StowAccess {
 public:
  // All must outlive it.
  StowAccess(StowAuth auth, HttpClient& client, FileSystem& files, const core::Judge& judge, const Clock& clock);

  // Nothing: request is ready.
  std::optional<core::Retry> authorise(HttpRequest& request);
  // The service did not accept it. Whether asking again may help: once per token.
  bool refused();

 private:
  struct Token {
    std::string text;
    std::optional<MonoTime> ends;
  };
  std::optional<core::Retry> bring_token(const OAuth2& client);
  core::Retry refused_by_server(const HttpAnswer& answer) const;

  const StowAuth auth_;
  HttpClient& client_;
  FileSystem& files_;
  const core::Judge& judge_;
  const Clock& clock_;
  std::optional<Token> token_;
  bool fresh_ = false;  // token_ was not accepted by the service yet, and nothing better can be had
};

// An access token response (RFC 6749 5.1): nothing without a token that can stand in a header.
struct TokenAnswer {
  std::string token{};
  std::optional<Millis> good_for{};  // shortly before it ends, a day at most; none: until the service says otherwise
};
std::optional<TokenAnswer> read_token_answer(std::string_view body);

// What a request that brought no answer means.
core::Retry retry_of(const core::Judge& judge, const HttpFailure& failure, const std::string& whom = {});

}  // namespace sampan::uplink
