// SPDX-License-Identifier: Apache-2.0
// A disk from somewhere: its segments, the notes in them, and the key file.
#include "base/hash.h"
#include "fuzz/target.h"
#include "queue/end_mark.h"
#include "queue/keyring.h"
#include "queue/notes.h"
#include "queue/scan.h"
#include "queue/segment.h"
#include "queue/segment_owner.h"
#include "support/volatile_files.h"

namespace sampan::fuzz {

using namespace queue;

FUZZ_TARGET(notes) {
  Feed feed(input);
  const auto type = static_cast<Type>(1 + feed.byte() % 8);
  for (const auto& note : decode_notes(type, feed.rest())) {
    Bytes encoded;
    encode(note, encoded);
    expect(decode_notes(type_of(note), encoded).size() == 1, "a note that was read is written and read as one");
  }
  core::Item item;
  decode_facts(feed.rest(), item);
  core::Item again;
  decode_facts(encode_facts(item), again);
  expect(item.facts.all() == again.facts.all(), "facts that were read are written and read the same");
}

// Headers and trailers whose checksums hold, with anything in them, around anything; and bytes that are nothing at all.
FUZZ_TARGET(segment) {
  Feed feed(input);
  const std::uint8_t kind = feed.byte();
  const std::uint64_t durable = kind < 128 ? 0 : feed.number(2);
  Bytes segment = encode(SegmentHeader{kind % 2 == 0 ? Stream::items : Stream::notes, Uuid{}, 1, 0});
  while (!feed.empty() && segment.size() < (64u << 10)) {
    const std::uint64_t at = segment.size();
    const std::uint64_t blocks = 1 + feed.byte() % 4;
    const std::uint8_t odd = feed.byte();
    segment.resize(at + blocks * block_bytes);
    Header header;
    header.type = static_cast<Type>(feed.byte() % 9);
    header.streamed = (odd & 1) != 0;
    header.sequence = (odd & 2) != 0 ? static_cast<Sequence>(feed.number(8)) : sequence_of(1, at);
    header.record_bytes = (odd & 4) != 0 ? feed.number(8) : header.streamed ? 0 : blocks * block_bytes;
    header.chunk_bytes = static_cast<std::uint32_t>((odd & 8) != 0 ? feed.number(4) : 65536);
    Trailer trailer;
    trailer.facts_bytes = static_cast<std::uint32_t>(feed.number((odd & 16) != 0 ? 4 : 1));
    trailer.sequence = header.sequence;
    trailer.payload_bytes = (odd & 32) != 0 ? feed.number(8) : feed.number(2) % (blocks * block_bytes);
    trailer.record_bytes = (odd & 64) != 0 ? feed.number(8) : blocks * block_bytes;
    const ByteView body = feed.take(feed.byte());
    std::copy(body.begin(), body.end(), segment.begin() + static_cast<std::ptrdiff_t>(at + header_bytes));
    const std::size_t end = segment.size() - trailer_bytes;
    trailer.body_crc = crc32c(ByteView(segment).subspan(at + header_bytes, end - at - header_bytes), 0);
    encode(header, &segment[at]);
    encode(trailer, &segment[end]);
    if ((odd & 128) != 0) segment[at + feed.number(2) % (blocks * block_bytes)] ^= 0x41;
  }
  HeldFile file(segment);
  SegmentScan scan(file, 1, block_bytes, segment.size());
  scan.durable_to(durable);
  std::uint64_t at = block_bytes;
  for (;;) {
    const Finding found = scan.next();
    if (found.what == Finding::What::end) break;
    const std::uint64_t end = found.what == Finding::What::damaged ? std::max<std::uint64_t>(segment.size(), durable) : segment.size();
    expect(found.offset >= at && found.bytes > 0 && found.offset + found.bytes <= end, "findings follow each other within the file, or to where it was durable");
    expect(found.what != Finding::What::torn || found.offset >= durable, "what was durable once is not torn");
    at = found.offset + found.bytes;
    if (found.what == Finding::What::record) expect(lengths_agree(found.frame.header, found.frame.trailer), "a record that is believed fits together");
    static_cast<void>(verify(file, sequence_of(1, found.offset)));
  }
}

namespace {

// Blocks that begin as the input says and are empty otherwise; what looks like a header or a trailer gets the checksum that it lacks.
Bytes sealed_blocks(Feed& feed) {
  Bytes blocks;
  while (!feed.empty() && blocks.size() < 16 * block_bytes) {
    const std::size_t skip = feed.byte() % (block_bytes / header_bytes) * header_bytes;
    if (blocks.empty() || skip == 0 || skip < blocks.size() % block_bytes) blocks.resize(round_to_block(blocks.size()));
    const std::size_t at = blocks.size() / block_bytes * block_bytes + skip;
    const ByteView said = feed.take(feed.byte());
    blocks.resize(std::max(blocks.size(), at + header_bytes));
    std::copy_n(said.begin(), std::min(said.size(), header_bytes), blocks.begin() + static_cast<std::ptrdiff_t>(at));
    store_le<std::uint32_t>(&blocks[at + header_bytes - 4], crc32c(ByteView(blocks).subspan(at, header_bytes - 4)));
  }
  blocks.resize(round_to_block(blocks.size()));
  return blocks;
}

void read_segment(ByteView bytes, const Uuid& node) {
  HeldFile file(bytes);
  const auto header = decode_segment_header(bytes);
  SegmentScan scan(file, header ? header->number : 1, header ? block_bytes : 0, bytes.size());
  if (header) scan.durable_to(end_mark_of(file, header->number));
  while (scan.next().what != Finding::What::end) {
  }
  const SegmentName name{header ? header->stream : Stream::items, header ? header->number : 1};
  const SegmentOwner owner = owner_of(file, name, node, bytes.size());
  expect(owner != SegmentOwner::us || header, "whose header does not verify is not known by it");
  expect(owner != SegmentOwner::us || header->node == node, "a segment of another node is not ours");
}

}  // namespace

FUZZ_TARGET(raw_segment) {
  Feed feed(input);
  const bool sealed = feed.byte() % 2 == 1, own = feed.byte() % 2 == 1;
  const Bytes bytes = sealed ? sealed_blocks(feed) : Bytes(input.begin(), input.end());
  const auto header = decode_segment_header(bytes);
  read_segment(bytes, header && own ? header->node : Uuid{});
  static_cast<void>(parse_segment_name(as_text(input)));
}

namespace {

const std::string state = "/state";
const std::string keys[] = {"keys/node.key", "keys/keyring", "keys/keyring.copy", "keys/local.key", "keys/local.key.copy"};

void put_file(FileSystem& files, const std::string& name, ByteView bytes) {
  expect(write_durably(files, state + "/" + name, bytes).ok(), "memory takes a file");
}

std::map<std::string, Bytes> all_keys(FileSystem& files) {
  std::map<std::string, Bytes> found;
  const auto names = files.list(state + "/keys");
  for (const auto& name : names.ok() ? *names : std::vector<std::string>{}) found[name] = read_whole(files, state + "/keys/" + name, 1 << 20).value();
  return found;
}

}  // namespace

// A folder of keys in which anything may be missing, damaged or from elsewhere. It opens, and goes on opening as the same node with the
// same keys; or it is refused, and nothing was touched.
FUZZ_TARGET(key_file) {
  Feed feed(input);
  const std::uint8_t parts = feed.byte();
  test::VolatileFiles files(state, {});
  for (const char* folder : {"/keys", "/spool"}) static_cast<void>(files.make_directories(state + folder));
  for (std::size_t i = 0; i < std::size(keys); ++i)
    if ((parts >> i & 1) != 0) put_file(files, keys[i], feed.take(feed.number(2)));
  if ((parts & 32) != 0) put_file(files, "spool/" + segment_name(Stream::items, 1), {});
  const auto before = all_keys(files);
  const auto read_only = Keyring::open_only(files, KeySources{state});
  expect(all_keys(files) == before, "who only reads changes nothing");
  const auto opened = Keyring::open_or_make(files, state);
  if (!opened) return expect(all_keys(files) == before, "keys that are refused are not touched");
  expect(!read_only || read_only->node() == opened->node(), "it is the same node for whoever only reads");
  Header header;
  const Key key = opened->mint(header);
  for (const bool only_read : {false, true}) {
    const auto again = only_read ? Keyring::open_only(files, KeySources{state}) : Keyring::open_or_make(files, state);
    expect(again.ok() && again->node() == opened->node(), "a keyring that opened goes on opening");
    const auto same = again->data_key(header);
    expect(same.ok() && *same == key && again->derive("test") == opened->derive("test"), "what was sealed opens after a restart");
  }
}

}  // namespace sampan::fuzz
