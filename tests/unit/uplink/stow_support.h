// SPDX-License-Identifier: Apache-2.0
// What the tests of the STOW courier share: an HTTP server that does as a script says, and the parts of a request.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dimse_support.h"
#include "uplink/stow.h"

namespace sampan::test {

// The verdicts of the failure table that steer the courier, without the table.
class HttpJudge final : public EchoingJudge {
 public:
  core::Outcome http_status(int status, const core::Receipt&) const override {
    const std::string words = "HTTP " + std::to_string(status);
    const bool permanent = status == 400 || status == 409 || status == 413 || status == 422;
    if (permanent) return core::Rejected{words};
    if (status == 415) return core::Retry{words, core::Scope::sop_class, {}, 0};
    const bool settings = status >= 400 && status < 500 && status != 408 && status != 429;
    return core::Retry{words, settings ? core::Scope::configuration : core::Scope::destination, {}, 0};
  }
  core::Outcome stow_failure(std::uint16_t reason, const core::Receipt& receipt) const override {
    if (reason == 0x0111) return core::Delivered{receipt};  // stored already
    return EchoingJudge::stow_failure(reason, receipt);
  }
};

struct HttpHeard {
  std::string method{}, target{};
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};
  unsigned connection = 0;  // counted from 1
  const std::string& header(const std::string& name) const {
    static const std::string none;
    const auto found = headers.find(name);
    return found == headers.end() ? none : found->second;
  }
};

// A part of a multipart/related body.
struct StowPart {
  std::string headers;
  FileMeta meta;
  std::string sha256;  // of the data set
};

// Strict, so that a body with a wrong boundary, line break or length fails the test.
inline std::vector<StowPart> parts_of(const HttpHeard& heard) {
  const std::string& type = heard.header("content-type");
  const std::string wanted = "multipart/related; type=\"application/dicom\"; boundary=";
  if (!type.starts_with(wanted)) throw std::runtime_error("content type " + type);
  const std::string boundary = type.substr(wanted.size());
  std::string rest = heard.body;
  const std::string first = "--" + boundary + "\r\n", between = "\r\n--" + boundary + "\r\n", end = "\r\n--" + boundary + "--\r\n";
  if (!rest.starts_with(first) || !rest.ends_with(end)) throw std::runtime_error("no multipart");
  rest = rest.substr(first.size(), rest.size() - first.size() - end.size()) + between;
  std::vector<StowPart> parts;
  while (!rest.empty()) {
    const std::string part = rest.substr(0, rest.find(between));
    rest.erase(0, part.size() + between.size());
    const auto blank = part.find("\r\n\r\n");
    const Bytes file(part.begin() + static_cast<std::ptrdiff_t>(blank) + 4, part.end());
    const auto meta = read_file_meta(file);
    if (!meta) throw std::runtime_error("no Part 10 file in a part");
    parts.push_back({part.substr(0, blank), *meta, to_hex(sha256(ByteView(file).subspan(meta->data_set_offset)))});
  }
  return parts;
}

inline std::string http(const std::string& status, const std::string& type, const std::string& body,
                        const std::string& more = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more + "\r\n" + body;
}

inline std::string json_item(const std::string& instance, const std::string& more = {}) {
  return R"({"00081150":{"vr":"UI","Value":["1.2"]},"00081155":{"vr":"UI","Value":[")" + instance + R"("]})" + more + "}";
}
inline std::string json_failed(const std::string& instance, unsigned reason) {
  return json_item(instance, R"(,"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}");
}
// Sequences of items made by the two above.
inline std::string json_body(const std::string& stored, const std::string& failed = {}) {
  std::string text;
  if (!stored.empty()) text += R"("00081199":{"vr":"SQ","Value":[)" + stored + "]}";
  if (!failed.empty()) text += std::string(text.empty() ? "" : ",") + R"("00081198":{"vr":"SQ","Value":[)" + failed + "]}";
  return "{" + text + "}";
}
// A response that says every instance of the request is stored.
inline std::string all_stored(const HttpHeard& heard) {
  std::string items;
  for (const StowPart& part : parts_of(heard)) items += (items.empty() ? "" : ",") + json_item(part.meta.sop_instance);
  return http("200 OK", "application/dicom+json", json_body(items));
}

