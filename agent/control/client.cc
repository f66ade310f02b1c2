// SPDX-License-Identifier: Apache-2.0
#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace sampan::control {
namespace {

constexpr std::size_t answer_bytes_max = 16u << 20;

Error from_errno(const char* call, const std::string& path) {
  const int number = errno;
  const Errc code = number == ENOENT || number == ENOTDIR                               ? Errc::not_found
                    : number == EACCES || number == EPERM                               ? Errc::refused
                    : number == EAGAIN || number == ETIMEDOUT                           ? Errc::timeout
                    : number == ECONNREFUSED || number == ECONNRESET || number == EPIPE ? Errc::unreachable
                                                                                        : Errc::io;
  return fail(code, std::string(call) + " " + path + ": " + std::strerror(number));
}

class Connection {
 public:
  Connection(const std::string& path, Millis patience) : path_(path), deadline_(system_clock().mono() + patience) {}
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status open() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return fail(Errc::invalid, path_ + ": longer than 107 bytes");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return from_errno("socket", path_);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return from_errno("connect", path_);
    return {};
  }

  Status send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (Status ready = wait(POLLOUT); !ready) return ready;
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return from_errno("send", path_);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  // Everything until the peer closes.
  Result<std::string> receive() {
    std::string all;
    std::array<char, 16384> piece;
    while (true) {
      if (Status ready = wait(POLLIN); !ready) return ready.error();
      const auto n = ::recv(fd_, piece.data(), piece.size(), 0);
      if (n == 0) return all;
      if (n < 0 && errno != EAGAIN && errno != EINTR) return from_errno("recv", path_);
      if (n > 0) all.append(piece.data(), static_cast<std::size_t>(n));
      if (all.size() > answer_bytes_max) return fail(Errc::limit, "the answer is larger than 16 MiB");
    }
  }

 private:
  Status wait(short events) {
    const auto left = (deadline_ - system_clock().mono()).count();
    pollfd one{fd_, events, 0};
    const int ready = left <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60000)));
    if (ready < 0 && errno != EINTR) return from_errno("poll", path_);
    if (system_clock().mono() >= deadline_ && ready <= 0) return fail(Errc::timeout, path_ + ": no answer in time");
    return {};
  }

  const std::string& path_;
  const MonoTime deadline_;
  int fd_ = -1;
};

// The number after `name` in the header block, -1 when there is none.
long long header_number(std::string_view head, std::string_view name) {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto at = lower.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return -1;
  const auto digits = lower.find_first_not_of(' ', at + 3 + name.size());
  long long value = -1;
  if (digits != std::string::npos) std::from_chars(lower.data() + digits, lower.data() + lower.size(), value);
  return value;
}

std::string head(std::string_view method, std::string_view target) {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
}

}  // namespace

Result<Answer> read_answer(const std::string& bytes) {
  if (bytes.empty()) return fail(Errc::unreachable, "the connection was closed without an answer");
  const auto head_end = bytes.find("\r\n\r\n");
  Answer answer;
  if (!bytes.starts_with("HTTP/1.") || head_end == std::string::npos || bytes.size() < 12 ||
      std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status).ec != std::errc{})
    return fail(Errc::damaged, "the answer is not HTTP");
  answer.body = bytes.substr(head_end + 4);
  const long long length = header_number(std::string_view(bytes).substr(0, head_end), "content-length");
  if (length >= 0 && answer.body.size() < static_cast<std::size_t>(length))
    return fail(Errc::unreachable, "the connection was cut in the middle of the answer");
  return answer;
}

std::string target(std::string_view path,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> query) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string text(path);
  char sign = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    text += sign;
    text.append(name) += '=';
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (plain.find(c) != std::string_view::npos)
        text += c;
      else
        (text += '%').append({hex[byte >> 4], hex[byte & 15]});
    }
    sign = '&';
  }
  return text;
}

Result<Answer> Client::get(std::string_view target) const { return exchange(head("GET", target) + "\r\n"); }

Result<Answer> Client::post(std::string_view target, std::string_view json) const {
  return exchange(head("POST", target) + "Content-Type: application/json\r\nContent-Length: " +
                  std::to_string(json.size()) + "\r\n\r\n" + std::string(json));
}

Result<Answer> Client::exchange(const std::string& request) const {
  Connection connection(socket_path_, patience_);
  if (Status opened = connection.open(); !opened) return opened.error();
  if (Status sent = connection.send(request); !sent) return sent.error();
  auto bytes = connection.receive();
  if (!bytes) return bytes.error();
  return read_answer(*bytes);
}

}  // namespace sampan::control
