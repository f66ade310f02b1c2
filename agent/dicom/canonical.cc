// SPDX-License-Identifier: Apache-2.0
#include "dicom/canonical.h"

#include <algorithm>
#include <array>

#include "core/limits.h"
#include "dicom/cursor.h"

namespace sampan::dicom {
namespace {

constexpr std::uint32_t undefined = 0xffffffff;
constexpr std::uint32_t item_tag = 0xfffee000, item_end = 0xfffee00d, sequence_end = 0xfffee0dd, padding = 0xfffcfffc;
constexpr std::uint32_t pixel_data = 0x7fe00010;
constexpr std::uint64_t no_end = ~0ull;

Error malformed(const char* what) { return fail(Errc::invalid, what); }

struct Encoding {
  bool explicit_vr = true;
  bool big_endian = false;
};

struct Element {
  std::uint32_t tag = 0;
  std::uint32_t length = 0;
  std::array<char, 2> vr{};  // zeros when implicit
};

// Bytes of one number of the value, for turning big endian round.
std::size_t width_of(std::string_view vr) {
  if (vr == "US" || vr == "SS" || vr == "OW" || vr == "AT") return 2;
  if (vr == "UL" || vr == "SL" || vr == "FL" || vr == "OF" || vr == "OL") return 4;
  if (vr == "FD" || vr == "OD" || vr == "SV" || vr == "UV" || vr == "OV") return 8;
  return 1;
}

class Digester {
 public:
  Digester(std::string_view transfer_syntax, Encoding encoding, core::Payload& payload)
      : transfer_syntax_(transfer_syntax), encoding_(encoding), cursor_(payload) {}

  Result<Digest> run() {
    if (Status done = elements(no_end, 0); !done) return done.error();
    return hash_.finish();
  }

 private:
  std::uint16_t u16(const std::uint8_t* at) const {
    return encoding_.big_endian ? static_cast<std::uint16_t>(at[0] << 8 | at[1]) : load_le<std::uint16_t>(at);
  }
  std::uint32_t u32(const std::uint8_t* at) const {
    if (!encoding_.big_endian) return load_le<std::uint32_t>(at);
    return static_cast<std::uint32_t>(u16(at)) << 16 | u16(at + 2);
  }

  void mark(char what, std::uint32_t tag) {
    std::uint8_t room[5] = {static_cast<std::uint8_t>(what)};
    store_le(room + 1, tag);
    hash_.update(room);
  }

  Result<Element> header() {
    auto head = cursor_.peek(12);
    if (!head) return head.error();
    if (head->size() < 8) return malformed("an element is cut short");
    const std::uint8_t* at = head->data();
    Element element;
    element.tag = static_cast<std::uint32_t>(u16(at)) << 16 | u16(at + 2);
    const bool delimiter = element.tag >> 16 == 0xfffe;
    if (delimiter || !encoding_.explicit_vr) {
      element.length = u32(at + 4);
      cursor_.skip(8);
      return element;
    }
    element.vr = {static_cast<char>(at[4]), static_cast<char>(at[5])};
    const std::string_view vr(element.vr.data(), 2);
    if (!has_long_length(vr)) {
      element.length = u16(at + 6);
      cursor_.skip(8);
      return element;
    }
    if (head->size() < 12) return malformed("an element is cut short");
    element.length = u32(at + 8);
    cursor_.skip(12);
    return element;
  }

  // Elements up to an offset, an item's end, or the end of the payload.
  Status elements(std::uint64_t end, int depth) {
    if (depth > core::limits::image_depth_max) return malformed("nested too deep");
    while (cursor_.at() < end && !cursor_.at_end()) {
      auto element = header();
      if (!element) return element.error();
      if (element->tag == item_end && end == no_end && depth > 0) return {};
      if (element->tag >> 16 == 0xfffe) return malformed("a delimiter out of place");
      if (Status done = value(*element, depth); !done) return done;
    }
    if (end != no_end && cursor_.at() != end) return malformed("an item ends inside an element");
    if (end == no_end && depth > 0) return malformed("an item does not end");
    return {};
  }

