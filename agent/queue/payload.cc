// SPDX-License-Identifier: Apache-2.0
#include "queue/payload.h"

#include <algorithm>
#include <utility>

#include "queue/notes.h"

namespace sampan::queue {
namespace {

Status read_exactly(File& file, std::uint64_t offset, ByteSpan into) {
  auto got = file.read_at(offset, into);
  if (!got) return got.error();
  if (*got != into.size()) return fail(Errc::damaged, "a record is cut short");
  return {};
}

}  // namespace

Result<Frame> read_frame(File& file, std::uint64_t segment, std::uint64_t offset) {
  std::uint8_t room[header_bytes];
  if (Status read = read_exactly(file, offset, room); !read) return read.error();
  const auto header = decode_header(room);
  if (!header || header->sequence != sequence_of(segment, offset)) return fail(Errc::damaged, "no record begins here");
  std::uint64_t end = offset + header->record_bytes;
  if (header->streamed) {
    auto size = file.size();
    if (!size) return size.error();
    end = *size;
  }
  if (end < offset + header_bytes + trailer_bytes) return fail(Errc::damaged, "a record is cut short");
  if (Status read = read_exactly(file, end - trailer_bytes, room); !read) return read.error();
  const auto trailer = decode_trailer(room);
  if (!trailer || !lengths_agree(*header, *trailer) || trailer->record_bytes != end - offset)
    return fail(Errc::damaged, "a record has no valid end");
  return Frame{*header, *trailer};
}

Status read_item(File& file, std::uint64_t offset, const Frame& frame, const Keyring& keys, core::Item& item,
                 Owed* owed) {
  auto key = keys.data_key(frame.header);
  if (!key) return key.error();
  Seal seal(*key, frame.header.item);
  Bytes sealed(frame.trailer.facts_bytes), plain(frame.trailer.facts_bytes - tag_bytes);
  const auto at = offset + facts_offset(frame.trailer.payload_bytes, frame.header.chunk_bytes);
  if (Status read = read_exactly(file, at, sealed); !read) return read;
  if (Status opened = seal.open_facts(sealed, plain.data()); !opened) return opened;
  if (Status opened = seal.open_summary(frame.trailer.summary, frame.trailer.payload_bytes, item.sha256); !opened) return opened;
  item.id = frame.header.item;
  item.size = frame.trailer.payload_bytes;
  auto named = decode_facts(plain, item);
  if (owed != nullptr) *owed = std::move(named);
  return {};
}

StoredPayload::StoredPayload(std::shared_ptr<File> file, std::uint64_t offset, const Frame& frame, const Key& data_key,
                             std::function<void(const Error&)> on_failure)
    : file_(std::move(file)), record_(offset), frame_(frame), seal_(data_key, frame.header.item), on_failure_(std::move(on_failure)) {}

Result<std::size_t> StoredPayload::read(std::uint64_t offset, ByteSpan into) {
  std::size_t done = 0;
  const std::uint64_t chunk_size = frame_.header.chunk_bytes;
  while (done < into.size() && offset + done < size()) {
    const std::uint64_t at = offset + done, index = at / chunk_size, within = at % chunk_size;
    const ByteSpan rest = into.subspan(done);
    const bool whole = within == 0 && rest.size() >= plain_bytes(index) && index != chunk_index_;
    if (Status opened = whole ? open_chunk(index, rest.data()) : load_chunk(index); !opened) {
      if (on_failure_ && !std::exchange(told_, true)) on_failure_(opened.error());
      return opened.error();
    }
    const std::size_t n = std::min<std::size_t>(rest.size(), plain_bytes(index) - within);
    if (!whole) std::memcpy(rest.data(), chunk_.data() + within, n);
    done += n;
  }
  return done;
}

std::size_t StoredPayload::plain_bytes(std::uint64_t index) const {
  const std::uint64_t chunk_size = frame_.header.chunk_bytes;
  return std::min<std::uint64_t>(chunk_size, size() - index * chunk_size);
}

Status StoredPayload::open_chunk(std::uint64_t index, std::uint8_t* plain) {
  const std::size_t bytes = plain_bytes(index) + tag_bytes;
  const auto room = std::make_unique_for_overwrite<std::uint8_t[]>(bytes);
  const ByteSpan sealed(room.get(), bytes);
  if (Status read = read_exactly(*file_, record_ + chunk_offset(index, frame_.header.chunk_bytes), sealed); !read) return read;
  return seal_.open_chunk(index, sealed, plain);
}

Status StoredPayload::load_chunk(std::uint64_t index) {
  if (index == chunk_index_) return {};
  chunk_index_ = ~0ull;
  chunk_.resize(plain_bytes(index));
  if (Status opened = open_chunk(index, chunk_.data()); !opened) return opened;
  chunk_index_ = index;
  return {};
}

Result<Bytes> read_payload(File& file, std::uint64_t offset, const Frame& frame, const Keyring& keys) {
  auto key = keys.data_key(frame.header);
  if (!key) return key.error();
  std::shared_ptr<File> borrowed(&file, [](File*) {});
  StoredPayload payload(borrowed, offset, frame, *key, nullptr);
  Bytes bytes(payload.size());
  auto got = payload.read(0, bytes);
  if (!got) return got.error();
  return bytes;
}

}  // namespace sampan::queue
