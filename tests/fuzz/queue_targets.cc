// SPDX-License-Identifier: Apache-2.0
// A disk from somewhere: its segments, the notes in them, and the key file.
#include "base/hash.h"
#include "fuzz/target.h"
#include "queue/keyring.h"
#include "queue/notes.h"
#include "queue/scan.h"
#include "queue/segment.h"
#include "queue/segment_owner.h"

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
  Bytes segment = encode(SegmentHeader{feed.byte() % 2 == 0 ? Stream::items : Stream::notes, Uuid{}, 1, 0});
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
  std::uint64_t at = block_bytes;
  for (;;) {
    const Finding found = scan.next();
    if (found.what == Finding::What::end) break;
    expect(found.offset >= at && found.bytes > 0 && found.offset + found.bytes <= segment.size(), "findings follow each other within the file");
    at = found.offset + found.bytes;
    if (found.what == Finding::What::record) expect(lengths_agree(found.frame.header, found.frame.trailer), "a record that is believed fits together");
    static_cast<void>(is_sound(file, sequence_of(1, found.offset)));
  }
}

FUZZ_TARGET(raw_segment) {
  HeldFile file(input);
  const auto header = decode_segment_header(input);
  SegmentScan scan(file, header ? header->number : 1, 0, input.size());
  while (scan.next().what != Finding::What::end) {
  }
  static_cast<void>(parse_segment_name(as_text(input)));
  const SegmentOwner owner = owner_of(file, {Stream::items, header ? header->number : 1}, Uuid{}, input.size());
  expect(owner != SegmentOwner::us || header, "whose header does not verify is not known by it");
}

FUZZ_TARGET(key_file) {
  FewFiles files({{"node.key", input}});
  static_cast<void>(Keyring::open_or_make(files, "/state"));
}

}  // namespace sampan::fuzz
