// SPDX-License-Identifier: Apache-2.0
// Transport: the layer of our own under DCMTK's upper layer, and the wire it gives us once an association stands.
//
// DCMTK negotiates over it (A-ASSOCIATE); from then on P-DATA, release and abort are ours (dicom/pdata.h), because
// DCMTK buffers whole PDUs, writes in small pieces and gives up on odd-length fragments.
// Every connection has TCP_NODELAY and keepalive set once and TCP_QUICKACK re-armed before each read: a peer that
// writes a message in two pieces with Nagle's algorithm on then waits for nobody (DESIGN §5).
// Threads: a Wire belongs to one thread; its Plug may be pulled from any, also after the Wire is gone.
// Fails:   the peer closed or the network cut -> Errc::unreachable; no progress in time -> Errc::timeout.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

class DcmTransportLayer;
struct T_ASC_Association;

namespace sampan::dicom {

// Shuts a socket down under the thread that is blocked on it. Outlives the connection.
class Plug {
 public:
  explicit Plug(int socket) : socket_(socket) {}
  // Both directions end; the owner still closes the descriptor. Harmless when repeated or too late.
  void pull();
  // By the connection, before it closes the descriptor.
  void detach();

 private:
  std::mutex mutex_;
  int socket_;
};

class Wire {
 public:
  virtual ~Wire() = default;
  // Waits for at least one byte, gives what has arrived.
  virtual Result<std::size_t> receive(ByteSpan into, Millis timeout) = 0;
  // All pieces, in order, in as few segments as possible. timeout: without any progress.
  virtual Status send(std::span<const ByteView> pieces, Millis timeout) = 0;
  // Nothing waits to be read, not even the end of the connection.
  bool quiet() { return quiet_for(Millis(0)); }
  // Nothing came for so long.
  virtual bool quiet_for(Millis time) = 0;
  virtual std::shared_ptr<Plug> plug() const = 0;
};

// Told of each new connection before its first byte, on the thread that opens it.
using Connected = std::function<void(std::shared_ptr<Plug>)>;

// For ASC_setTransportLayer(); must live as long as the network it is given to.
std::unique_ptr<DcmTransportLayer> make_transport_layer(Connected connected = {});

// The wire under an association made over such a layer; null under any other. Valid until the association is dropped.
Wire* wire_of(T_ASC_Association& association);

// DCMTK's own log may hold patient data: off, for the whole process. Call before any other use of DCMTK; repeatable.
void quiet_dcmtk();

}  // namespace sampan::dicom
