// SPDX-License-Identifier: Apache-2.0
// Transformer: one walk through a data set that gathers what has to stand in other words. Private to transform*.cc.
//
// Threads: one.
// Fails:   as transform().
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dicom/cursor.h"
#include "dicom/spliced.h"
#include "dicom/transform.h"

namespace sampan::dicom {

inline constexpr std::uint32_t undefined_length = 0xffffffff;
inline constexpr std::uint64_t no_end = ~0ull;

inline Error unsafe(const char* why) { return fail(Errc::invalid, std::string("cannot be changed safely: ") + why); }

struct Element {
  std::uint64_t at = 0;  // of its header
  std::uint32_t tag = 0;
  std::uint32_t length = 0;
  std::uint32_t header_bytes = 8;
  std::string vr;  // as it says, or as the dictionary knows
  std::uint64_t value_at() const { return at + header_bytes; }
};

// How the elements of a level are encoded.
struct Level {
  bool implicit_vr = false;
  std::string character_set{};
};

class Transformer {
 public:
  Transformer(core::Payload& payload, bool implicit_vr, const Transform& wanted);

  Result<std::vector<Edit>> run(const ChangeNote& note);

 private:
  // A value of ours, until the place of its element was passed.
  struct Wanted {
    std::uint32_t tag;
    std::string vr;
    std::string value;
  };
  void want(std::uint32_t tag, const char* vr, const std::string& utf8);
  Status walk();
  Status top_element(const Element& element);
  void insert_missing(std::uint32_t before_tag, std::uint64_t at);
  Status change_own(const Element& element, bool& done);
  Status prefix(const Element& element);
  Result<Element> header(const Level& level);
  Status elements(std::uint64_t end, int depth, Level level);
  Status value(const Element& element, int depth, Level& level);
  Status sequence(const Element& element, std::uint64_t end, int depth, Level level);
  Status fragments();
  Status text(const Element& element, Level& level);
  Result<bool> is_sequence(const Element& element, const Level& level);
  Result<std::string> read_value(const Element& element);
  Result<Bytes> read_range(std::uint64_t at, std::uint64_t bytes);
  Status pass(std::uint64_t bytes);
  Status edit(std::uint64_t at, std::uint64_t removed, Bytes inserted);
  Status replace(const Element& element, std::string_view vr, std::string_view value, bool implicit_vr);
  Status lengthen(std::uint64_t at, std::uint32_t length, std::int64_t by);
  Status record(const ChangeNote& note);
  Status correct_lengths();
  Status afford(std::size_t bytes);

  core::Payload& payload_;
  Cursor cursor_;
  const Transform& wanted_;
  Level top_;
  std::vector<Wanted> missing_;
  std::vector<Edit> edits_;
  std::int64_t grown_ = 0;                           // by all edits so far
  std::map<std::uint32_t, Bytes> before_;            // changed elements of the top level, as they were
  std::map<std::uint16_t, std::int64_t> grown_in_;   // by group
  std::map<std::uint16_t, std::uint64_t> length_of_; // group -> where its length stands
  std::optional<std::uint64_t> length_to_end_;
  std::uint16_t group_ = 0;
  std::size_t spent_ = 0;
  // The Original Attributes Sequence that is there, or the place for one.
  std::optional<Element> originals_;
  std::uint64_t originals_end_ = no_end;
  std::uint64_t last_sequence_end_ = 0;
  std::int64_t originals_grown_ = 0;
};

}  // namespace sampan::dicom