  Status value(const Element& element, int depth) {
    const std::string_view vr(element.vr.data(), 2);
    const bool left_out = (element.tag & 0xffff) == 0 || element.tag == padding;
    if (element.length == undefined) {
      if (element.tag == pixel_data) return fragments();
      // PS3.5 6.2.2: UN of undefined length is an implicit little-endian sequence.
      const Encoding outer = encoding_;
      if (encoding_.explicit_vr && vr == "UN") encoding_ = {false, false};
      const Status done = sequence(element.tag, no_end, depth);
      encoding_ = outer;
      return done;
    }
    if (!left_out && element.length >= 8) {
      auto nested = is_sequence(element, vr);
      if (!nested) return nested.error();
      if (*nested) return sequence(element.tag, cursor_.at() + element.length, depth);
    }
    if (!left_out) mark('V', element.tag);
    return plain(element.length, left_out, encoding_.big_endian ? width_of(vr) : 1);
  }

  Result<bool> is_sequence(const Element& element, std::string_view vr) {
    if (encoding_.explicit_vr) return vr == "SQ";
    if (element.tag == pixel_data) return false;
    auto first = cursor_.peek(4);
    if (!first) return first.error();
    return first->size() == 4 && load_le<std::uint32_t>(first->data()) == 0xe000fffe;  // an item tag, little endian
  }

  // An empty sequence counts as an empty value: implicit VR does not tell them apart.
  Status sequence(std::uint32_t tag, std::uint64_t end, int depth) {
    bool empty = true;
    while (cursor_.at() < end) {
      auto item = header();
      if (!item) return item.error();
      if (item->tag == sequence_end && end == no_end) break;
      if (item->tag != item_tag) return malformed("a sequence holds something else than items");
      if (empty) mark('S', tag);
      empty = false;
      mark('I', 0);
      const std::uint64_t item_stop = item->length == undefined ? no_end : cursor_.at() + item->length;
      if (Status done = elements(item_stop, depth + 1); !done) return done;
    }
    if (end != no_end && cursor_.at() != end) return malformed("a sequence ends inside an item");
    if (empty) return mark('V', tag), length(0), Status{};
    return mark('E', tag), Status{};
  }

  Status fragments() {
    mark('P', pixel_data);
    hash_.update(as_bytes(transfer_syntax_));
    for (;;) {
      auto item = header();
      if (!item) return item.error();
      if (item->tag == sequence_end) return {};
      if (item->tag != item_tag || item->length == undefined) return malformed("a fragment is malformed");
      mark('F', 0);
      if (Status done = plain(item->length, false, 1); !done) return done;
    }
  }

  void length(std::uint64_t bytes) {
    std::uint8_t room[8];
    store_le(room, bytes);
    hash_.update(room);
  }

  Status plain(std::uint64_t bytes, bool left_out, std::size_t width) {
    if (!left_out) length(bytes);
    while (bytes > 0) {
      auto part = cursor_.peek(std::min<std::uint64_t>(bytes, cursor_.room()));
      if (!part) return part.error();
      if (part->empty()) return malformed("a value is cut short");
      std::size_t n = part->size();
      if (width > 1) n -= n % width;
      if (n == 0) return malformed("a value has an odd length");
      if (!left_out && width == 1) hash_.update(part->first(n));
      if (!left_out && width > 1) hash_.update(turned(part->first(n), width));
      cursor_.skip(n);
      bytes -= n;
    }
    return {};
  }

  static Bytes turned(ByteView bytes, std::size_t width) {
    Bytes out(bytes.begin(), bytes.end());
    for (std::size_t at = 0; at + width <= out.size(); at += width)
      std::reverse(out.begin() + static_cast<std::ptrdiff_t>(at), out.begin() + static_cast<std::ptrdiff_t>(at + width));
    return out;
  }

  const std::string_view transfer_syntax_;
  Encoding encoding_;
  Cursor cursor_;
  Sha256 hash_;
};

}  // namespace

Result<Digest> canonical_digest(std::string_view transfer_syntax_uid, core::Payload& data_set) {
  if (transfer_syntax_uid == "1.2.840.10008.1.2.1.99") return malformed("deflated data sets are not compared");
  Encoding encoding;
  encoding.explicit_vr = transfer_syntax_uid != "1.2.840.10008.1.2";
  encoding.big_endian = transfer_syntax_uid == "1.2.840.10008.1.2.2";
  return Digester(transfer_syntax_uid, encoding, data_set).run();
}

}  // namespace sampan::dicom
