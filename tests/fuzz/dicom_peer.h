// SPDX-License-Identifier: Apache-2.0
// Dicom peer: the far end of a connection as the conversation targets need it: a line, what was said on it, and a judge of
// what of that was whole, which shares no code with the readers under test but that of a command set.
//
// Fails:   a machine that gives no loopback connection ends the program: it is no finding.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "dicom/command_set.h"
#include "fuzz/target.h"

namespace sampan::fuzz {

// A message that was said to its last fragment.
struct Message {
  std::uint8_t context = 0;
  dicom::CommandSet command{};
  Bytes data_set{};
};
// Those of one direction, to the first thing that breaks the protocol or ends the association. The negotiation may be first.
std::vector<Message> messages_of(ByteView stream);

// Both ends of a TCP connection over loopback, from an address that is new each time, so that none waits for an old one.
struct Line {
  int near = -1, far = -1;
};
void connect_well(int socket, const sockaddr* to, socklen_t size);
Line connect_line();

void say(int socket, ByteView bytes);
// Nothing more is said, but heard.
void say_no_more(int socket);
// To the end; nothing if the other side does not end within seconds.
Bytes hear_all(int socket);

}  // namespace sampan::fuzz
