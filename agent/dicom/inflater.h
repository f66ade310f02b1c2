// SPDX-License-Identifier: Apache-2.0
// Inflater: unpacks a deflated data set (PS3.5 A.5, RFC 1951) piece by piece, as much as is asked for.
//
// Memory: one window and one piece, whatever the stream claims.
// Fails:  damage or the end of the stream ends it; ended() says so.
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"

namespace sampan::dicom {

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Hands each unpacked piece to take, until the input is used up or take answers false.
  void feed(ByteView packed, const std::function<bool(ByteView)>& take);
  bool ended() const { return ended_; }

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  bool ended_ = false;
};

}  // namespace sampan::dicom
