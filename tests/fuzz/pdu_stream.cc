// SPDX-License-Identifier: Apache-2.0
#include "fuzz/pdu_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sampan::fuzz {
namespace {

using Dice = std::minstd_rand;
using Kind = Part::Kind;

constexpr std::size_t associate_bytes = 68;  // of an A-ASSOCIATE before its items
constexpr std::uint8_t associate_rq = 1, associate_ac = 2, p_data = 4;

// Where the length of a kind stands: so many bytes of head, then so many bytes of length.
struct Form {
  std::size_t head, length;
  bool big_endian;
};
Form form_of(Kind kind) {
  switch (kind) {
    case Kind::pdu: return {2, 4, true};
    case Kind::pdv: return {0, 4, true};
    case Kind::item: return {2, 2, true};
    case Kind::element: return {4, 4, false};
    case Kind::raw: break;
  }
  return {0, 0, true};
}

std::uint32_t load(ByteView at, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < at.size(); ++i) value |= std::uint32_t{at[i]} << 8 * (big_endian ? at.size() - 1 - i : i);
  return value;
}

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void append_number(Bytes& to, std::uint32_t value, std::size_t bytes, bool big_endian) {
  for (std::size_t i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? bytes - 1 - i : i)));
}

void take_apart(Part& part, ByteView body);

// One after the other; what is left over in the end is a part of bytes.
std::vector<Part> parse_all(ByteView left, Kind kind) {
  const Form form = form_of(kind);
  std::vector<Part> parts;
  while (left.size() >= form.head + form.length) {
    Part part;
    part.kind = kind;
    part.head.assign(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(form.head));
    const std::uint32_t said = load(left.subspan(form.head, form.length), form.big_endian);
    left = left.subspan(form.head + form.length);
    const std::size_t bytes = std::min<std::size_t>(said, left.size());
    if (bytes != said) part.pretended = said;
    take_apart(part, left.first(bytes));
    left = left.subspan(bytes);
    parts.push_back(std::move(part));
  }
  if (!left.empty()) parts.push_back({Kind::raw, {}, Bytes(left.begin(), left.end())});
  return parts;
}

// How many bytes of a body come before its parts, and what these are; raw: it has none.
struct Inside {
  std::size_t before;
  Kind kind;
};
Inside inside_of(const Part& part, ByteView body) {
  const std::uint8_t type = part.head.empty() ? 0 : part.head[0];
  if (part.kind == Kind::pdu && type == p_data) return {0, Kind::pdv};
  if (part.kind == Kind::pdu && (type == associate_rq || type == associate_ac) && body.size() >= associate_bytes) return {associate_bytes, Kind::item};
  if (part.kind == Kind::pdv && body.size() >= 2 && (body[1] & 1) != 0) return {2, Kind::element};
  if (part.kind == Kind::item && (type == 0x20 || type == 0x21) && body.size() >= 4) return {4, Kind::item};
  if (part.kind == Kind::item && type == 0x50) return {0, Kind::item};
  return {body.size(), Kind::raw};
}

void take_apart(Part& part, ByteView body) {
  const Inside inside = inside_of(part, body);
  part.value.assign(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(inside.before));
  if (inside.kind != Kind::raw) part.parts = parse_all(body.subspan(inside.before), inside.kind);
}

void write(const Part& part, Bytes& out) {
  const Form form = form_of(part.kind);
  append(out, part.head);
  const std::size_t length_at = out.size();
  out.resize(out.size() + form.length);
  const std::size_t begin = out.size();
  append(out, part.value);
  for (const Part& inner : part.parts) write(inner, out);
  Bytes length;
  append_number(length, part.pretended.value_or(static_cast<std::uint32_t>(out.size() - begin)), form.length, form.big_endian);
  std::copy(length.begin(), length.end(), out.begin() + static_cast<std::ptrdiff_t>(length_at));
}

// Changes

