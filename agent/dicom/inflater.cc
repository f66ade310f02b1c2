// SPDX-License-Identifier: Apache-2.0
#include "dicom/inflater.h"

#include <array>

#include <zlib.h>

namespace sampan::dicom {

struct Inflater::Stream {
  z_stream state{};
  std::array<std::uint8_t, 4096> piece;
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
  // Negative window bits: a raw stream, without the zlib header.
  ended_ = inflateInit2(&stream_->state, -MAX_WBITS) != Z_OK;
}

Inflater::~Inflater() { inflateEnd(&stream_->state); }

void Inflater::feed(ByteView packed, const std::function<bool(ByteView)>& take) {
  z_stream& state = stream_->state;
  auto& piece = stream_->piece;
  state.next_in = const_cast<std::uint8_t*>(packed.data());
  state.avail_in = static_cast<uInt>(packed.size());
  while (!ended_) {
    state.next_out = piece.data();
    state.avail_out = static_cast<uInt>(piece.size());
    const int answer = inflate(&state, Z_NO_FLUSH);
    const std::size_t got = piece.size() - state.avail_out;
    const bool wanted = got == 0 || take(ByteView(piece).first(got));
    if ((answer != Z_OK && answer != Z_BUF_ERROR) || !wanted) ended_ = true;
    if (state.avail_out != 0) break;  // the input is used up
  }
}

}  // namespace sampan::dicom
