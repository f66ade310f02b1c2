// SPDX-License-Identifier: Apache-2.0
// STOW copy: is the image that a service gives back (Retrieve Instance, PS3.18 10.4) the one that is here?
//
// The answer is compared as it comes: a Part 10 file, alone or as the only part of a multipart/related body, whose data set is
// byte for byte the payload. The same data set encoded in another way counts as another one: nobody can tell that from its bytes.
// Memory: the head of the answer, within limits::file_head_bytes_max, and one buffer.
// Threads: one.
// Fails:   an answer of another form is not the same; a payload that cannot be read -> is_unreadable().
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "core/courier.h"

namespace sampan::uplink {

class StowCopy {
 public:
  // Must outlive it.
  explicit StowCopy(core::Payload& payload) : payload_(payload) {}

  // The next bytes of the answer. Whether more are wanted: what differs is read no further.
  bool take(std::string_view content_type, ByteView bytes);
  // After the last of them.
  bool is_same() const;
  bool is_unreadable() const { return unreadable_; }

 private:
  bool begin(std::string_view content_type);
  bool compare(ByteView bytes);
  bool take_end(ByteView bytes);

  core::Payload& payload_;
  std::string head_;  // until the data set begins
  std::string end_;   // what has to follow it
  std::string after_;
  std::uint64_t at_ = 0;  // of the data set, compared up to here
  Bytes buffer_;
  bool begun_ = false, differs_ = false, unreadable_ = false;
};

}  // namespace sampan::uplink