constexpr std::array<std::uint32_t, 16> lengths{0, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
constexpr std::array<std::uint8_t, 11> pdu_types{0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 0xff};
constexpr std::array<std::uint8_t, 16> item_types{0x10, 0x20, 0x21, 0x30, 0x40, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0};
constexpr std::array<std::uint16_t, 20> elements{0,      2,      3,      0x100,  0x110,  0x120,  0x600,  0x700,  0x800,  0x900,
                                                 0x901,  0x902,  0x903,  0x1000, 0x1001, 0x1002, 0x1008, 0x1020, 0x1030, 0x1031};
constexpr std::array<std::uint16_t, 28> numbers{0,      1,      2,      3,      7,      0x20,   0x30,   0x100,  0x101,  0x102,
                                                0x110,  0x112,  0x120,  0x122,  0x130,  0x140,  0x150,  0xfff,  0x8001, 0x8020,
                                                0x8030, 0x8100, 0x8130, 0xa700, 0xb000, 0xc000, 0xff00, 0xffff};

template <class List>
auto any_of(const List& list, Dice& dice) {
  return list[dice() % list.size()];
}

struct Place {
  std::vector<Part>* list;
  std::size_t at;
  Part& part() const { return (*list)[at]; }
};

void places_in(Part& part, std::vector<Place>& places) {
  for (std::size_t at = 0; at < part.parts.size(); ++at) {
    places.push_back({&part.parts, at});
    places_in(part.parts[at], places);
  }
}

void mutate_value(Bytes& value, std::size_t more, const MutateBytes& mutate) {
  if (value.empty() && more == 0) return;
  const std::size_t size = std::max<std::size_t>(value.size(), 1);  // the library writes into a byte even where none is
  value.resize(std::max(size, value.size() + more));
  value.resize(mutate(value.data(), size, value.size()));
}

// Something else of its kind that says what it is.
void change_head(Part& part, Dice& dice) {
  if (part.kind == Kind::pdu) part.head[0] = any_of(pdu_types, dice);
  if (part.kind == Kind::item) part.head[0] = any_of(item_types, dice);
  if (part.kind == Kind::pdv && part.value.size() >= 2) {
    if (dice() % 2 == 0)
      part.value[0] = static_cast<std::uint8_t>(dice() % 8);
    else
      part.value[1] = static_cast<std::uint8_t>(dice() % 4);
  }
  if (part.kind != Kind::element) return;
  const std::uint16_t element = any_of(elements, dice);
  part.head[2] = static_cast<std::uint8_t>(element);
  part.head[3] = static_cast<std::uint8_t>(element >> 8);
}

// A number where one is: of an element, or of the roles, results and sizes of an association.
void change_number(Part& part, Dice& dice) {
  if (part.value.size() < 2) return;
  const std::size_t at = part.kind == Kind::element ? 0 : dice() % (part.value.size() - 1);
  const std::uint16_t number = any_of(numbers, dice);
  part.value[at] = static_cast<std::uint8_t>(number);
  part.value[at + 1] = static_cast<std::uint8_t>(number >> 8);
}

// A fragment becomes two, each in a PDV of its own.
void split(const Place& place, Dice& dice) {
  Part& part = place.part();
  if (part.kind != Kind::pdv || part.value.size() < 2) return;
  Bytes body;
  for (const Part& inner : part.parts) write(inner, body);
  if (part.parts.empty()) body.assign(part.value.begin() + 2, part.value.end());
  const auto cut = static_cast<std::ptrdiff_t>(dice() % (body.size() + 1));
  Part first{Kind::pdv, {}, {part.value[0], static_cast<std::uint8_t>(part.value[1] & ~2u)}};
  Part second{Kind::pdv, {}, {part.value[0], part.value[1]}};
  first.value.insert(first.value.end(), body.begin(), body.begin() + cut);
  second.value.insert(second.value.end(), body.begin() + cut, body.end());
  part = std::move(second);
  place.list->insert(place.list->begin() + static_cast<std::ptrdiff_t>(place.at), std::move(first));
}

void change_order(const Place& place, std::vector<Place>& places, Dice& dice) {
  auto& list = *place.list;
  const auto at = list.begin() + static_cast<std::ptrdiff_t>(place.at);
  switch (dice() % 4) {
    case 0: list.insert(at, Part(*at)); break;
    case 1: list.erase(at); break;
    case 2: std::swap(*at, list[dice() % list.size()]); break;
    default: {  // another one of its kind, from anywhere
      const Part other = places[dice() % places.size()].part();
      if (other.kind == at->kind) list.insert(at, other);
    }
  }
}

void change(Part& whole, std::size_t more, Dice& dice, const MutateBytes& mutate) {
  std::vector<Place> places;
  places_in(whole, places);
  if (places.empty()) return mutate_value(whole.value, more, mutate);
  const Place place = places[dice() % places.size()];
  switch (dice() % 12) {
    case 0: case 1: case 2: return change_order(place, places, dice);
    case 3: case 4: return change_head(place.part(), dice);
    case 5: case 6: return change_number(place.part(), dice);
    case 7: return split(place, dice);
    case 8: place.part().pretended = any_of(lengths, dice); return;
    case 9: place.part().pretended.reset(); return;
    default: return mutate_value(place.part().value, more, mutate);
  }
}

}  // namespace

Part parse_stream(ByteView bytes) {
  Part whole;
  whole.parts = parse_all(bytes, Kind::pdu);
  return whole;
}

Bytes write_stream(const Part& whole) {
  Bytes out;
  write(whole, out);
  return out;
}

std::vector<Bytes> pdus_of(ByteView stream) {
  std::vector<Bytes> pdus;
  for (const Part& part : parse_stream(stream).parts) write(part, pdus.emplace_back());
  return pdus;
}

std::size_t mutate_stream(std::uint8_t* data, std::size_t size, std::size_t bytes_max, std::size_t choices, unsigned seed, const MutateBytes& mutate) {
  Dice dice(seed + 1);
  if (size <= choices || dice() % 10 == 0) return mutate(data, size, bytes_max);
  if (choices > 0 && dice() % 20 == 0) data[dice() % choices] = static_cast<std::uint8_t>(dice() >> 8);
  Part whole = parse_stream({data + choices, size - choices});
  for (unsigned changes = 1 + dice() % 3; changes > 0; --changes) change(whole, (bytes_max - size) / 4, dice, mutate);
  const Bytes changed = write_stream(whole);
  const std::size_t bytes = std::min(changed.size(), bytes_max - choices);
  std::copy_n(changed.begin(), bytes, data + choices);
  return choices + bytes;
}

}  // namespace sampan::fuzz
