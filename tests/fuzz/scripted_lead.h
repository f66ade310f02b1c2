// SPDX-License-Identifier: Apache-2.0
// Scripted lead: a lead that answers what a script says, PDU for PDU, over real connections; afterwards it may be as good as a
// lead should be.
//
// Whenever the node has finished something (a request for an association, a message, a release), the script goes on until it
// has finished something too. It goes on over all connections that the node makes. Where it ends, it hangs up.
// Threads: play(), be_good() and forget() from one; a thread of its own answers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "fuzz/dicom_peer.h"
#include "fuzz/turn.h"

namespace sampan::fuzz {

class ScriptedLead {
 public:
  ScriptedLead();  // lives as long as the process
  std::uint16_t port() const { return port_; }

  void play(ByteView script);
  void be_good();
  // What it said since play(), in whole messages.
  std::vector<Message> said() const;
  // When nobody is on the line any more: nothing is held then that was not held before, which would be taken for a leak.
  void forget();

 private:
  struct Talk;
  bool is_good() const;
  void set_busy(bool busy);
  void answer_all();
  void converse(int socket);
  bool hear(Talk& talk) const;
  bool go_on(Talk& talk);
  bool answer_well(Talk& talk);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  Turn turn_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<Bytes> script_;
  std::size_t next_ = 0;
  bool good_ = false, busy_ = false;
  std::condition_variable idle_;
  std::vector<Message> said_;
};

}  // namespace sampan::fuzz
