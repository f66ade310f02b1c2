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

Status read_item(File& file, std::uint64_t offset, const Frame& frame, const Keyring& keys, core::Item& item) {
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
  decode_facts(plain, item);
  return {};
}

StoredPayload::StoredPayload(std::shared_ptr<File> file, std::uint64_t offset, const Frame& frame, const Key& data_key,
                             std::function<void()> on_damage)
    : file_(std::move(file)), record_(offset), frame_(frame), seal_(data_key, frame.header.item), on_damage_(std::move(on_damage)) {}

Result<std::size_t> StoredPayload::read(std::uint64_t offset, ByteSpan into) {
  std::size_t done = 0;
  const std::uint64_t chunk_size = frame_.header.chunk_bytes;
  while (done < into.size() && offset + done < size()) {
    const std::uint64_t at = offset + done, index = at / chunk_size, within = at % chunk_size;
    if (Status loaded = load_chunk(index); !loaded) {
      if (loaded.error().code == Errc::damaged && on_damage_ && !std::exchange(told_, true)) on_damage_();
      return loaded.error();
    }
    const std::size_t n = std::min<std::size_t>(into.size() - done, chunk_.size() - within);
    std::memcpy(into.data() + done, chunk_.data() + within, n);
    done += n;
  }
  return done;
}

Status StoredPayload::load_chunk(std::uint64_t index) {
  if (index == chunk_index_) return {};
  const std::uint64_t chunk_size = frame_.header.chunk_bytes;
  const std::size_t plain = std::min<std::uint64_t>(chunk_size, size() - index * chunk_size);
  chunk_index_ = ~0ull;
  chunk_.resize(plain + tag_bytes);
  if (Status read = read_exactly(*file_, record_ + chunk_offset(index, chunk_size), chunk_); !read) return read;
  if (Status opened = seal_.open_chunk(index, chunk_, chunk_.data()); !opened) return opened;
  chunk_.resize(plain);
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
