// SPDX-License-Identifier: Apache-2.0
// HTTP client: sends one GET or POST at a time, a body streamed from a source, over a connection that is kept.
//
// The length of a body is known in advance and sent with it. TLS 1.2 or newer, always verified. No redirect is followed,
// no proxy is used but the one named here (the environment is not asked), nothing but http and https is spoken.
// A request sent over a kept connection that proves dead is sent again over a new one.
// Memory: one buffer of limits::upload_buffer_bytes, and the answer up to its limit, or as it comes.
// Threads: one; interrupt() from any, after which every call fails at once.
// Fails:   HttpFailure says what kind of failure, in words without anything of the content.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "core/limits.h"

namespace sampan::uplink {

struct HttpOptions {
  std::string ca_file{};      // PEM, and nobody else is trusted; empty: whom the system trusts
  std::string certificate{};  // PEM, ours; empty: none
  std::string key{};          // PEM; empty: beside the certificate
  std::string proxy{};        // http://host:port; empty: none
  std::string proxy_user{};   // empty: without authentication
  std::string proxy_password_file{};
  Millis connect_time_max = core::limits::connect_time_max;  // to connect, TLS and proxy included
  Millis answer_time_max = core::limits::answer_time_max;    // without progress while sending; then for the whole answer, or for some of one that is taken as it comes
  std::size_t answer_bytes_max = core::limits::http_answer_bytes_max;
};

struct HttpRequest {
  std::string url{};
  std::vector<std::string> headers{};  // "Name: value"
  std::string user{}, password{};      // Basic authentication, when there is a user
  std::uint64_t size = 0;              // of the body
  std::function<Result<std::size_t>(std::uint64_t offset, ByteSpan into)> body{};
  bool ask_first = true;  // a long body waits for 100 Continue, or a second
  // Takes the body of an answer 200 as it comes, in the place of HttpAnswer::body; whether more is wanted.
  std::function<bool(const std::string& content_type, ByteView bytes)> into{};
};

struct HttpAnswer {
  int status = 0;
  bool by_proxy = false;  // the proxy refused; the peer was not reached
  std::string content_type{};
  std::optional<Millis> retry_after{};
  std::string body{};
  bool too_long = false;  // the body was longer than its limit, and is left out
};

struct HttpFailure {
  enum class Kind {
    no_connection,  // none, or it was cut
    timeout,
    certificate,    // TLS: theirs, or ours
    settings,       // a file of ours cannot be used
    body,           // the source of the body failed
    interrupted
  };
  Kind kind = Kind::no_connection;
  std::string words{};
};

using HttpResult = std::variant<HttpAnswer, HttpFailure>;

class HttpClient {
 public:
  // files and clock must outlive the client.
  HttpClient(HttpOptions options, FileSystem& files, const Clock& clock);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpResult post(const HttpRequest& request);
  // The request's body is not looked at.
  HttpResult get(const HttpRequest& request);
  // Gives the connection back to the peer.
  void close();
  void interrupt();

 private:
  struct Handle;
  HttpResult send(const HttpRequest& request, bool get);
  HttpResult send_once(const HttpRequest& request, bool get, bool& kept_was_dead);
  const HttpOptions options_;
  FileSystem& files_;
  const Clock& clock_;
  std::unique_ptr<Handle> handle_;
};

// How long a peer wishes us to wait (RFC 9110 10.2.3), in seconds or as a date. A date counts from the peer's own Date,
// when it sent one: clocks of clinics are wrong. Nothing when it cannot be understood.
std::optional<Millis> parse_retry_after(const std::string& retry_after, const std::string& date, WallTime now);
// For application/x-www-form-urlencoded and the userinfo of RFC 6749 2.3.1.
std::string percent_encode(const std::string& text);

}  // namespace sampan::uplink
