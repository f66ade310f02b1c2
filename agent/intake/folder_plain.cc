// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_plain.h"

#include <algorithm>
#include <array>

#include "intake/folder_dicomdir.h"

namespace sampan::intake {
namespace {

struct Type {
  std::string_view sign, media_type;
};

constexpr std::array by_start{
    Type{"%PDF-", "application/pdf"},      Type{"<?xml", "application/xml"},  Type{"\xef\xbb\xbf<?xml", "application/xml"},
    Type{"\x89PNG\r\n", "image/png"},      Type{"\xff\xd8\xff", "image/jpeg"}, Type{"PK\x03\x04", "application/zip"},
};

constexpr std::array by_ending{
    Type{".pdf", "application/pdf"}, Type{".xml", "application/xml"}, Type{".json", "application/json"},
    Type{".csv", "text/csv"},        Type{".txt", "text/plain"},      Type{".html", "text/html"},
    Type{".jpg", "image/jpeg"},      Type{".jpeg", "image/jpeg"},     Type{".png", "image/png"},
    Type{".tif", "image/tiff"},      Type{".tiff", "image/tiff"},     Type{".zip", "application/zip"},
};

}  // namespace

std::string media_type_of(ByteView start, std::string_view name) {
  for (const auto& [sign, type] : by_start)
    if (as_text(start).starts_with(sign)) return std::string(type);
  const std::string lower = lower_case(std::string(name));
  for (const auto& [ending, type] : by_ending)
    if (lower.ends_with(ending)) return std::string(type);
  return "application/octet-stream";
}

Uuid plain_file_id(std::string_view path, const FileState& state, const Digest& content) {
  std::uint8_t time[8], put_in[16];  // not the device, whose number another start may change
  store_le(time, state.modified_ns / 1'000'000);
  store_le(put_in, state.inode);
  store_le(put_in + 8, state.changed_ns);
  Sha256 hash;
  hash.update(as_bytes("sampan plain file"));
  hash.update(time);
  hash.update(put_in);
  hash.update(content);
  hash.update(as_bytes(path));
  const Digest digest = hash.finish();
  Uuid id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = time[5 - i];  // RFC 9562 5.7: big endian milliseconds
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

}  // namespace sampan::intake
