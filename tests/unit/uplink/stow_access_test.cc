// SPDX-License-Identifier: Apache-2.0
// Who we are to a service, and by which way we reach it: passwords, tokens, certificates, a proxy, IPv6.
#include <doctest/doctest.h>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "stow_support.h"

using namespace sampan;
using namespace sampan::test;
using core::Consignment;
using core::Outcome;
using core::Retry;

namespace {

const HttpJudge judge;

// A clock of which the test turns the hands.
class TurnedClock final : public Clock {
 public:
  MonoTime mono() const override { return system_clock().mono() + Millis(ahead_ms.load()); }
  WallTime wall() const override { return system_clock().wall(); }
  std::atomic<std::int64_t> ahead_ms{0};
};

class Secrets {
 public:
  std::string file(const std::string& name, const std::string& content) const {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  std::string missing() const { return (folder_.path() / "missing").string(); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryDirectory folder_;
};

Outcome send_one(core::Courier& courier) {
  std::vector<Consignment> batch{image()};
  return attempt(courier, batch)[0];
}
std::unique_ptr<core::Courier> make(uplink::StowOptions options, const Clock& clock = system_clock()) {
  return uplink::make_stow_courier(std::move(options), disk(), judge, clock);
}

// A token server and a service in one.
struct Guarded {
  HttpServer server;
  std::string token_answer = http("200 OK", "application/json", R"({"access_token":"T1","token_type":"Bearer","expires_in":100})");
  std::string accepted = "Bearer T1";
  std::atomic<unsigned> tokens{0};
  Secrets secrets;
  Guarded() {
    server.answer = [this](const HttpHeard& heard) {
      if (heard.target == "/token") return ++tokens, token_answer;
      return heard.header("authorization") == accepted ? all_stored(heard) : http("401 Unauthorized", "text/plain", "");
    };
    server.start();
  }
  uplink::StowOptions options(const std::string& secret = "s e&c=ret\n") const {
    return {server.url(), {}, uplink::OAuth2{server.url("/token"), "clinic:7", secrets.file("secret", secret), "stow a/b"}};
  }
};

// Runs openssl to its end.
void openssl(const std::vector<std::string>& words) {
  std::vector<std::string> all{"openssl"};
  all.insert(all.end(), words.begin(), words.end());
  REQUIRE(Process(all).wait() == 0);
}

// A service with TLS that speaks TLS, and no HTTP inside.
class TlsServer {
 public:
  explicit TlsServer(const Secrets& secrets, const std::string& name, const std::vector<std::string>& more = {}) {
    key = (secrets.path() / (name + ".key")).string();
    certificate = (secrets.path() / (name + ".pem")).string();
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
             certificate, "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name});
    std::vector<std::string> words{"openssl", "s_server", "-accept", "127.0.0.1:" + std::to_string(port), "-cert", certificate,
                                   "-key", key, "-rev", "-quiet"};
    words.insert(words.end(), more.begin(), more.end());
    process_ = std::make_unique<Process>(words);
    REQUIRE(wait_until([this] { return answers_on(port); }));
  }
  std::uint16_t port = free_port();
  std::string key, certificate;
  std::string url() const { return "https://localhost:" + std::to_string(port) + "/studies"; }

 private:
  std::unique_ptr<Process> process_;
};

const std::string through_tls = "destination: no connection: the peer does not speak HTTP";
std::string over_tls(const TlsServer& server, uplink::HttpOptions http_options) {
  return retry_of(send_one(*make({server.url(), std::move(http_options), {}})));
}

// With whom the system trusts being this server alone, in a mount namespace of its own, as exit code: how it is met where nobody else
// is named, and where `named` is; 2: it cannot be had here.
int met_where_the_system_trusts(const TlsServer& server, const std::filesystem::path& trusted, const std::string& named) {
  const char* const system = "/etc/ssl/certs";
  if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return 2;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 2;
  if (::mount(trusted.c_str(), system, nullptr, MS_BIND, nullptr) != 0) return 2;
  if (over_tls(server, {}) != through_tls) return 2;
  uplink::HttpOptions options;
  options.ca_file = named;
  return over_tls(server, options).starts_with("configuration: certificate: ") ? 0 : 1;
}

}  // namespace

TEST_CASE("a_password_is_sent_before_it_is_asked_for") {
  HttpServer server;
  server.start();
  const Secrets secrets;
  const auto courier = make({server.url(), {}, uplink::Basic{"clinic", secrets.file("password", "opensesame\r\n")}});
  CHECK(delivered(send_one(*courier)));
  CHECK(server.heard()[0].header("authorization") == "Basic Y2xpbmljOm9wZW5zZXNhbWU=");
}

TEST_CASE("a_token_file_is_read_anew_for_each_request") {
  HttpServer server;
  server.start();
  const Secrets secrets;
  const auto courier = make({server.url(), {}, uplink::Bearer{secrets.file("token", "first\n")}});
  CHECK(delivered(send_one(*courier)));
  (void)secrets.file("token", "second");
  CHECK(delivered(send_one(*courier)));
  CHECK(server.heard()[0].header("authorization") == "Bearer first");
  CHECK(server.heard()[1].header("authorization") == "Bearer second");
}

TEST_CASE("a_secret_that_cannot_be_used_stops_the_destination_and_is_not_shown") {
  HttpServer server;
  server.start();
  const Secrets secrets;
  const std::string split = secrets.file("split", "topsecret\r\nX-More: 1"), empty = secrets.file("empty", "\n");
  for (const std::string& file : {secrets.missing(), split, empty}) {
    for (const uplink::StowAuth& auth :
         {uplink::StowAuth(uplink::Bearer{file}), uplink::StowAuth(uplink::Basic{"u", file}),
          uplink::StowAuth(uplink::OAuth2{server.url("/token"), "id", file, ""})}) {
      const std::string why = retry_of(send_one(*make({server.url(), {}, auth})));
      CHECK(why.starts_with("configuration: a secret "));
      CHECK(why.find(file) != why.npos);
      CHECK(why.find("topsecret") == why.npos);
    }
  }
  CHECK(server.requests == 0);
}

TEST_CASE("a_token_is_fetched_once_and_used_until_it_ends") {
  Guarded guarded;
  TurnedClock clock;
  const auto courier = make(guarded.options(), clock);
  for (int i = 0; i < 3; ++i) CHECK(delivered(send_one(*courier)));
  CHECK(guarded.tokens == 1);
  const HttpHeard request = guarded.server.heard()[0];
  CHECK(request.method == "POST");
  CHECK(request.header("content-type") == "application/x-www-form-urlencoded");
  CHECK(request.body == "grant_type=client_credentials&scope=stow%20a%2fb");
  CHECK(request.header("authorization") == "Basic Y2xpbmljJTNhNzpzJTIwZSUyNmMlM2RyZXQ=");  // clinic%3a7:s%20e%26c%3dret
  clock.ahead_ms = 60'000;
  CHECK(delivered(send_one(*courier)));
  CHECK(guarded.tokens == 1);
  clock.ahead_ms = 75'000;
  CHECK(delivered(send_one(*courier)));
  CHECK(guarded.tokens == 2);
}

TEST_CASE("a_token_that_is_refused_is_renewed_once_and_the_image_goes") {
  Guarded guarded;
  const auto courier = make(guarded.options());
  CHECK(delivered(send_one(*courier)));
  guarded.accepted = "Bearer T2";
  guarded.token_answer = http("200 OK", "application/json", R"({"access_token":"T2"})");
  CHECK(delivered(send_one(*courier)));
  CHECK(guarded.tokens == 2);
  guarded.accepted = "Bearer other";
  CHECK(retry_of(send_one(*courier)) == "configuration: HTTP 401");
  CHECK(guarded.tokens == 3);
  CHECK(retry_of(send_one(*courier)) == "configuration: HTTP 401");
  CHECK(guarded.tokens == 4);
}

TEST_CASE("a_token_server_that_gives_none_is_named") {
  Guarded guarded;
  const auto why = [&](const std::string& answer) {
    guarded.token_answer = answer;
    return send_one(*make(guarded.options()));
  };
  CHECK(retry_of(why(http("400 Bad Request", "application/json", R"({"error":"invalid_client"})"))) ==
        "configuration: token server refused: HTTP 400");
  CHECK(retry_of(why(http("401 Unauthorized", "application/json", ""))) == "configuration: token server refused: HTTP 401");
  const Outcome busy = why(http("503 Oops", "text/html", "", "Retry-After: 30\r\n"));
  CHECK(retry_of(busy) == "destination: token server: HTTP 503");
  CHECK(std::get<Retry>(busy).not_before == std::chrono::seconds(30));
  for (const std::string body : {"", "<html>", "{}", R"({"access_token":""})", R"({"access_token":7})", R"({"access_token":"a b"})",
                                 R"({"access_token":"a\r\nX: y"})"}) {
    CHECK(retry_of(why(http("200 OK", "application/json", body))) ==
          (body.starts_with('{') ? "destination: token server: no token in the answer" : "destination: stranger: token server: no token in the answer"));
  }
  CHECK(guarded.server.requests == guarded.tokens);
}

TEST_CASE("an_http_proxy_gets_its_own_password_and_the_environment_has_no_say") {
  ::setenv("http_proxy", "http://127.0.0.1:9", 1);
  ::setenv("no_proxy", "*", 1);
  HttpServer proxy;
  proxy.start();
  const Secrets secrets;
  uplink::StowOptions options{"http://pacs.invalid/studies", {}, {}};
  options.http.proxy = proxy.url("");
  options.http.proxy_user = "clinic";
  options.http.proxy_password_file = secrets.file("password", "opensesame");
  CHECK(delivered(send_one(*make(options))));
  const HttpHeard heard = proxy.heard()[0];
  CHECK(heard.target == "http://pacs.invalid/studies");
  CHECK(heard.header("proxy-authorization") == "Basic Y2xpbmljOm9wZW5zZXNhbWU=");
  CHECK(heard.header("authorization").empty());

  HttpServer direct;
  direct.start();
  CHECK(delivered(send_one(*make({direct.url(), {}, {}}))));
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  options.http.proxy_password_file = secrets.missing();
  CHECK(retry_of(send_one(*make(options))).starts_with("configuration: a secret cannot be read"));
}

TEST_CASE("a_proxy_that_refuses_the_tunnel_is_named") {
  HttpServer proxy;
  std::string refusal = http("407 Proxy Authentication Required", "text/html", "no", "Proxy-Authenticate: Basic realm=\"x\"\r\n");
  proxy.answer = [&](const HttpHeard&) { return refusal; };
  proxy.start();
  uplink::StowOptions options{"https://pacs.invalid/studies", {}, {}};
  options.http.proxy = proxy.url("");
  CHECK(retry_of(send_one(*make(options))) == "configuration: proxy: HTTP 407");
  CHECK(proxy.heard()[0].method == "CONNECT");
  CHECK(proxy.heard()[0].target == "pacs.invalid:443");
  refusal = http("503 Service Unavailable", "text/html", "no", "Retry-After: 7\r\n");
  const Outcome outcome = send_one(*make(options));
  CHECK(retry_of(outcome) == "destination: proxy: HTTP 503");
}

TEST_CASE("a_service_is_reached_over_ipv6") {
  auto listener = listen_at("::1", 0);
  if (!listener) {
    MESSAGE("no IPv6 here: ", listener.error().message);
    return;
  }
  std::thread peer([&] {
    const int fd = ::accept4(listener->fd, nullptr, nullptr, SOCK_CLOEXEC);
    const std::string text = http("503 Oops", "text/plain", "");
    (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    char sink[4096];
    while (::recv(fd, sink, sizeof sink, 0) > 0) {
    }
    ::close(fd);
  });
  const std::string url = "http://[::1]:" + std::to_string(listener->port) + "/studies";
  CHECK(retry_of(send_one(*make({url, {}, {}}))) == "destination: HTTP 503");
  peer.join();
  ::close(listener->fd);
}

TEST_CASE("a_certificate_is_verified_unless_its_authority_is_named") {
  const Secrets secrets;
  const TlsServer server(secrets, "localhost");
  CHECK(over_tls(server, {}).starts_with("configuration: certificate: SSL certificate problem"));
  uplink::HttpOptions trusting;
  trusting.ca_file = server.certificate;
  CHECK(over_tls(server, trusting) == through_tls);
  const TlsServer other(secrets, "elsewhere");
  trusting.ca_file = other.certificate;
  CHECK(over_tls(other, trusting).starts_with("configuration: certificate: "));
  trusting.ca_file = secrets.missing();
  CHECK(over_tls(server, trusting) == "configuration: the file of trusted certificates cannot be used: " + trusting.ca_file);
}

TEST_CASE("where_an_authority_is_named_nobody_is_believed_whom_only_the_system_trusts") {
  const Secrets secrets;
  const TlsServer server(secrets, "localhost"), lead(secrets, "lead");
  const auto trusted = secrets.path() / "trusted";
  std::filesystem::create_directories(trusted);
  std::filesystem::copy_file(server.certificate, trusted / "ca-certificates.crt");
  std::filesystem::copy_file(server.certificate, trusted / "one.pem");
  openssl({"rehash", trusted.string()});
  const pid_t child = ::fork();
  if (child == 0) ::_exit(met_where_the_system_trusts(server, trusted, lead.certificate));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2)
    MESSAGE("whom the system trusts cannot be changed here");
  else
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a_service_that_asks_for_our_certificate_gets_it") {
  const Secrets secrets;
  const TlsServer clinic(secrets, "clinic");
  const TlsServer server(secrets, "localhost", {"-Verify", "1", "-verify_return_error", "-CAfile", clinic.certificate});
  uplink::HttpOptions options;
  options.ca_file = server.certificate;
  CHECK(over_tls(server, options) == "configuration: certificate: the peer does not accept this node's certificate");
  options.certificate = clinic.certificate;
  options.key = clinic.key;
  CHECK(over_tls(server, options) == through_tls);
  options.key = secrets.missing();
  CHECK(over_tls(server, options) == "configuration: the certificate or key of this node cannot be used: " + options.certificate + ", " + options.key);
}

TEST_CASE("plain_http_on_a_tls_port_is_no_certificate_trouble") {
  HttpServer server;
  server.start();
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/studies";
  uplink::StowOptions options{url, {}, {}};
  options.http.answer_time_max = Millis(2000);
  options.http.connect_time_max = Millis(2000);
  CHECK(retry_of(send_one(*make(options))).starts_with("destination: "));
}
