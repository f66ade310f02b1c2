// SPDX-License-Identifier: Apache-2.0
#include "uplink/http_client.h"

#include <curl/curl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/panic.h"
#include "base/version.h"
#include "uplink/secret.h"

namespace sampan::uplink {
namespace {

using Kind = HttpFailure::Kind;

constexpr Millis watched_every{1000};  // whether it moves, and whether it is interrupted
constexpr std::uint64_t taken_bytes_per_second_min = 64;  // of an answer that is taken as it comes, over as long as a wait may take

bool is_success(long status) { return status >= 200 && status < 300; }

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// What is being sent and what came back; the callbacks of libcurl see nothing else.
struct Transfer {
  const HttpRequest& request;
  const HttpOptions& options;
  const Clock& clock;
  const std::atomic<bool>& interrupted;
  CURL* curl;

  std::uint64_t offset = 0;  // of the body, read next
  bool body_failed = false;
  HttpAnswer answer{};
  std::string retry_after{}, date{};
  MonoTime moved_at{};  // when bytes last went out
  curl_off_t handed_over = -1;
  int unacknowledged = -1;
  std::uint64_t taken = 0, taken_before = 0;  // of an answer that is taken as it comes; before: when that last was progress
  bool stalled = false, enough = false;  // enough: of the body, for who takes it

  // Bytes still in the kernel's buffer, on their way: on a slow line that is most of the time of a transfer.
  int in_kernel() const {
    curl_socket_t fd = CURL_SOCKET_BAD;
    int bytes = 0;
    const bool known = curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD;
    return known && ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
  }

  // What comes in is no progress: an answer that trickles for ever is no answer. An image that is given back may take its time on a
  // slow line, as long as it comes faster than that.
  bool moves(curl_off_t sent) {
    const int left = in_kernel();
    const MonoTime now = clock.mono();
    const bool went_out = std::exchange(handed_over, sent) != sent || std::exchange(unacknowledged, left) != left;
    const auto enough_ms = static_cast<std::uint64_t>(options.answer_time_max.count());
    const bool came = (taken - taken_before) * 1000 >= std::max<std::uint64_t>(enough_ms * taken_bytes_per_second_min, 1000);
    if (went_out || came) moved_at = now;
    if (came) taken_before = taken;
    return now - moved_at < options.answer_time_max;
  }
};

std::size_t read_body(char* into, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::uint64_t left = transfer.request.size - transfer.offset;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size * count, left));
  if (wanted == 0) return 0;
  auto got = transfer.request.body(transfer.offset, {reinterpret_cast<std::uint8_t*>(into), wanted});
  transfer.body_failed = !got || *got == 0 || *got > wanted;
  if (transfer.body_failed) return CURL_READFUNC_ABORT;
  transfer.offset += *got;
  return *got;
}

int seek_body(void* context, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::uint64_t>(offset) > transfer.request.size)
    return CURL_SEEKFUNC_FAIL;
  transfer.offset = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t take_header(char* line, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::string_view text(line, size * count);
  if (text.starts_with("HTTP/")) {  // of the next answer: the one before was provisional
    transfer.answer.content_type.clear();
    transfer.retry_after.clear();
    transfer.date.clear();
    return text.size();
  }
  const auto colon = text.find(':');
  if (colon == text.npos) return text.size();
  const std::string_view name = text.substr(0, colon);
  const std::string value = trimmed(text.substr(colon + 1));
  if (same_word(name, "content-type")) transfer.answer.content_type = value;
  if (same_word(name, "retry-after")) transfer.retry_after = value;
  if (same_word(name, "date")) transfer.date = value;
  return text.size();
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t length = size * count;
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.request.into && status == 200) {
    transfer.answer.status = 200;
    transfer.taken += length;
    transfer.enough = !transfer.request.into(transfer.answer.content_type, {reinterpret_cast<const std::uint8_t*>(bytes), length});
    return transfer.enough ? 0 : length;
  }
  transfer.answer.too_long = transfer.answer.body.size() + length > transfer.options.answer_bytes_max;
  if (transfer.answer.too_long) return 0;
  transfer.answer.body.append(bytes, length);
  return length;
}

