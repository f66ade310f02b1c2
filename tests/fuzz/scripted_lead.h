// SPDX-License-Identifier: Apache-2.0
// Scripted lead: a lead that answers what a script says, PDU for PDU, over real connections; afterwards it may be as good as a
// lead should be.
//
// Whenever the node has finished something (a request for an association, a message, a release), the script goes on until it
// has finished something too. It goes on over all connections that the node makes. Where it ends, it hangs up.
// Threads: play() and be_good() from one; a thread of its own answers.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "fuzz/dicom_peer.h"

namespace sampan::fuzz {

class ScriptedLead {
 public:
  ScriptedLead();  // lives as long as the process
  std::uint16_t port() const { return port_; }

  void play(ByteView script);
  void be_good();
  // What it said since play(), in whole messages.
  std::vector<Message> said() const;

 private:
  struct Talk;
  bool is_good() const;
  void answer_all();
  void converse(int socket);
  bool hear(Talk& talk) const;
  bool go_on(Talk& talk);
  bool answer_well(Talk& talk);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;  // of what follows
  std::vector<Bytes> script_;
  std::size_t next_ = 0;
  bool good_ = false;
  std::vector<Message> said_;
};

}  // namespace sampan::fuzz
