// SPDX-License-Identifier: Apache-2.0
#include "fuzz/http_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "fuzz/dicom_peer.h"
#include "support/raw_dicom.h"

namespace sampan::fuzz {
namespace {

constexpr char end_of_part = 0x1e;
constexpr std::array statuses{200, 202, 409, 204, 201, 401, 404, 400, 503, 429, 415, 413, 403, 407, 302, 100, 500, 206};

struct Answer {
  int status = 0;
  std::string heads, body;
  bool hang_up = false;
};

Answer read_part(const std::string& part) {
  if (part.size() < 2 || (part[0] & 1) != 0) return {0, {}, part.empty() ? part : part.substr(1), true};
  Answer answer{statuses[static_cast<unsigned char>(part[1]) % statuses.size()], {}, part.substr(2), (part[0] & 2) != 0};
  const auto blank = answer.body.find("\n\n");
  if (blank == std::string::npos) return answer;
  for (std::size_t at = 0; at < blank;) {
    const auto end = std::min(answer.body.find('\n', at), blank);
    answer.heads += answer.body.substr(at, end - at) + "\r\n";
    at = end + 1;
  }
  answer.body.erase(0, blank + 2);
  return answer;
}

std::string whole(const Answer& answer) {
  if (answer.status == 0) return answer.body;
  const bool bodiless = answer.status == 204 || answer.status < 200;
  return "HTTP/1.1 " + std::to_string(answer.status) + " X\r\n" + answer.heads +
         (bodiless ? "\r\n" : "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body);
}

std::string sop_item(const std::string& instance) { return R"({"00081155":{"vr":"UI","Value":[")" + instance + R"("]}})"; }

Answer good_answer(const HttpExchange& asked) {
  const auto has = [&](const char* word) { return asked.head.find(word) != std::string::npos; };
  if (has("POST /token")) return {200, {}, R"({"access_token":"T","expires_in":100})"};
  if (has("/commitment-requests/")) return {404, {}, {}};
  if (has("POST /events")) return {204, {}, {}};
  if (has("GET ")) return {has("&offset=0 ") ? 200 : 204, {}, R"([{"00080018":{"vr":"UI","Value":["2.25.4711"]}},{"00080018":{"vr":"UI","Value":["2.25.4712"]}}])"};
  std::string items;
  for (const char* instance : {first_instance, second_instance})
    if (asked.body.find(instance) != std::string::npos) items += (items.empty() ? "" : ",") + sop_item(instance);
  return {200, "Content-Type: application/dicom+json\r\n", R"({"00081199":{"vr":"SQ","Value":[)" + items + "]}}"};
}

std::size_t length_in(const std::string& head) {
  std::size_t length = 0;
  const std::string name = "Content-Length: ";
  if (const auto at = head.find(name); at != std::string::npos) std::from_chars(&head[at + name.size()], head.data() + head.size(), length);
  return length;
}

bool more(int socket, std::string& ahead) {
  std::array<char, 16384> some;
  ssize_t got = 0;
  do got = ::recv(socket, some.data(), some.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got > 0) ahead.append(some.data(), static_cast<std::size_t>(got));
  return got > 0;
}

void hang_up(int socket) {
  ::shutdown(socket, SHUT_WR);
  static_cast<void>(hear_all(socket));
  ::close(socket);
}

}  // namespace

HttpPeer::HttpPeer() {
  const auto listener = test::listen_at("127.0.0.1", 0);
  if (!listener) cannot("port to listen at");
  listener_ = listener->fd;
  port_ = listener->port;
  std::thread([this] { answer_all(); }).detach();
}

void HttpPeer::play(ByteView script) {
  const std::lock_guard lock(mutex_);
  script_.clear();
  for (std::string_view left = as_text(script); !left.empty();) {
    const auto end = std::min(left.find(end_of_part), left.size());
    script_.emplace_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  turn_.mine();
  next_ = 0;
  good_ = false;
  exchanges_.clear();
}

void HttpPeer::be_good() {
  const std::lock_guard lock(mutex_);
  good_ = true;
}

bool HttpPeer::is_good() const {
  const std::lock_guard lock(mutex_);
  return good_;
}

std::vector<HttpExchange> HttpPeer::exchanges() const {
  const std::lock_guard lock(mutex_);
  return exchanges_;
}

// Whoever called waits for an answer: it is busy from before that on.
void HttpPeer::forget() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !busy_; });
  script_ = {};
  exchanges_ = {};
}

void HttpPeer::set_busy(bool busy) {
  const std::lock_guard lock(mutex_);
  busy_ = busy;
  idle_.notify_all();
}

// One connection at a time: whoever makes another is done with the one before. A client that waits for more than was said is
// not kept waiting.
void HttpPeer::answer_all() {
  int guest = -1;
  std::string ahead;
  for (;; set_busy(guest >= 0)) {
    std::array<pollfd, 2> doors{{{listener_, POLLIN, 0}, {guest, POLLIN, 0}}};
    if (!turn_.comes(doors, guest < 0 || is_good())) {
      hang_up(std::exchange(guest, -1));
      continue;
    }
    if (guest >= 0 && doors[1].revents != 0 && !answer_one(guest, ahead)) hang_up(std::exchange(guest, -1));
    if (doors[0].revents == 0) continue;
    const int next = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (next < 0) continue;
    if (guest >= 0) ::close(guest);
    guest = next;
    ahead.clear();
  }
}

bool HttpPeer::answer_one(int socket, std::string& ahead) {
  while (ahead.find("\r\n\r\n") == std::string::npos)
    if (!more(socket, ahead)) return false;
  HttpExchange exchange;
  exchange.head = ahead.substr(0, ahead.find("\r\n\r\n") + 2);
  ahead.erase(0, exchange.head.size() + 2);
  const std::size_t length = length_in(exchange.head);
  while (ahead.size() < length)
    if (!more(socket, ahead)) return false;
  exchange.body = ahead.substr(0, length);
  ahead.erase(0, length);
  const std::lock_guard lock(mutex_);
  return say_next(socket, exchange);
}

bool HttpPeer::say_next(int socket, HttpExchange& exchange) {
  Answer answer;
  do {  // what is provisional is followed by something
    if (!good_ && next_ == script_.size()) {
      exchanges_.push_back(exchange);
      return false;
    }
    answer = good_ ? good_answer(exchange) : read_part(script_[next_++]);
    exchange.status = answer.status;
    exchange.answer = answer.status == 0 ? answer.body : answer.heads + "\n" + answer.body;
    exchanges_.push_back(exchange);
    say(socket, as_bytes(whole(answer)));
  } while (answer.status == 100);
  return !answer.hang_up;
}

std::string plain_text(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    unsigned code = 0;
    const std::string_view left = std::string_view(text).substr(at);
    const bool escaped = left.starts_with("\\u00") && left.size() >= 6 && std::from_chars(&left[4], &left[6], code, 16).ptr == &left[6];
    const std::string_view end = left.starts_with("<!--") ? "-->" : left.starts_with("<?") ? "?>" : "";
    const auto closed = end.empty() ? left.npos : left.find(end);
    if (closed != left.npos) {
      at += closed + end.size();
      continue;
    }
    out.push_back(static_cast<char>(std::tolower(escaped ? static_cast<int>(code) : static_cast<unsigned char>(text[at]))));
    at += escaped ? 6 : 1;
  }
  return out;
}

}  // namespace sampan::fuzz
