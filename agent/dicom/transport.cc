// SPDX-License-Identifier: Apache-2.0
#include "dicom/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/limits.h"
#include "dicom/association_pdu.h"
#include "dicom/big_endian.h"

namespace sampan::dicom {
namespace {

constexpr int keepalive_idle_s = 60;
constexpr int keepalive_every_s = 20;
constexpr int keepalive_probes = 4;
constexpr std::size_t pieces_per_call = 256;

void set_option(int socket, int level, int name, int value) {
  // Fails only where the option has no meaning (a socket that is not TCP): nothing is lost then.
  (void)::setsockopt(socket, level, name, &value, sizeof value);
}

void tune(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_every_s);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
}

Error cut(const char* what, int number) {
  return fail(Errc::unreachable, std::string(what) + ": " + std::strerror(number));
}

// A blocking call with a time limit: one system call per read instead of poll and read.
class TimeLimit {
 public:
  explicit TimeLimit(int option) : option_(option) {}
  void apply(int socket, Millis timeout) {
    if (timeout == current_) return;
    const auto at_least = std::max(timeout, Millis(1));  // zero would mean for ever
    const timeval value{at_least.count() / 1000, (at_least.count() % 1000) * 1000};
    if (::setsockopt(socket, SOL_SOCKET, option_, &value, sizeof value) == 0) current_ = timeout;
  }

 private:
  int option_;
  Millis current_{-1};
};

class TcpWire final : public DcmTCPConnection, public Wire {
 public:
  explicit TcpWire(int socket) : DcmTCPConnection(socket), plug_(std::make_shared<Plug>(socket)) { tune(socket); }
  ~TcpWire() override { plug_->detach(); }

  // DCMTK's side: negotiation only. What it takes apart was looked at before.
  ssize_t read(void* into, size_t size) override;
  ssize_t write(void* from, size_t size) override { return ::send(getSocket(), from, size, MSG_NOSIGNAL); }
  // poll instead of DCMTK's select, which breaks on descriptors above 1023.
  OFBool networkDataAvailable(int timeout_s) override;
  void close() override { closeTransportConnection(); }
  void closeTransportConnection() override {
    plug_->detach();
    DcmTCPConnection::closeTransportConnection();
  }

  // Our side: everything after it.
  Result<std::size_t> receive(ByteSpan into, Millis timeout) override;
  Status send(std::span<const ByteView> pieces, Millis timeout) override;
  bool quiet_for(Millis time) override { return !readable(time); }
  std::shared_ptr<Plug> plug() const override { return plug_; }

 private:
  bool fetch_pdu();
  bool fetch(std::size_t bytes);
  // The kernel forgets it after some segments, so it is said each time.
  bool readable(Millis patience);
  // DCMTK waits for each piece of an answer anew: a peer that lets it drip would hold us for as long as it likes.
  Millis negotiation_left() const {
    return std::max(Millis(core::limits::negotiation_time_max) - (system_clock().mono() - connected_), Millis(0));
  }
  void arm() { set_option(getSocket(), IPPROTO_TCP, TCP_QUICKACK, 1); }

