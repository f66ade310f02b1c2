// SPDX-License-Identifier: Apache-2.0
// Door: looks at the first bytes of a connection before anybody else reads them, and says who knocks.
//
// Waits until the kernel holds the A-ASSOCIATE-RQ (PS3.8 9.3.2) and takes nothing out, so that what negotiates
// afterwards does not wait for a slow peer. A TLS ClientHello (RFC 8446) and an HTTP request are recognised and named.
// Threads: the connection's own; shutdown() of the socket from elsewhere ends the wait.
#pragma once

#include <string_view>

#include "base/clock.h"

namespace sampan::intake {

enum class Knock {
  association,  // an A-ASSOCIATE-RQ lies in the socket, whole or at least awaited_bytes_max of it
  tls,
  http,
  foreign,    // something else
  oversized,  // an A-ASSOCIATE-RQ beyond limits::association_request_bytes_max
  silent,     // not a byte in time
  slow,       // the beginning of something, but not all of it in time
  closed      // gone before it said enough
};

// What any receive buffer holds from the start; a common request is a tenth of it.
inline constexpr unsigned awaited_bytes_max = 48u << 10;

// patience bounds the whole wait.
Knock who_knocks(int socket, Clock& clock, Millis patience);

// Plain words for a technician; empty for association.
std::string_view words_for(Knock knock);

}  // namespace sampan::intake
