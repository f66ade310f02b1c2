// SPDX-License-Identifier: Apache-2.0
#include "queue/scan_ahead.h"

#include <tuple>

#include "fixture.h"
#include "queue/segment.h"

using namespace sampan;
using namespace sampan::test;
using namespace sampan::queue;

namespace {

constexpr unsigned more_than_is_read_ahead = 2500;

using Seen = std::tuple<Finding::What, std::uint64_t, std::uint64_t, bool>;

// To the end; of each damage only the first block is spoken of at once.
template <class Scan>
std::vector<Seen> all_of(Scan& scan) {
  std::vector<Seen> seen;
  for (;;) {
    const Finding found = scan.next();
    seen.emplace_back(found.what, found.offset, found.bytes, found.record_follows);
    if (found.what == Finding::What::end) return seen;
    if (found.what == Finding::What::damaged) scan.cut(found.offset + block_bytes);
  }
}

struct Segments : QueueFixture {
  std::unique_ptr<sampan::File> file;
  std::uint64_t number = 0, size = 0;

  // Of small records, the first, two beside each other and the last damaged.
  Segments() {
    files.syncs_for_nothing = true;
    for (unsigned n = 0; n < more_than_is_read_ahead; ++n) REQUIRE(put(pattern(5000, n), image_facts("1." + std::to_string(n))).ok());
    stop();
    const std::string path = segments().front();
    number = parse_segment_name(std::filesystem::path(path).filename().string())->number;
    auto opened = disk().open(path, FileSystem::Mode::write);
    REQUIRE(opened.ok());
    file = std::move(*opened);
    size = *file->size();
    std::vector<std::uint64_t> records;
    for (auto plain = scan();;) {
      const Finding found = plain.next();
      if (found.what == Finding::What::end) break;
      records.push_back(found.offset);
    }
    REQUIRE(records.size() == more_than_is_read_ahead);
    for (const std::size_t index : {std::size_t{0}, records.size() / 2, records.size() / 2 + 1, records.size() - 1})
      REQUIRE(file->write_at(records[index] + 600, pattern(100, 1)).ok());
  }
  SegmentScan scan() {
    SegmentScan made(*file, number, block_bytes, size);
    made.read_ahead();
    return made;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Segments, "what_is_read_ahead_is_what_is_found_without_and_it_goes_on_behind_damage_where_it_is_told_to") {
  SegmentScan plain = scan();
  const auto expected = all_of(plain);
  CHECK(expected.size() > more_than_is_read_ahead);
  for (const auto runs : {ScanAhead::Runs::ahead, ScanAhead::Runs::as_asked}) {
    ScanAhead ahead(scan(), runs);
    CHECK(all_of(ahead) == expected);
  }
}

TEST_CASE_FIXTURE(Segments, "a_reading_ahead_ends_wherever_it_is_left") {
  for (const int read : {0, 1, 2, 700, 1500}) {
    ScanAhead ahead(scan(), ScanAhead::Runs::ahead);
    for (int i = 0; i < read; ++i) CHECK(ahead.next().what != Finding::What::end);
  }
}
