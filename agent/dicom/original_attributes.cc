// SPDX-License-Identifier: Apache-2.0
#include "dicom/original_attributes.h"

#include <chrono>
#include <cstdio>

#include "dicom/cursor.h"

namespace sampan::dicom {
namespace {

constexpr std::uint32_t item_tag = 0xfffee000;

template <class T>
void put(Bytes& out, T value) {
  const auto at = out.size();
  out.resize(at + sizeof value);
  store_le(&out[at], value);
}

void put_tag(Bytes& out, std::uint32_t tag) {
  put(out, static_cast<std::uint16_t>(tag >> 16));
  put(out, static_cast<std::uint16_t>(tag));
}

void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes item_of(ByteView content) {
  Bytes out;
  put_tag(out, item_tag);
  put(out, static_cast<std::uint32_t>(content.size()));
  append(out, content);
  return out;
}

// PS3.5 6.2, DT: UTC, with the offset said. By arithmetic alone: the C library would look for a time zone on the disk.
std::string date_time(WallTime time) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(time.ms)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02d.%03d+0000", static_cast<int>(date.year()) % 10000,
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

}  // namespace

Bytes encode_element(std::uint32_t tag, std::string_view vr, ByteView value, bool implicit_vr) {
  const std::size_t padded = value.size() + value.size() % 2;
  Bytes out;
  put_tag(out, tag);
  if (!implicit_vr) append(out, as_bytes(vr));
  if (implicit_vr) {
    put(out, static_cast<std::uint32_t>(padded));
  } else if (has_long_length(vr)) {
    put(out, std::uint16_t{0});
    put(out, static_cast<std::uint32_t>(padded));
  } else {
    put(out, static_cast<std::uint16_t>(padded));
  }
  append(out, value);
  if (padded != value.size()) out.push_back(' ');
  return out;
}

Bytes original_attributes_item(const std::map<std::uint32_t, Bytes>& before, const ChangeNote& note, bool implicit_vr) {
  Bytes attributes, content;
  for (const auto& [tag, element] : before) append(attributes, element);
  append(content, encode_element(0x04000550, "SQ", item_of(attributes), implicit_vr));
  append(content, encode_element(0x04000562, "DT", as_bytes(date_time(note.time)), implicit_vr));
  append(content, encode_element(0x04000563, "LO", as_bytes(note.system), implicit_vr));
  append(content, encode_element(0x04000564, "LO", as_bytes(note.source), implicit_vr));
  append(content, encode_element(0x04000565, "CS", as_bytes("COERCE"), implicit_vr));
  return item_of(content);
}

}  // namespace sampan::dicom