  std::shared_ptr<Plug> plug_;
  Bytes fetched_;               // what the peer said first
  std::size_t handed_out_ = 0;  // of it
  const MonoTime connected_ = system_clock().mono();
  TimeLimit receive_limit_{SO_RCVTIMEO};
  TimeLimit send_limit_{SO_SNDTIMEO};
};

OFBool TcpWire::networkDataAvailable(int timeout_s) {
  return handed_out_ < fetched_.size() || readable(std::min(Millis(timeout_s * 1000), negotiation_left()));
}

ssize_t TcpWire::read(void* into, size_t size) {
  if (fetched_.empty() && !fetch_pdu()) return -1;
  if (handed_out_ == fetched_.size()) {
    if (is_association_pdu(fetched_[0])) return errno = EPROTO, -1;
    if (!readable(negotiation_left())) return errno = ETIMEDOUT, -1;
    arm();
    return ::recv(getSocket(), into, size, 0);
  }
  const std::size_t bytes = std::min(size, fetched_.size() - handed_out_);
  std::copy_n(fetched_.begin() + static_cast<std::ptrdiff_t>(handed_out_), bytes, static_cast<std::uint8_t*>(into));
  handed_out_ += bytes;
  return static_cast<ssize_t>(bytes);
}

// The whole of an association's, and a stump that nobody takes apart in place of one that is not sound; of any other PDU the
// header.
bool TcpWire::fetch_pdu() {
  constexpr std::size_t header_bytes = 6;
  if (!fetch(header_bytes)) return false;
  if (!is_association_pdu(fetched_[0])) return true;
  const std::size_t bytes = load_be32(&fetched_[2]);
  const bool too_long = bytes > core::limits::association_request_bytes_max;
  if (!too_long && !fetch(header_bytes + bytes)) return false;
  if (too_long || !is_sound_association_pdu(fetched_)) fetched_ = {fetched_[0], 0, 0, 0, 0, 2, 0, 0};
  return true;
}

// Until there are so many.
bool TcpWire::fetch(std::size_t bytes) {
  std::size_t got = fetched_.size();
  fetched_.resize(bytes);
  while (got < bytes) {
    if (!readable(negotiation_left())) return errno = ETIMEDOUT, false;
    arm();
    const ssize_t some = ::recv(getSocket(), &fetched_[got], bytes - got, 0);
    if (some == 0) errno = ECONNRESET;
    if (some > 0)
      got += static_cast<std::size_t>(some);
    else if (some == 0 || errno != EINTR)
      return false;
  }
  return true;
}

bool TcpWire::readable(Millis patience) {
  pollfd wanted{getSocket(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&wanted, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

Result<std::size_t> TcpWire::receive(ByteSpan into, Millis timeout) {
  receive_limit_.apply(getSocket(), timeout);
  for (;;) {
    arm();
    const ssize_t got = ::recv(getSocket(), into.data(), into.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return fail(Errc::unreachable, "the peer closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Errc::timeout, "the peer sent nothing in time");
    if (errno != EINTR) return cut("receiving", errno);
  }
}

Status TcpWire::send(std::span<const ByteView> pieces, Millis timeout) {
  send_limit_.apply(getSocket(), timeout);
  std::size_t skip = 0;  // bytes of pieces.front() already sent
  while (!pieces.empty()) {
    std::array<iovec, pieces_per_call> vectors;
    const std::size_t count = std::min(pieces.size(), vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView piece = i == 0 ? pieces[i].subspan(skip) : pieces[i];
      vectors[i] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const int more = count < pieces.size() ? MSG_MORE : 0;
    const ssize_t sent = ::sendmsg(getSocket(), &message, MSG_NOSIGNAL | more);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Errc::timeout, "the peer took nothing in time");
      return cut("sending", errno);
    }
    skip += static_cast<std::size_t>(sent);
    while (!pieces.empty() && skip >= pieces.front().size()) {
      skip -= pieces.front().size();
      pieces = pieces.subspan(1);
    }
  }
  return {};
}

class Layer final : public DcmTransportLayer {
 public:
  explicit Layer(Connected connected) : connected_(std::move(connected)) {}
  // A secure connection is not ours to make: DCMTK takes null for a failure of the transport.
  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool secure) override {
    if (secure) return nullptr;
    auto* wire = new TcpWire(socket);
    if (connected_) connected_(wire->plug());
    return wire;
  }

 private:
  Connected connected_;
};

}  // namespace

void Plug::pull() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) (void)::shutdown(socket_, SHUT_RDWR);
}

void Plug::detach() {
  const std::lock_guard lock(mutex_);
  socket_ = -1;
}

std::unique_ptr<DcmTransportLayer> make_transport_layer(Connected connected) {
  return std::make_unique<Layer>(std::move(connected));
}

Wire* wire_of(T_ASC_Association& association) {
  if (association.DULassociation == nullptr) return nullptr;
  return dynamic_cast<TcpWire*>(DUL_getTransportConnection(association.DULassociation));
}

void quiet_dcmtk() {
  static const bool done = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    // Names of callers are not looked up: the answer may take longer than the association.
    dcmDisableGethostbyaddr.set(OFTrue);
    return true;
  }();
  (void)done;
}

}  // namespace sampan::dicom