int watch(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.stalled = !transfer.moves(sent);
  return transfer.stalled || transfer.interrupted ? 1 : 0;
}

// The peer did not like what we showed it: OpenSSL quotes its alert.
bool is_certificate_alert(std::string_view text) {
  if (text.find("alert") == text.npos) return false;
  for (const std::string_view sign : {"certificate", "unknown ca", "access denied", "handshake failure"})
    if (text.find(sign) != text.npos) return true;
  return false;
}

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return out;
}

// Where the time is at fault it may be ours.
std::string clock_words(std::string_view text) {
  if (text.find("not yet valid") == text.npos && text.find("expired") == text.npos) return "";
  return "; the clock of this machine says " + to_iso8601(system_clock().wall());
}

std::string cut_words(CURLcode code, long number) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "the host name is unknown";
    case CURLE_COULDNT_RESOLVE_PROXY: return "the name of the proxy is unknown";
    case CURLE_COULDNT_CONNECT: return number != 0 ? std::strerror(static_cast<int>(number)) : "nobody answers there";
    case CURLE_GOT_NOTHING: return "the peer closed the connection without an answer";
    case CURLE_PARTIAL_FILE: return "the answer was cut short";
    case CURLE_SEND_ERROR: return "the connection was cut while sending";
    case CURLE_RECV_ERROR: return "the connection was cut before the answer";
    case CURLE_SSL_CONNECT_ERROR: return "no TLS connection could be made";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY: return "the peer does not speak HTTP";
    default: return plain(curl_easy_strerror(code));
  }
}

HttpFailure failure_of(CURLcode code, std::string_view text, long number, const HttpOptions& options) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return {Kind::timeout, "no answer to the connection request"};
    case CURLE_PEER_FAILED_VERIFICATION: return {Kind::certificate, plain(text) + clock_words(text)};
    case CURLE_SSL_CERTPROBLEM: return {Kind::settings, "the certificate or key of this node cannot be used: " + options.certificate + (options.key.empty() ? "" : ", " + options.key)};
    case CURLE_SSL_CACERT_BADFILE: return {Kind::settings, "the file of trusted certificates cannot be used: " + options.ca_file};
    case CURLE_URL_MALFORMAT: return {Kind::settings, "the address is not a URL"};
    default: break;
  }
  if (is_certificate_alert(text)) return {Kind::certificate, "the peer does not accept this node's certificate"};
  return {Kind::no_connection, cut_words(code, number)};
}

class Headers {
 public:
  ~Headers() { curl_slist_free_all(list_); }
  Headers() = default;
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(list_, line.c_str());
    SAMPAN_ASSERT(longer != nullptr);
    list_ = longer;
  }
  curl_slist* list() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

template <class T>
void set(CURL* curl, CURLoption option, T value) {
  const CURLcode done = curl_easy_setopt(curl, option, value);
  SAMPAN_ASSERT(done == CURLE_OK);
}

void set_text(CURL* curl, CURLoption option, const std::string& text) {
  if (!text.empty()) set(curl, option, text.c_str());
}

