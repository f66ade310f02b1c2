// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace sampan::intake {
namespace {

constexpr int backlog_max = 128;
constexpr int pause_ms = 200;  // when descriptors or memory have run out

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* any() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool parse(const std::string& text, std::uint16_t port, Address& out) {
  auto* four = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    out.length = sizeof *four;
    return true;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    out.length = sizeof *six;
    return true;
  }
  return false;
}

std::string numeric(Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&address.storage)->sin_addr, text, sizeof text);
    return text;
  }
  const auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
    ::inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, sizeof text);
  else
    ::inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
  return text;
}

std::uint16_t bound_port(int fd) {
  Address address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, address.any(), &address.length) != 0) return 0;
  return ntohs(address.storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port
                                                    : reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port);
}

Error cannot_listen(const std::string& address, std::uint16_t port, int number) {
  const std::string where = "cannot listen on " + address + " port " + std::to_string(port) + ": ";
  if (number == EADDRINUSE) return fail(Errc::io, where + "another program has the port (sudo ss -ltnp shows which)");
  if (number == EACCES) return fail(Errc::io, where + "a port below 1024 needs CAP_NET_BIND_SERVICE");
  if (number == EADDRNOTAVAIL) return fail(Errc::io, where + "this machine does not have that address");
  return fail(Errc::io, where + std::strerror(number));
}

}  // namespace

std::string canonical_address(const std::string& text) {
  Address address;
  return parse(text, 0, address) ? numeric(address) : text;
}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

int Socket::release() { return std::exchange(fd_, -1); }

Listener::Listener(Socket socket, Socket waker, std::uint16_t port)
    : socket_(std::move(socket)), waker_(std::move(waker)), port_(port) {}

Result<Listener> Listener::open(const std::string& address, std::uint16_t port) {
  Address where;
  if (!parse(address, port, where)) return fail(Errc::invalid, address + " is not a numeric address");
  Socket socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return cannot_listen(address, port, errno);
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (where.storage.ss_family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(socket.get(), where.any(), where.length) != 0) return cannot_listen(address, port, errno);
  if (::listen(socket.get(), backlog_max) != 0) return cannot_listen(address, port, errno);
  Socket waker(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!waker) return fail(Errc::io, std::string("eventfd: ") + std::strerror(errno));
  const std::uint16_t bound = bound_port(socket.get());
  return Listener(std::move(socket), std::move(waker), bound);
}

void Listener::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(waker_.get(), &one, sizeof one);
}

// False when woken.
bool Listener::wait() {
  pollfd watched[] = {{socket_.get(), POLLIN, 0}, {waker_.get(), POLLIN, 0}};
  while (::poll(watched, 2, -1) < 0 && errno == EINTR) {
  }
  return watched[1].revents == 0;
}

bool Listener::pause() {
  pollfd watched{waker_.get(), POLLIN, 0};
  return ::poll(&watched, 1, pause_ms) == 0;
}

Visitor Listener::accept_one() {
  while (wait()) {
    Address from;
    from.length = sizeof from.storage;
    Socket visitor(::accept4(socket_.get(), from.any(), &from.length, SOCK_CLOEXEC));
    if (visitor) return {std::move(visitor), numeric(from)};
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
    log::warn(std::string("intake: cannot take a connection: ") + std::strerror(errno));
    if (!pause()) break;
  }
  return {};
}

}  // namespace sampan::intake