// Takes requests on loopback, one connection after the other. Members are set before start().
class HttpServer {
 public:
  HttpServer() : listener_(listen_at("127.0.0.1", 0).value()) {}
  ~HttpServer() {
    ending_ = true;
    ::shutdown(listener_.fd, SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      if (guest_ >= 0) ::shutdown(guest_, SHUT_RDWR);
    }
    if (thread_.joinable()) thread_.join();
    ::close(listener_.fd);
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  std::uint16_t port() const { return listener_.port; }
  std::string url(const std::string& path = "/dicom-web/studies") const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
  }

  // Raw text that answers a request; none: the connection is closed without a word.
  std::function<std::string(const HttpHeard&)> answer = all_stored;
  std::function<void()> before_answer = [] {};
  std::string at_expect = "HTTP/1.1 100 Continue\r\n\r\n";  // said to Expect: 100-continue; a final answer ends it there
  std::size_t cut_after = SIZE_MAX;                         // bytes of a body, then the connection is reset
  std::size_t close_after = SIZE_MAX;                       // requests, then each connection is closed
  bool takes_nothing = false;                               // neither reads a body nor answers

  std::atomic<unsigned> connections{0};
  std::atomic<unsigned> requests{0};
  std::atomic<unsigned> cuts{0};
  std::vector<HttpHeard> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void run() {
    while (!ending_) {
      const int fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      {
        const std::lock_guard lock(mutex_);
        guest_ = fd;
      }
      ++connections;
      std::string ahead;
      for (std::size_t served = 0; served < close_after && !ending_ && serve(fd, ahead); ++served) {
      }
      const std::lock_guard lock(mutex_);
      guest_ = -1;
      ::close(fd);
    }
  }

  static bool more(int fd, std::string& ahead) {
    char buffer[65536];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got > 0) ahead.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  static bool say(int fd, const std::string& text) {
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  static HttpHeard head_of(const std::string& text) {
    HttpHeard heard;
    const auto line = text.find("\r\n");
    const auto space = text.find(' ');
    heard.method = text.substr(0, space);
    heard.target = text.substr(space + 1, text.rfind(' ', line) - space - 1);
    for (auto at = line + 2; at < text.size();) {
      const auto end = std::min(text.find("\r\n", at), text.size());
      const auto colon = text.find(": ", at);
      std::string name = text.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (colon < end) heard.headers[name] = text.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    return heard;
  }

  bool serve(int fd, std::string& ahead) {
    while (ahead.find("\r\n\r\n") == ahead.npos)
      if (!more(fd, ahead)) return false;
    const auto blank = ahead.find("\r\n\r\n");
    HttpHeard heard = head_of(ahead.substr(0, blank));
    heard.connection = connections;
    ahead.erase(0, blank + 4);
    if (takes_nothing) return wait_for_end(fd);
    if (heard.header("expect") == "100-continue") {
      const bool ends_it = !at_expect.starts_with("HTTP/1.1 100");
      if (ends_it) ++requests;  // before the other side can know of it
      if (!say(fd, at_expect) || ends_it) return false;
    }
    if (!read_body(fd, ahead, heard)) return false;
    {
      const std::lock_guard lock(mutex_);
      heard_.push_back(heard);
    }
    ++requests;
    before_answer();
    const std::string text = answer(heard);
    return !text.empty() && say(fd, text);
  }

  bool read_body(int fd, std::string& ahead, HttpHeard& heard) {
    const std::string& length = heard.header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (ahead.size() < std::min(size, cut_after))
      if (!more(fd, ahead)) return false;
    if (cut_after < size) {
      const linger reset{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      return ++cuts, false;
    }
    heard.body = ahead.substr(0, size);
    ahead.erase(0, size);
    return true;
  }

  // Until the other side, or the test, ends the connection.
  bool wait_for_end(int fd) {
    ++requests;
    char byte = 0;
    while (!ending_ && ::recv(fd, &byte, 1, MSG_PEEK) > 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return false;
  }

  Listener listener_;
  mutable std::mutex mutex_;  // guards heard_ and guest_
  std::vector<HttpHeard> heard_;
  int guest_ = -1;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace sampan::test
