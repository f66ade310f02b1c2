// SPDX-License-Identifier: Apache-2.0
#include "support/raw_dicom.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sampan::test {
namespace {

Error from_errno(const char* call) {
  const bool silent = errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT;
  return fail(silent ? Errc::timeout : Errc::unreachable, std::string(call) + ": " + std::strerror(errno));
}

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

struct Addresses {
  addrinfo* first = nullptr;
  Addresses(const std::string& host, std::uint16_t port, int flags) {
    addrinfo wish{};
    wish.ai_socktype = SOCK_STREAM;
    wish.ai_flags = flags | AI_NUMERICSERV;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wish, &first) != 0) first = nullptr;
  }
  ~Addresses() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
  int open() const {
    return first == nullptr ? -1 : ::socket(first->ai_family, first->ai_socktype | SOCK_CLOEXEC, first->ai_protocol);
  }
};

}  // namespace

Connection::Connection(int fd, Millis silence_max) : fd_(fd) {
  set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  const timeval limit{silence_max.count() / 1000, (silence_max.count() % 1000) * 1000};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

Connection::Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)), quickack_(other.quickack_) {}

void Connection::shut() { ::shutdown(fd_, SHUT_RDWR); }

Status Connection::send(std::span<const ByteView> pieces) {
  std::vector<iovec> left;
  for (const ByteView piece : pieces)
    if (!piece.empty()) left.push_back({const_cast<std::uint8_t*>(piece.data()), piece.size()});
  std::size_t at = 0;
  while (at < left.size()) {
    msghdr message{};
    message.msg_iov = &left[at];
    message.msg_iovlen = std::min<std::size_t>(left.size() - at, 512);
    auto sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return from_errno("send");
    for (; at < left.size() && sent >= static_cast<ssize_t>(left[at].iov_len); ++at)
      sent -= static_cast<ssize_t>(left[at].iov_len);
    if (sent > 0) {
      left[at].iov_base = static_cast<std::uint8_t*>(left[at].iov_base) + sent;
      left[at].iov_len -= static_cast<std::size_t>(sent);
    }
  }
  return {};
}

Status Connection::read(ByteSpan into) {
  while (!into.empty()) {
    if (quickack_) set_option(fd_, IPPROTO_TCP, TCP_QUICKACK, 1);
    const auto got = ::recv(fd_, into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return from_errno("receive");
    if (got == 0) return fail(Errc::unreachable, "the peer closed the connection");
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<Connection> dial(const std::string& host, std::uint16_t port, Millis silence_max) {
  const Addresses addresses(host, port, 0);
  const int fd = addresses.open();
  if (fd < 0) return fail(Errc::unreachable, "no such host: " + host);
  Connection connection(fd, silence_max);
  if (::connect(fd, addresses.first->ai_addr, addresses.first->ai_addrlen) != 0) return from_errno("connect");
  return connection;
}

Result<Listener> listen_at(const std::string& host, std::uint16_t port) {
  const Addresses addresses(host, port, AI_PASSIVE);
  const int fd = addresses.open();
  if (fd < 0) return fail(Errc::invalid, "no such address: " + host);
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(fd, addresses.first->ai_addr, addresses.first->ai_addrlen) != 0 || ::listen(fd, 64) != 0) {
    const Error error = from_errno("listen");
    ::close(fd);
    return error;
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  // The port sits at the same place for both families.
  return Listener{fd, ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port)};
}

}  // namespace sampan::test
