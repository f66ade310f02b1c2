// SPDX-License-Identifier: Apache-2.0
#include "dicom/data_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/limits.h"
#include "dicom/cursor.h"

namespace sampan::dicom {
namespace {

constexpr std::uint32_t undefined = 0xffffffff;
constexpr Tag item_tag = 0xfffee000, item_end = 0xfffee00d, sequence_end = 0xfffee0dd;
constexpr std::array sequence_tags{tag::failed_sop_sequence, tag::referenced_sop_sequence};

// Encoding

template <class T>
void put(Bytes& to, T value) {
  const std::size_t at = to.size();
  to.resize(at + sizeof value);
  store_le(&to[at], value);
}

void put_tag(Bytes& to, Tag tag) {
  put(to, static_cast<std::uint16_t>(tag >> 16));
  put(to, static_cast<std::uint16_t>(tag));
}

void put_header(Bytes& to, Tag tag, std::string_view vr, std::size_t bytes, bool explicit_vr) {
  put_tag(to, tag);
  if (!explicit_vr) return put(to, static_cast<std::uint32_t>(bytes));
  to.insert(to.end(), vr.begin(), vr.end());
  if (!has_long_length(vr)) return put(to, static_cast<std::uint16_t>(bytes));
  put(to, std::uint16_t{0});
  put(to, static_cast<std::uint32_t>(bytes));
}

// Decoding

Error malformed(const char* what) { return fail(Errc::invalid, std::string("data set: ") + what); }

class Decoder {
 public:
  Decoder(ByteView bytes, bool explicit_vr) : left_(bytes), explicit_vr_(explicit_vr) {}
  Result<DataSet> run() { return elements(undefined, 0); }

 private:
  struct Header {
    Tag tag = 0;
    std::string vr;
    std::uint32_t length = 0;
  };

  Result<Header> header() {
    if (left_.size() < 8) return malformed("an element is cut short");
    Header header;
    header.tag = static_cast<Tag>(load_le<std::uint16_t>(left_.data())) << 16 | load_le<std::uint16_t>(left_.data() + 2);
    if (!explicit_vr_ || header.tag >> 16 == 0xfffe) {
      header.length = load_le<std::uint32_t>(left_.data() + 4);
      left_ = left_.subspan(8);
      return header;
    }
    header.vr.assign(as_text(left_.subspan(4, 2)));
    if (!has_long_length(header.vr)) {
      header.length = load_le<std::uint16_t>(left_.data() + 6);
      left_ = left_.subspan(8);
      return header;
    }
    if (left_.size() < 12) return malformed("an element is cut short");
    header.length = load_le<std::uint32_t>(left_.data() + 8);
    left_ = left_.subspan(12);
    return header;
  }

  // length: of an item, or undefined: up to its end mark (depth 0: up to the end of the bytes).
  Result<DataSet> elements(std::uint32_t length, int depth) {
    if (depth > core::limits::data_set_depth_max) return malformed("nested too deep");
    if (length != undefined && length > left_.size()) return malformed("an item is cut short");
    const std::size_t stop = length == undefined ? 0 : left_.size() - length;
    DataSet set;
    while (left_.size() > stop) {
      auto next = header();
      if (!next) return next.error();
      if (next->tag == item_end && length == undefined && depth > 0) return set;
      if (++count_ > core::limits::data_set_elements_max) return malformed("too many elements");
      auto read = element(*next, depth);
      if (!read) return read.error();
      set.put(next->tag, std::move(*read));
    }
    if (left_.size() != stop) return malformed("an item ends inside an element");
    if (length == undefined && depth > 0) return malformed("an item does not end");
    return set;
  }

  Result<DataSet::Element> element(const Header& header, int depth) {
    const bool known = std::find(sequence_tags.begin(), sequence_tags.end(), header.tag) != sequence_tags.end();
    if (header.vr == "SQ" || (header.vr.empty() && known) || header.length == undefined) return sequence(header, depth);
    if (header.length > left_.size()) return malformed("a value is cut short");
    DataSet::Element read{header.vr, std::string(as_text(left_.first(header.length))), {}, false};
    left_ = left_.subspan(header.length);
    if (header.vr != "US" && (!header.vr.empty() || header.length != 2))
      while (!read.value.empty() && (read.value.back() == '\0' || read.value.back() == ' ')) read.value.pop_back();
    return read;
  }

  Result<DataSet::Element> sequence(const Header& header, int depth) {
    if (header.length != undefined && header.length > left_.size()) return malformed("a sequence is cut short");
    const std::size_t stop = header.length == undefined ? 0 : left_.size() - header.length;
    DataSet::Element read{"SQ", {}, {}, true};
    while (left_.size() > stop) {
      auto next = this->header();
      if (!next) return next.error();
      if (next->tag == sequence_end && header.length == undefined) return read;
      if (next->tag != item_tag) return malformed("an item was due");
      auto item = elements(next->length, depth + 1);
      if (!item) return item.error();
      read.items.push_back(std::move(*item));
      if (++count_ > core::limits::data_set_elements_max) return malformed("too many elements");
    }
    if (left_.size() != stop || header.length == undefined) return malformed("a sequence does not end");
    return read;
  }

  ByteView left_;
  const bool explicit_vr_;
  std::size_t count_ = 0;
};

}  // namespace

void DataSet::set(Tag tag, std::string_view vr, std::string value) {
  elements_[tag] = {std::string(vr), std::move(value), {}, false};
}

void DataSet::set_number(Tag tag, std::uint16_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  set(tag, "US", std::move(bytes));
}

DataSet& DataSet::add_item(Tag sequence) {
  Element& element = elements_[sequence];
  element.vr = "SQ";
  element.is_sequence = true;
  return element.items.emplace_back();
}

std::string_view DataSet::text(Tag tag) const {
  const auto found = elements_.find(tag);
  return found == elements_.end() ? std::string_view() : std::string_view(found->second.value);
}

std::uint16_t DataSet::number(Tag tag, std::uint16_t absent) const {
  const std::string_view value = text(tag);
  return value.size() < 2 ? absent : load_le<std::uint16_t>(as_bytes(value).data());
}

const std::vector<DataSet>& DataSet::items(Tag sequence) const {
  static const std::vector<DataSet> none;
  const auto found = elements_.find(sequence);
  return found == elements_.end() ? none : found->second.items;
}

Bytes encode(const DataSet& set, bool explicit_vr) {
  Bytes out;
  for (const auto& [tag, element] : set.elements()) {
    Bytes value;
    for (const DataSet& item : element.items) {
      const Bytes inner = encode(item, explicit_vr);
      put_tag(value, item_tag);
      put(value, static_cast<std::uint32_t>(inner.size()));
      value.insert(value.end(), inner.begin(), inner.end());
    }
    value.insert(value.end(), element.value.begin(), element.value.end());
    if (value.size() % 2 != 0) value.push_back(element.vr == "UI" ? '\0' : ' ');
    put_header(out, tag, element.vr, value.size(), explicit_vr);
    out.insert(out.end(), value.begin(), value.end());
  }
  return out;
}

Result<DataSet> decode_data_set(ByteView bytes, bool explicit_vr) { return Decoder(bytes, explicit_vr).run(); }

}  // namespace sampan::dicom