void set_protocols(CURL* curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  set(curl, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// The library has a folder of the system's authorities as well, and believes those in it beside who is named. Where it has none it need
// not forget any.
void trust(CURL* curl, const HttpOptions& options) {
  set_text(curl, CURLOPT_CAINFO, options.ca_file);
  if (!options.ca_file.empty()) (void)curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
}

void set_connection(CURL* curl, const HttpOptions& options, const std::string& proxy_password) {
  set_protocols(curl);
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  // One lane sends one request at a time; many streams in one connection would only add a layer.
  set(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_time_max.count()));
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  set(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  trust(curl, options);
  set_text(curl, CURLOPT_SSLCERT, options.certificate);
  set_text(curl, CURLOPT_SSLKEY, options.key);
  set(curl, CURLOPT_PROXY, options.proxy.c_str());  // also when empty: then the environment is not asked
  set(curl, CURLOPT_NOPROXY, "");
  set(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (options.proxy_user.empty()) return;
  set_text(curl, CURLOPT_PROXYUSERNAME, options.proxy_user);
  set_text(curl, CURLOPT_PROXYPASSWORD, proxy_password);
  set(curl, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
}

void set_body(CURL* curl, const HttpRequest& request, Transfer& transfer) {
  set(curl, CURLOPT_POST, 1L);
  set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.size));
  set(curl, CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(core::limits::upload_buffer_bytes));
  set(curl, CURLOPT_READFUNCTION, &read_body);
  set(curl, CURLOPT_READDATA, static_cast<void*>(&transfer));
  set(curl, CURLOPT_SEEKFUNCTION, &seek_body);
  set(curl, CURLOPT_SEEKDATA, static_cast<void*>(&transfer));
}

void set_request(CURL* curl, const HttpRequest& request, Transfer& transfer, bool get) {
  set(curl, CURLOPT_URL, request.url.c_str());
  if (get)
    set(curl, CURLOPT_HTTPGET, 1L);
  else
    set_body(curl, request, transfer);
  set(curl, CURLOPT_HEADERFUNCTION, &take_header);
  set(curl, CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  set(curl, CURLOPT_WRITEFUNCTION, &take_body);
  set(curl, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(curl, CURLOPT_NOPROGRESS, 0L);
  set(curl, CURLOPT_XFERINFOFUNCTION, &watch);
  set(curl, CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
  if (request.user.empty()) return;
  set(curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  set_text(curl, CURLOPT_USERNAME, request.user);
  set_text(curl, CURLOPT_PASSWORD, request.password);
}

HttpResult result_of(CURLcode code, Transfer& transfer, const char* text) {
  if (transfer.interrupted) return HttpFailure{Kind::interrupted, "interrupted by this node"};
  if (transfer.body_failed) return HttpFailure{Kind::body, "the content cannot be read"};
  if (transfer.stalled) return HttpFailure{Kind::timeout, "the peer took or said nothing in time"};
  long status = 0, tunnel = 0, number = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.curl, CURLINFO_HTTP_CONNECTCODE, &tunnel);
  curl_easy_getinfo(transfer.curl, CURLINFO_OS_ERRNO, &number);
  const bool no_tunnel = code != CURLE_OK && tunnel != 0 && !is_success(tunnel);
  if (code != CURLE_OK && !no_tunnel && !transfer.answer.too_long && !transfer.enough) return failure_of(code, text, number, transfer.options);
  HttpAnswer answer = std::move(transfer.answer);
  answer.status = static_cast<int>(no_tunnel ? tunnel : status);
  answer.by_proxy = no_tunnel || status == 407;
  answer.retry_after = parse_retry_after(transfer.retry_after, transfer.date, transfer.clock.wall());
  if (answer.too_long) answer.body.clear();
  return answer;
}

}  // namespace

// Connections are the multi handle's and stay; an easy handle is good for one request. libcurl 7.88, Debian 12's, forgets to forget
// the headers of the request before, and a peer whose first header is folded has it read what was freed.
struct HttpClient::Handle {
  ~Handle() { shut(); }
  void shut() {
    end();
    curl_multi_cleanup(std::exchange(multi, nullptr));
  }
  CURL* begin() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    SAMPAN_ASSERT(started == CURLE_OK);
    if (multi == nullptr) multi = curl_multi_init();
    easy = curl_easy_init();
    SAMPAN_ASSERT(multi != nullptr && easy != nullptr);
    return easy;
  }
  CURLcode perform() {
    if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
    int running = 1;
    while (running != 0) {
      if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
      if (running != 0 && curl_multi_poll(multi, nullptr, 0, static_cast<int>(watched_every.count()), nullptr) != CURLM_OK)
        return CURLE_FAILED_INIT;
    }
    int left = 0;
    const CURLMsg* done = curl_multi_info_read(multi, &left);
    return done != nullptr && done->msg == CURLMSG_DONE ? done->data.result : CURLE_FAILED_INIT;
  }
  void end() {
    if (easy == nullptr) return;
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(std::exchange(easy, nullptr));
  }
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  std::atomic<bool> interrupted{false};
};

HttpClient::HttpClient(HttpOptions options, FileSystem& files, const Clock& clock)
    : options_(std::move(options)), files_(files), clock_(clock), handle_(std::make_unique<Handle>()) {}
HttpClient::~HttpClient() = default;

HttpResult HttpClient::post(const HttpRequest& request) { return send(request, false); }
HttpResult HttpClient::get(const HttpRequest& request) { return send(request, true); }

// A connection that was kept and proves dead in the middle of a body is not tried again by the library.
HttpResult HttpClient::send(const HttpRequest& request, bool get) {
  bool kept_was_dead = false;
  HttpResult result = send_once(request, get, kept_was_dead);
  return kept_was_dead ? send_once(request, get, kept_was_dead) : std::move(result);
}

HttpResult HttpClient::send_once(const HttpRequest& request, bool get, bool& kept_was_dead) {
  std::string proxy_password;
  if (!options_.proxy_user.empty()) {
    auto secret = read_secret(files_, options_.proxy_password_file);
    if (!secret) return HttpFailure{Kind::settings, secret.error().message};
    proxy_password = std::move(*secret);
  }
  CURL* curl = handle_->begin();
  Transfer transfer{request, options_, clock_, handle_->interrupted, curl};
  transfer.moved_at = clock_.mono();
  set_connection(curl, options_, proxy_password);
  set_request(curl, request, transfer, get);
  Headers headers;
  for (const std::string& line : request.headers) headers.add(line);
  headers.add("User-Agent: sampan/" + std::string(version()));
  if (!request.ask_first) headers.add("Expect:");
  set(curl, CURLOPT_HTTPHEADER, headers.list());
  std::array<char, CURL_ERROR_SIZE> text{};
  set(curl, CURLOPT_ERRORBUFFER, text.data());
  const CURLcode code = transfer.interrupted ? CURLE_ABORTED_BY_CALLBACK : handle_->perform();
  long connections = 0;
  curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connections);
  const bool unanswered = (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING) && transfer.answer.status == 0 && transfer.answer.body.empty();
  kept_was_dead = unanswered && connections == 0 && !transfer.interrupted && !transfer.body_failed;
  HttpResult result = result_of(code, transfer, text.data());
  handle_->end();
  if (code != CURLE_OK) close();
  return result;
}

void HttpClient::close() { handle_->shut(); }
void HttpClient::interrupt() { handle_->interrupted = true; }

std::optional<Millis> parse_retry_after(const std::string& retry_after, const std::string& date, WallTime now) {
  constexpr std::size_t digits_max = 9;
  constexpr std::time_t latest = 253402300799;  // 9999-12-31
  if (retry_after.empty()) return {};
  if (retry_after.find_first_not_of("0123456789") == std::string::npos)
    return std::chrono::seconds(std::stol(retry_after.substr(0, digits_max)));
  const std::time_t wished = curl_getdate(retry_after.c_str(), nullptr);
  if (wished < 0 || wished > latest) return {};
  const std::time_t theirs = date.empty() ? -1 : curl_getdate(date.c_str(), nullptr);
  const std::int64_t from_ms = theirs < 0 || theirs > latest ? now.ms : std::int64_t{theirs} * 1000;
  return Millis(std::max<std::int64_t>(std::int64_t{wished} * 1000 - from_ms, 0));
}

std::string percent_encode(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~')
      out.push_back(c);
    else
      out += '%' + to_hex(as_bytes({&c, 1}));
  }
  return out;
}

}  // namespace sampan::uplink
