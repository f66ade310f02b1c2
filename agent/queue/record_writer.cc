// SPDX-License-Identifier: Apache-2.0
#include "queue/record_writer.h"

#include <algorithm>
#include <utility>

#include "base/crash_point.h"
#include "core/limits.h"

namespace sampan::queue {
namespace {

using namespace core;

constexpr auto pool_patience = std::chrono::milliseconds(500);
constexpr std::size_t end_bytes_max = limits::facts_bytes_max + tag_bytes + block_bytes + trailer_bytes;
constexpr std::size_t small_bytes = block_bytes + limits::chunk_bytes + tag_bytes + end_bytes_max;  // a chunk behind what filled no block
constexpr std::uint64_t write_back_every = 2u << 20;

Header header_of(Type type, const Uuid& item) {
  Header header;
  header.type = type;
  header.item = item;
  header.chunk_bytes = limits::chunk_bytes;
  return header;
}

}  // namespace

RecordWriter::RecordWriter(SpoolFolder& folder, const Keyring& keys, GatherPool& pool, Type type, const Uuid& item, bool one_thread)
    : folder_(folder),
      pool_(pool),
      one_thread_(one_thread),
      pooled_(pool.take(pool_patience)),
      header_(header_of(type, item)),
      seal_(keys.mint(header_), item) {
  if (!pooled_) small_.resize(small_bytes);
}

RecordWriter::~RecordWriter() {
  behind_.reset();
  if (own_ && !stored_) static_cast<void>(folder_.files().unlink(own_->path()));
}

ByteSpan RecordWriter::buffer() const {
  return pooled_ ? pooled_->bytes() : ByteSpan(const_cast<std::uint8_t*>(small_.data()), small_.size());
}

// What the buffer may hold before the end of a record must still fit behind it.
std::size_t RecordWriter::body_room() const { return buffer().size() - end_bytes_max; }

Status RecordWriter::append(ByteView plain) {
  payload_bytes_ += plain.size();
  if (payload_bytes_ > limits::item_bytes_max) return fail(Errc::limit, "larger than one item may be");
  while (!plain.empty()) {
    if (chunk_fill_ == limits::chunk_bytes) {
      end_chunk();
      if (Status room = make_room(); !room) return room;
    }
    const std::size_t n = std::min<std::size_t>(plain.size(), limits::chunk_bytes - chunk_fill_);
    std::memcpy(&buffer()[chunk_at_ + chunk_fill_], plain.data(), n);
    chunk_fill_ += n;
    plain = plain.subspan(n);
  }
  return {};
}

void RecordWriter::end_chunk() {
  const ByteSpan plain = buffer().subspan(chunk_at_, chunk_fill_);
  hash_.update(plain);
  if (behind_) {
    ++unsealed_;
  } else {
    seal_chunk(chunk_index_, plain);
  }
  ++chunk_index_;
  chunk_at_ += chunk_fill_ + tag_bytes;
  chunk_fill_ = 0;
}

void RecordWriter::seal_chunk(std::uint64_t index, ByteSpan plain) {
  seal_.chunk(index, plain, plain.data());
  crc_ = crc32c({plain.data(), plain.size() + tag_bytes}, crc_);  // while it is in the cache
}

void RecordWriter::seal_chunks(std::uint8_t* first, std::size_t count, std::uint64_t before) {
  for (std::size_t i = 0; i < count; ++i)
    seal_chunk(before - count + i, {first + i * (limits::chunk_bytes + tag_bytes), limits::chunk_bytes});
}

Status RecordWriter::make_room() {
  if (chunk_at_ + limits::chunk_bytes + tag_bytes <= body_room()) return {};
  if (!own_)
    if (Status begun = begin_own_segment(); !begun) return begun;
  return flush();
}

Status RecordWriter::begin_own_segment() {
  auto made = Segment::create(folder_, Stream::items);
  if (!made) return made.error();
  own_ = std::move(*made);
  own_->file().stream();
  header_.streamed = true;
  header_.sequence = sequence_of(own_->number(), block_bytes);
  encode(header_, buffer().data());
  if (!pooled_ || one_thread_) return {};
  spare_ = pool_.take_spare();
  if (spare_) behind_ = WriteBehind::start();
  return {};
}

// Writes what the buffer holds, or has it sealed and written; the next chunk begins behind what is left over.
Status RecordWriter::flush() {
  const ByteSpan held = buffer().first(chunk_at_);
  const std::size_t left_over = held.size() % block_bytes, lead = std::exchange(lead_, left_over);
  flushed_bytes_ += held.size() - left_over;
  chunk_at_ = left_over;
  if (!behind_) return write_blocks(held, buffer().data());
  if (Status done = behind_->wait(); !done) return done;
  std::swap(pooled_, spare_);
  behind_->begin([this, held, first = held.data() + lead, count = std::exchange(unsealed_, 0), before = chunk_index_, next = buffer().data()] {
    seal_chunks(first, count, before);
    return write_blocks(held, next);
  });
  return {};
}

// Nothing is left behind: all is sealed, and all but the buffer is written.
void RecordWriter::catch_up() {
  if (!behind_) return;
  static_cast<void>(behind_->wait());  // a segment that failed a write takes no more, and so store() fails as well
  behind_.reset();
  seal_chunks(buffer().data() + lead_, std::exchange(unsealed_, 0), chunk_index_);
}

Status RecordWriter::write_blocks(ByteView held, std::uint8_t* next) {
  const ByteView whole = held.first(held.size() / block_bytes * block_bytes), left_over = held.subspan(whole.size());
  if (Status done = own_->write(whole); !done) return done;
  std::memmove(next, left_over.data(), left_over.size());
  // So that the sync at the end is not left with all of it.
  if (own_->end() - written_back_ >= write_back_every) {
    own_->file().write_back(written_back_, own_->end() - written_back_);
    written_back_ = own_->end();
  }
  return {};
}

RecordWriter::Summary RecordWriter::close() {
  catch_up();
  if (chunk_fill_ > 0) end_chunk();
  sha256_ = hash_.finish();
  return {payload_bytes_, sha256_};
}

// Lays sealed facts, zeros and room for the trailer behind the body; chunk_at_ is then the end of the record.
void RecordWriter::lay_end(std::uint64_t facts_bytes_plain, ByteView facts) {
  std::uint8_t* at = &buffer()[chunk_at_];
  std::copy(facts.begin(), facts.end(), at);
  seal_.facts({at, facts.size()}, at);
  trailer_.facts_bytes = static_cast<std::uint32_t>(facts_bytes_plain + tag_bytes);
  trailer_.payload_bytes = payload_bytes_;
  seal_.summary(sha256_, payload_bytes_, trailer_.summary.data());
  const std::uint64_t used = flushed_bytes_ + chunk_at_ + trailer_.facts_bytes;
  trailer_.record_bytes = round_to_block(used + trailer_bytes);
  SAMPAN_ASSERT(trailer_.record_bytes - flushed_bytes_ <= buffer().size());
  std::memset(at + trailer_.facts_bytes, 0, trailer_.record_bytes - used);
  const std::size_t end_bytes = trailer_.facts_bytes + (trailer_.record_bytes - used);
  trailer_.body_crc = crc32c({at, end_bytes - trailer_bytes}, crc_);
  chunk_at_ += end_bytes;
}

Result<Place> RecordWriter::store(Appender& appender, ByteView facts, const Appender::AtPlace& written) {
  SAMPAN_ASSERT(facts.size() <= limits::facts_bytes_max);
  if (own_) return store_streamed(facts, written);
  lay_end(facts.size(), facts);
  const ByteSpan record = buffer().first(chunk_at_);
  header_.record_bytes = trailer_.record_bytes;
  const auto stamp = [&](const Place& place) {
    header_.sequence = trailer_.sequence = place.sequence();
    encode(header_, record.data());
    encode(trailer_, record.data() + record.size() - trailer_bytes);
  };
  auto place = appender.append(record, stamp, written);
  if (!place) return place.error();
  crash_point(header_.type == Type::item ? "item.written" : header_.type == Type::receipts ? "receipt.written" : "note.written");
  if (Status synced = place->sync(); !synced) return synced.error();
  stored_ = true;
  return place;
}

Result<Place> RecordWriter::store_streamed(ByteView facts, const Appender::AtPlace& written) {
  lay_end(facts.size(), facts);
  const ByteSpan held = buffer().first(chunk_at_);
  trailer_.sequence = header_.sequence;
  encode(trailer_, held.data() + held.size() - trailer_bytes);
  if (Status done = own_->write(held); !done) return done.error();
  crash_point("item.written");
  Place place{own_, block_bytes, trailer_.record_bytes};
  if (Status synced = place.sync(); !synced) return synced.error();
  own_->file().forget(0, own_->end());
  stored_ = true;
  written(place);
  return place;
}

}  // namespace sampan::queue
