// SPDX-License-Identifier: Apache-2.0
#include "queue/end_mark.h"

namespace sampan::queue {

std::uint64_t end_mark_of(File& file, std::uint64_t number) {
  std::uint8_t sector[sector_bytes];
  const auto got = file.read_at(end_mark_at, sector);
  return got && *got == sizeof sector ? decode_end_mark(number, sector).value_or(0) : 0;
}

Status write_end_mark(File& file, std::uint64_t number, std::uint64_t durable_end) {
  return file.write_at(end_mark_at, encode_end_mark(number, durable_end));
}

void EndMarks::saw(const Place& place) {
  Place& last = last_[place.segment->number()];
  if (!last.segment || place.offset > last.offset) last = place;
}

void EndMarks::settle(const std::function<bool(std::uint64_t)>& gets_more) {
  for (auto entry = last_.begin(); entry != last_.end();) {
    const auto& [number, last] = *entry;
    if (gets_more(number)) {
      ++entry;
      continue;
    }
    static_cast<void>(write_end_mark(last.segment->file(), number, last.offset + last.bytes));
    entry = last_.erase(entry);
  }
}

void EndMarks::end(const std::function<bool(std::uint64_t)>& gets_more) {
  for (const auto& [number, last] : last_)
    if (!gets_more(number) && write_end_mark(last.segment->file(), number, last.offset + last.bytes)) static_cast<void>(last.segment->file().sync());
  last_.clear();
}

}  // namespace sampan::queue
